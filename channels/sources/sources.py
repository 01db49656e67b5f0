"""The verbs of sources: create, change, pause, delete, and take in what they receive."""

import base64
import json
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.shortcuts import get_object_or_404
from django.utils import timezone

from cases.imports.columns import Role
from cases.models import Case, Queue
from cases.work.creation import SomeRefused, add_cases
from data.errors import Refused
from data.secrets import seal, unseal
from data.texts.text import one_line, plain_name
from data.threads import BackgroundTask
from data.tidying import delete_old
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor
from teams.models import Team
from teams.webhooks.fresh_secrets import new_secret

from .mapping import ROLES, new_case, urls_of
from .models import Arrival, Source

LIMIT = 50
MOST_MAPPED = 100
KEEP = timedelta(days=30)
_LEAST_SECRET, _MOST_SECRET = 16, 200


@dataclass(frozen=True)
class SourceFields:
    """What is said of a hook. `secret`: None keeps the present one, or makes one. `mapping`: roles by part. `email`:
    how it takes emails in, see `channels.email.email_settings`; None keeps it as it is.
    """

    name: str
    queue: Queue
    auth: str = Source.Auth.SIGNATURE
    mapping: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = None
    email: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Message:
    """What a source received, its sender known. `id` is the sender's: the same one makes one case."""

    content: Any
    id: str = ""


def source_or_404(team: Team, id: UUID) -> Source:
    return get_object_or_404(Source.objects.present().select_related("queue"), team=team, pk=id)


@transaction.atomic
def create_source(team: Team, fields: SourceFields) -> tuple[Source, str]:
    """Return the source and its secret, which cannot be read again."""
    check_room(team)
    secret = fields.secret or new_secret()
    source = Source(team=team, token=random.token_urlsafe(24))
    _write(source, fields, secret)
    source.refresh_from_db()
    audit.record(team.pk, "source_created", source, audit.facts(Queue=fields.queue, Proof=fields.auth))
    return source, secret


