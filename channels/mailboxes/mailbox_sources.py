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
from data.secrets import seal, unseal
from data.texts.text import plain_name
from teams.access import live
from teams.audit import audit
from teams.models import Team

from .mailbox_settings import MailboxSettings, mailbox_settings
from .tokens import Grant

_MOST_SECRET = 10_000


@dataclass(frozen=True)
class MailboxFields:
    """What is said of a mailbox. `secret`: its password or token. `refresh_token` and `client_secret`: of one that
    signs in with OAuth. What is empty stays as it is.
    """

    name: str
    queue: Queue
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: str = ""
    refresh_token: str = ""
    client_secret: str = ""

    @property
    def has_secret(self) -> bool:
        return bool(self.secret or self.refresh_token or self.client_secret)


@transaction.atomic
def create_mailbox(team: Team, fields: MailboxFields) -> Source:
    check_room(team)
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
    changed += [("Secret", "the old one", "a new one")] if fields.has_secret else []
    if change := audit.changes(changed):
        audit.record(source.team_id, "source_changed", source, change)


def _write(source: Source, fields: MailboxFields) -> MailboxSettings:
    check_queue(fields.queue)
    said = mailbox_settings(fields.settings)
    old = source.settings
    source.secret = _sealed(source, said, fields)
    source.name, source.queue = plain_name(fields.name, "name", 80), fields.queue
    source.settings = said.model_dump()
    if any(old.get(name) != source.settings[name] for name in ("host", "port", "user", "folder")):
        source.state = {}  # another folder, whose messages have ids of their own
    source.look_at = Now()
    source.save()
    live.announce(source.team_id, "source", source.pk)
    return said


def _sealed(source: Source, said: MailboxSettings, fields: MailboxFields) -> str:
    """Return the secret of the mailbox, sealed. Refused where none is known for its way to sign in."""
    for name in ("secret", "refresh_token", "client_secret"):
        if len(getattr(fields, name)) > _MOST_SECRET:
            message = f"Use at most {_MOST_SECRET:,} characters."
            raise Refused(message, "invalid", {f"settings.{'password' if name == 'secret' else name}": message})
    is_new_server = bool(source.secret) and source.settings.get("host") != said.host
    if is_new_server and not fields.has_secret:
        # Otherwise an administrator could have the secret sent to a server of theirs.
        message = "Enter it again, since the server has changed."
        raise Refused(message, "invalid", {f"settings.{_main_secret(said)}": message})
    had_grant = source.settings.get("sign_in") == "oauth"
    if said.sign_in != "oauth":
        if not fields.secret and (had_grant or not source.secret):
            raise Refused("Enter the password or token.", "invalid", {"settings.password": "Required."})
        return seal(fields.secret) if fields.secret else source.secret
    is_same = had_grant and source.settings.get("token_url") == said.token_url
    if not fields.has_secret and not is_same:
        # Another server would get the secrets that were meant for the first.
        raise Refused("Enter the refresh token.", "invalid", {"settings.refresh_token": "Required."})
    known = Grant.model_validate_json(unseal(source.secret)) if is_same else Grant()
    refresh_token = fields.refresh_token or known.refresh_token
    # What was given for other settings is asked for again.
    grant = Grant(refresh_token=refresh_token, client_secret=fields.client_secret or known.client_secret)
    return seal(grant.model_dump_json())


def _main_secret(said: MailboxSettings) -> str:
    return "refresh_token" if said.sign_in == "oauth" else "password"


def _told(source: Source) -> dict[str, Any]:
    """Return what the audit log compares."""
    said = {name.replace("_", " ").capitalize(): value for name, value in source.settings.items()}
    return {"Name": source.name, "Queue": source.queue.name, **said}
