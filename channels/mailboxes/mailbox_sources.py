"""Mailboxes as sources: creating and changing them. The other verbs of sources are the same for all kinds."""

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from cases.models import Queue
from channels.models import Source
from channels.sources.sources import check_queue, check_room
from data.errors import Refused
from data.secrets import seal
from data.texts.text import plain_name
from teams.access import live
from teams.audit import audit
from teams.models import Team

from .mailbox_settings import MailboxSettings, mailbox_settings

_MOST_SECRET = 10_000


@dataclass(frozen=True)
class MailboxFields:
    """What is said of a mailbox. `secret`: its password or token; empty keeps the present one."""

    name: str
    queue: Queue
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: str = ""


@transaction.atomic
def create_mailbox(team: Team, fields: MailboxFields) -> Source:
    check_room(team)
    if not fields.secret:
        raise Refused("Enter the password or token.", "invalid", {"settings.password": "Required"})
    source = Source(team=team, kind=Source.Kind.IMAP, token=random.token_urlsafe(24))
    said = _write(source, fields)
    source.refresh_from_db()
    audit.record(
        team.pk, "source_created", source, audit.facts(Queue=fields.queue, Mailbox=f"{said.user}, {said.host}")
    )
    return source


@transaction.atomic
def change_mailbox(source: Source, fields: MailboxFields) -> None:
    source = Source.objects.select_for_update(no_key=True).select_related("queue").get(pk=source.pk)
    before = _told(source)
    _write(source, fields)
    changed = [(name, old, _told(source).get(name)) for name, old in before.items()]
    changed += [("Secret", "the old one", "a new one")] if fields.secret else []
    if change := audit.changes(changed):
        audit.record(source.team_id, "source_changed", source, change)


def _write(source: Source, fields: MailboxFields) -> MailboxSettings:
    check_queue(fields.queue)
    if len(fields.secret) > _MOST_SECRET:
        message = f"Use at most {_MOST_SECRET:,} characters."
        raise Refused(message, "invalid", {"settings.password": message})
    said = mailbox_settings(fields.settings)
    old = source.settings
    source.name, source.queue = plain_name(fields.name, "name", 80), fields.queue
    source.settings = said.model_dump()
    if fields.secret:
        source.secret = seal(fields.secret)
    if any(old.get(name) != source.settings[name] for name in ("host", "port", "user", "folder")):
        source.state = {}  # another folder, whose messages have ids of their own
    source.look_at = Now()
    source.save()
    live.announce(source.team_id, "source", source.pk)
    return said


def _told(source: Source) -> dict[str, Any]:
    """Return what the audit log compares."""
    said = {name.replace("_", " ").capitalize(): value for name, value in source.settings.items()}
    return {"Name": source.name, "Queue": source.queue.name, **said}