def check_room(team: Team) -> None:
    """Refused where the team has as many sources as it can have. Its row is locked until the transaction ends."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if team.sources.present().count() >= LIMIT:
        raise Refused(f"A team can have at most {LIMIT} sources. Delete one first.", "too_many")


def check_queue(queue: Queue) -> None:
    if queue.deleted_at:
        message = "This queue has been deleted. Choose another one."
        raise Refused(message, "invalid", {"queue_id": message})


@transaction.atomic
def change_source(source: Source, fields: SourceFields) -> None:
    source = Source.objects.select_for_update(no_key=True).select_related("queue").get(pk=source.pk)
    before = _told(source)
    _write(source, fields, fields.secret)
    changed = [(name, old, _told(source)[name]) for name, old in before.items()]
    changed += [("Secret", "the old one", "a new one")] if fields.secret else []
    if change := audit.changes(changed):
        audit.record(source.team_id, "source_changed", source, change)


@transaction.atomic
def renew_secret(source: Source) -> str:
    """Return the new secret, which cannot be read again. The old one ends at once."""
    secret = new_secret()
    Source.objects.filter(pk=source.pk).update(secret=seal(secret))
    audit.record(source.team_id, "source_changed", source, audit.changes([("Secret", "the old one", "a new one")]))
    live.announce(source.team_id, "source", source.pk)
    return secret


@transaction.atomic
def pause(source: Source) -> None:
    if Source.objects.filter(pk=source.pk, paused_at=None).update(paused_at=Now()):
        audit.record(source.team_id, "source_paused", source)
        live.announce(source.team_id, "source", source.pk)


@transaction.atomic
def resume(source: Source) -> None:
    if Source.objects.filter(pk=source.pk).exclude(paused_at=None).update(paused_at=None):
        audit.record(source.team_id, "source_resumed", source)
        live.announce(source.team_id, "source", source.pk)


@transaction.atomic
def delete_source(source: Source) -> None:
    """Delete the source. Its address leads nowhere from now on, and its cases stay."""
    if Source.objects.present().filter(pk=source.pk).update(deleted_at=Now(), paused_at=None):
        audit.record(source.team_id, "source_deleted", source)
        live.announce(source.team_id, "source", source.pk)


def _write(source: Source, fields: SourceFields, secret: str | None) -> None:
    check_queue(fields.queue)
    source.name = plain_name(fields.name, "name", 80)
    source.queue = fields.queue
    kept = {name: value for name, value in source.settings.items() if name not in ("auth", "mapping")}
    source.settings = {"auth": _auth(fields.auth), "mapping": _mapping(fields.mapping), **(fields.email or kept)}
    if secret:
        source.secret = seal(_secret(secret, fields.auth))
    # A secret that was kept may have been chosen for another kind of proof.
    elif fields.auth == Source.Auth.SIGNATURE:
        _secret(unseal(source.secret), fields.auth)
    source.save()
    live.announce(source.team_id, "source", source.pk)


def _auth(auth: str) -> str:
    if auth not in Source.Auth.values:
        message = f"Use one of {', '.join(Source.Auth.values)}."
        raise Refused(message, "invalid", {"settings.auth": message})
    return auth


def _secret(secret: str, auth: str) -> str:
    message = ""
    if not _LEAST_SECRET <= len(secret) <= _MOST_SECRET or not secret.isascii() or not secret.isprintable():
        message = f"Use {_LEAST_SECRET} to {_MOST_SECRET} letters, digits and signs of ASCII."
    elif auth == Source.Auth.SIGNATURE and not _is_signing_key(secret):
        message = "A secret for signatures is “whsec_” and Base64. Leave it empty to have one created."
    if message:
        raise Refused(message, "invalid", {"settings.secret": message})
    return secret


def _is_signing_key(secret: str) -> bool:
    try:
        return secret.startswith("whsec_") and bool(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def _mapping(mapping: Mapping[str, str]) -> dict[str, str]:
    message = ""
    if len(mapping) > MOST_MAPPED:
        message = f"Map at most {MOST_MAPPED} fields."
    elif unknown := [role for role in mapping.values() if role not in dict(ROLES)]:
        message = f"“{unknown[0][:40]}” is not a role. Use {', '.join(dict(ROLES))}."
    else:
        for role in (Role.TITLE, Role.PRIORITY, Role.LABELS, Role.EXTERNAL_ID):
            if list(mapping.values()).count(role) > 1:
                message = f"Only one field can be the {role.label.lower()}."
    if message:
        raise Refused(message, "invalid", {"settings.mapping": message})
    return {one_line(name, "settings.mapping", 200): role for name, role in mapping.items()}


def _told(source: Source) -> dict[str, Any]:
    """Return what the audit log compares."""
    mapping = "; ".join(f"{name} is {role}" for name, role in source.settings["mapping"].items())
    return {"Name": source.name, "Queue": source.queue.name, "Proof": source.settings["auth"], "Fields": mapping}


# --- What comes in ---------------------------------------------------------------------------


@transaction.atomic
def receive(source: Source, message: Message) -> Arrival:
    """Make a case of the message, or note why none can be made. The same message makes one case, also at once."""
    arrival = Arrival(
        team_id=source.team_id,
        source=source,
        content=json.dumps(message.content, ensure_ascii=False),
        message_id=message.id[:200],
    )
    _settle(source, arrival)
    Source.objects.filter(pk=source.pk).update(last_received_at=Now())
    live.announce(source.team_id, "source", source.pk)
    return arrival


@transaction.atomic
def replay(arrival: Arrival) -> Arrival:
    """Try again what was refused, with the mapping of now."""
    arrival = Arrival.objects.select_for_update(no_key=True).get(pk=arrival.pk)
    if arrival.status != Arrival.Status.REFUSED:
        raise Refused("This message has a case already.", "has_case")
    source = Source.objects.select_related("queue", "team").get(pk=arrival.source_id)
    _settle(source, arrival)
    audit.record(source.team_id, "message_replayed", source, audit.facts(Outcome=arrival.status))
    live.announce(source.team_id, "source", source.pk)
    return arrival


def _settle(source: Source, arrival: Arrival) -> None:
    """Write what becomes of the message. A refused case leaves nothing else behind."""
    try:
        # A savepoint: when the case is refused, the arrival is still written, and nothing else.
        with transaction.atomic():
            case, is_new = _add(source, arrival)
    except Refused as refusal:
        arrival.status, arrival.case, arrival.error = Arrival.Status.REFUSED, None, reason_of(refusal)
    else:
        arrival.status = Arrival.Status.ADDED if is_new else Arrival.Status.REPEATED
        arrival.case, arrival.error = case, ""
        if is_new and (urls := urls_of(arrival.message, source.settings["mapping"])):
            arrival.files, arrival.files_at = [{"url": url, "state": "waiting", "error": ""} for url in urls], Now()
    arrival.save()


def _add(source: Source, arrival: Arrival) -> tuple[Case, bool]:
    queue = Queue.objects.get(pk=source.queue_id)
    if queue.deleted_at:
        raise Refused(f"The queue {queue.name} has been deleted. Choose another one for this source.", "invalid")
    new = new_case(arrival.message, source.settings["mapping"], f"Message from {source.name}")
    external_id = new.external_id or arrival.message_id
    if external_id and (known := Case.objects.filter(queue=queue, external_id=external_id).first()):
        # The sender repeats a message: what it says differently, if anything, is in the log.
        return known, False
    try:
        [made] = add_cases(queue, [replace(new, external_id=external_id or None)], by=Actor(f"Source {source.name}"))
    except SomeRefused as refused:
        raise refused.items[0] from None
    return made


def reason_of(refusal: Refused) -> str:
    fields = "; ".join(f"{name}: {words}" for name, words in refusal.fields.items() if name)
    return fields or refusal.message


def background_task() -> BackgroundTask:
    """Return the clock's task, which has nothing to do but to tidy up."""
    return BackgroundTask("sources", tidy=forget_old)


def forget_old() -> bool:
    """Delete what came more than thirty days ago."""
    return delete_old(Arrival.objects.filter(at__lt=timezone.now() - KEEP))
