"""Forms as sources: creating and changing them. The other verbs of sources are the same for all kinds."""

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from cases.models import Queue
from channels.models import Source
from channels.sources.sources import check_queue, check_room
from data.secrets import seal
from data.texts.text import plain_name
from teams.access import live
from teams.audit import audit
from teams.models import Team
from teams.webhooks.fresh_secrets import new_secret

from .form_settings import checked, form_settings


@dataclass(frozen=True)
class FormFields:
    """The fields that describe a form; `settings` has the shape of `form_settings`."""

    name: str
    queue: Queue
    settings: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def create_form(team: Team, fields: FormFields) -> Source:
    check_room(team)
    # The secret opens nothing, since a person who fills in a form proves nothing; the column needs one.
    source = Source(team=team, kind=Source.Kind.FORM, token=random.token_urlsafe(24), secret=seal(new_secret()))
    _write(source, fields)
    source.refresh_from_db()
    audit.record(team.pk, "source_created", source, audit.facts(Queue=fields.queue, Form=source.name))
    return source


@transaction.atomic
def change_form(source: Source, fields: FormFields) -> None:
    source = Source.objects.select_for_update(no_key=True).select_related("queue").get(pk=source.pk)
    before = _told(source)
    _write(source, fields)
    after = _told(source)
    if change := audit.changes([(name, old, after.get(name)) for name, old in before.items()]):
        audit.record(source.team_id, "source_changed", source, change)


def _write(source: Source, fields: FormFields) -> None:
    check_queue(fields.queue)
    source.name, source.queue = plain_name(fields.name, "name", 80), fields.queue
    source.settings = checked(fields.settings).model_dump()
    source.save()
    live.announce(source.team_id, "source", source.pk)


def _told(source: Source) -> dict[str, Any]:
    """Return what the audit log compares."""
    said = {name.replace("_", " ").capitalize(): value for name, value in form_settings(source).model_dump().items()}
    return {"Name": source.name, "Queue": source.queue.name, **said}
