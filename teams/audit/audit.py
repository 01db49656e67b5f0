"""The audit log: who did what to a team's people, keys, agents, settings and cases.

Written in the transaction of what it tells. Who acts is told once, by the page or operation that lets them in; a verb
that knows better says so. What belongs to no team is in the log of the installation, which operators read.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from data.texts.text import storable
from teams.models import AuditEntry, Member, Team, User
from web.format import spreadsheets

from .actors import BATON, Actor
from .acts import ACTS, of_area

_acting: ContextVar[Actor] = ContextVar("acting", default=BATON)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Record whatever is done inside as done by them."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def acts(actor: Actor) -> None:
    """From now on, until the `acting` around it ends."""
    _acting.set(actor)


def record(
    team_id: UUID | None,
    act: str,
    subject: object,
    change: str = "",
    *,
    by: Actor | None = None,
    of: Model | None = None,
) -> None:
    """Inside the transaction of what was done. `of`: the object it leads to, unless the subject is one itself."""
    assert act in ACTS
    actor = by or _acting.get()
    row = of or (subject if isinstance(subject, Model) else None)
    actor_id, actor_email = actor.identity
    AuditEntry.objects.create(
        team_id=team_id,
        actor=actor.label[:254],
        source=actor.source or (AuditEntry.Source.PERSON if actor.is_outside else AuditEntry.Source.BATON),
        user=actor.user,
        actor_id=actor_id,
        actor_email=actor_email,
        act=act,
        subject=storable(_named(subject))[:254],
        object_kind=row._meta.label_lower if row else "",
        object_id=str(row.pk) if row else "",
        change=storable(change)[:10_000],
    )


def _named(subject: object) -> str:
    """People by their address too, as names can be changed."""
    if isinstance(subject, User) and subject.get_full_name():
        return f"{subject} ({subject.email})"
    return str(subject)


def record_of_person(user: User, act: str, change: str = "", *, by: Actor | None = None) -> None:
    """Record an act in each of the person's teams, or in the installation's log if they have none."""
    teams: Sequence[UUID | None] = list(Member.objects.filter(user=user).values_list("team_id", flat=True))
    for team_id in teams or [None]:
        record(team_id, act, user, change, by=by)


def changes(facts: Iterable[tuple[str, Any, Any]]) -> str:
    """Return what differs, in a line for each: `Name: old → new`. Of long texts only that they changed."""
    return "\n".join(_line(label, old, new) for label, old, new in facts if old != new)


def facts(**said: Any) -> str:
    """Of something new: `Role: Viewer`, in a line for each that says something."""
    return "\n".join(f"{label.replace('_', ' ')}: {words}" for label, value in said.items() if (words := _words(value)))


def _line(label: str, old: Any, new: Any) -> str:
    before, after = _words(old), _words(new)
    if len(before) + len(after) > 400 or "\n" in before + after:
        return f"{label}: changed"
    return f"{label}: {before or '–'} → {after or '–'}"


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(_words, value)))
    return "" if value is None else str(value)


# --- Reading ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class AuditFilter:
    """What is asked for; empty fields ask for nothing. `who`: `person:ID`, `key:NAME`, `operator` or `baton`.

    `object`: `KIND:ID`, as entries have them. `until` is not included.
    """

    words: str = ""
    area: str = ""
    act: str = ""
    who: str = ""
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None


def find_entries(team: Team, wanted: AuditFilter) -> QuerySet[AuditEntry]:
    found = AuditEntry.objects.filter(team=team).select_related("user")
    if wanted.act in ACTS:
        found = found.filter(act=wanted.act)
    elif acts := of_area(wanted.area):
        found = found.filter(act__in=acts)
    if wanted.who:
        found = found.filter(_by(wanted.who))
    if wanted.object:
        kind, _, id = wanted.object.partition(":")
        found = found.filter(object_kind=kind[:40], object_id=id[:40])
    if wanted.since:
        found = found.filter(at__gte=wanted.since)
    if wanted.until:
        found = found.filter(at__lt=wanted.until)
    for word in wanted.words.split()[:10]:
        by = Q(actor__icontains=word) | Q(actor_email__icontains=word) | Q(user__email__icontains=word)
        found = found.filter(by | Q(subject__icontains=word) | Q(change__icontains=word))
    return found


def _by(who: str) -> Q:
    source, _, name = who.partition(":")
    if source == "person" and name.isascii() and name.isdecimal() and len(name) < 10:
        return Q(user=int(name))
    return Q(source=source, actor=f"API key {name}") if source == "key" else Q(source=source[:10])


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Lines of a table, the heads first."""
    yield spreadsheets.lines([["Time", "Who", "As", "What", "Object", "Id", "Change", "Email or key", "Who (id)"]])
    for entry in entries:
        row = [
            entry.at.isoformat(),
            entry.actor or "Baton",
            entry.get_source_display(),
            ACTS.get(entry.act, entry.act),
            entry.subject,
            entry.object_id,
            entry.change,
            entry.who_email,
            entry.who_id,
        ]
        yield spreadsheets.lines([row])
