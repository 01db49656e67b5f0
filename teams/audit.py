"""The audit log: who did what to a team's people, keys, agents, settings and cases.

Written in the transaction of what it tells. Who acts is told once, by the page or operation that lets them in; a verb
that knows better says so.
"""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from django.db.models import Q, QuerySet

from .actors import BATON, Actor
from .models import AuditEntry, Team
from .text import harmless, storable

# Every act there is, in words.
ACTS = {
    "signed_in": "Signed in",
    "member_joined": "Joined the team",
    "member_role": "Changed a role",
    "member_removed": "Removed a member",
    "person_deactivated": "Deactivated somebody",
    "person_reactivated": "Let somebody in again",
    "member_left": "Left the team",
    "invited": "Invited somebody",
    "invitation_withdrawn": "Withdrew an invitation",
    "key_made": "Made an API key",
    "key_revoked": "Revoked an API key",
    "credential_added": "Added a key of a provider",
    "credential_changed": "Changed a key of a provider",
    "credential_deleted": "Deleted a key of a provider",
    "agent_made": "Made an agent",
    "agent_published": "Published a revision",
    "agent_paused": "Paused an agent",
    "agent_resumed": "Resumed an agent",
    "agent_deleted": "Deleted an agent",
    "agent_restored": "Restored an agent",
    "queue_deleted": "Deleted a queue",
    "case_moved": "Moved a case",
    "case_deleted": "Deleted a case",
    "run_stopped": "Stopped a run",
    "server_added": "Added an MCP server",
    "server_changed": "Changed an MCP server",
    "server_deleted": "Deleted an MCP server",
    "webhook_added": "Added a webhook",
    "webhook_changed": "Changed a webhook",
    "webhook_deleted": "Deleted a webhook",
    "settings_changed": "Changed settings",
}

_acting: ContextVar[Actor] = ContextVar("acting", default=BATON)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """What is recorded within was done by them."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def acts(actor: Actor) -> None:
    """From now on, until the `acting` around it ends."""
    _acting.set(actor)


def record(team_id: UUID, act: str, subject: object, change: str = "", *, by: Actor | None = None) -> None:
    """Inside the transaction of what was done."""
    assert act in ACTS
    actor = by or _acting.get()
    AuditEntry.objects.create(
        team_id=team_id,
        actor=actor.label[:254],
        user=actor.user,
        act=act,
        subject=storable(str(subject))[:254],
        change=storable(change)[:10_000],
    )


def find(team: Team, words: str = "", act: str = "") -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(team=team)
    if act in ACTS:
        found = found.filter(act=act)
    for word in words.replace("\x00", "").split()[:10]:
        found = found.filter(Q(actor__icontains=word) | Q(subject__icontains=word) | Q(change__icontains=word))
    return found


class _Line:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Lines of a table, the heads first."""
    writer = csv.writer(_Line())
    yield writer.writerow(["Time", "Who", "What", "Object", "Change"])
    for entry in entries:
        row = [
            entry.at.isoformat(),
            entry.actor or "Baton",
            ACTS.get(entry.act, entry.act),
            entry.subject,
            entry.change,
        ]
        yield writer.writerow([harmless(cell) for cell in row])
