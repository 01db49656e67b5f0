"""The API of sources, and of what they received."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from ninja import Query, Router
from ninja import Status as Answer

from channels.email import intake
from channels.email.email_settings import EmailSettings
from channels.forms.form_sources import FormFields, change_form, create_form
from channels.mailboxes.mailbox_sources import MailboxFields, change_mailbox, create_mailbox
from channels.models import Arrival, Source
from teams.keys.api import KeyRequest, Scope, TeamKey, get_row
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team

from . import sources
from .schemas import ArrivalOut, NewSource, SourceChanges, SourceIn, SourceOut, arrival_out, source_fields
from .sources import SourceFields

router = Router(tags=["Sources"])


@router.get("/sources", response=Page[SourceOut], summary="List sources, newest first")
def list_sources(request: KeyRequest, paging: Query[Paging]) -> Page[SourceOut]:
    rows, cursor = paginate(_sources(request.auth.team), ["-created_at", "-id"], paging)
    return Page[SourceOut](items=[_out(row, request) for row in rows], next_cursor=cursor)


@router.post("/sources", auth=TeamKey(Scope.ADMIN), response={201: NewSource}, summary="Create a source")
def create_source(request: KeyRequest, wanted: SourceIn) -> Answer[NewSource]:
    said = wanted.settings
    queue = get_row(request.auth.team.queues.live(), wanted.queue_id)
    if wanted.kind == Source.Kind.IMAP:
        mailbox = MailboxFields(wanted.name, queue, said.mailbox, **said.mailbox_secrets)
        return Answer(201, NewSource(**_shown(create_mailbox(request.auth.team, mailbox), request), secret=None))
    if wanted.kind == Source.Kind.FORM:
        made = create_form(request.auth.team, FormFields(wanted.name, queue, said.form))
        return Answer(201, NewSource(**_shown(made, request), secret=None))
    auth, email = said.auth or Source.Auth.SIGNATURE, EmailSettings(**said.email).model_dump()
    fields = SourceFields(wanted.name, queue, auth, said.mapping or {}, said.secret, email)
    made, secret = sources.create_source(request.auth.team, fields)
    return Answer(201, NewSource(**_shown(made, request), secret=secret))


@router.get("/sources/{source_id}", response=SourceOut, summary="Read a source")
def get_source(request: KeyRequest, source_id: UUID) -> SourceOut:
    return _out(get_row(_sources(request.auth.team), source_id), request)


@router.patch("/sources/{source_id}", auth=TeamKey(Scope.ADMIN), response=SourceOut, summary="Change a source")
def change_source(request: KeyRequest, source_id: UUID, changes: SourceChanges) -> SourceOut:
    rows, said = _sources(request.auth.team), changes.settings
    with transaction.atomic():
        row = get_row(rows.select_for_update(no_key=True, of=("self",)), source_id)
        queue = get_row(request.auth.team.queues.live(), changes.queue_id) if changes.queue_id else row.queue
        name = row.name if changes.name is None else changes.name
        if not {"queue_id", "name", "settings"} & changes.model_fields_set:
            pass
        elif row.kind == Source.Kind.IMAP:
            change_mailbox(row, MailboxFields(name, queue, row.settings | said.mailbox, **said.mailbox_secrets))
        elif row.kind == Source.Kind.FORM:
            change_form(row, FormFields(name, queue, row.settings | said.form))
        else:
            mapping = row.settings["mapping"] if said.mapping is None else said.mapping
            email = EmailSettings(**row.settings | said.email).model_dump()
            fields = SourceFields(name, queue, said.auth or row.settings["auth"], mapping, said.secret, email)
            sources.change_source(row, fields)
        if changes.paused is not None:
            (sources.pause if changes.paused else sources.resume)(row)
    return _out(get_row(rows, source_id), request)


@router.delete("/sources/{source_id}", auth=TeamKey(Scope.ADMIN), response={204: None}, summary="Delete a source")
def delete_source(request: KeyRequest, source_id: UUID) -> Answer[None]:
    sources.delete_source(get_row(_sources(request.auth.team), source_id))
    return Answer(204, None)


@router.get("/sources/{source_id}/messages", response=Page[ArrivalOut], summary="List what a source received")
def list_messages(request: KeyRequest, source_id: UUID, paging: Query[Paging]) -> Page[ArrivalOut]:
    source = get_row(_sources(request.auth.team), source_id)
    rows, cursor = paginate(Arrival.objects.filter(source=source).defer("content"), ["-at", "-id"], paging)
    return Page[ArrivalOut](items=[arrival_out(row) for row in rows], next_cursor=cursor)


@router.post(
    "/messages/{message_id}/replay",
    auth=TeamKey(Scope.ADMIN),
    response=ArrivalOut,
    summary="Try again what was refused",
)
def replay_message(request: KeyRequest, message_id: UUID) -> ArrivalOut:
    """With the queue and the mapping of now."""
    rows = Arrival.objects.filter(team=request.auth.team, source__deleted_at=None)
    arrival = get_row(rows, message_id)
    return arrival_out(intake.replay(arrival) if arrival.is_email else sources.replay(arrival))


def _sources(team: Team) -> QuerySet[Source]:
    return team.sources.present().select_related("queue")


def _out(source: Source, request: KeyRequest) -> SourceOut:
    return SourceOut(**_shown(source, request))


def _shown(source: Source, request: KeyRequest) -> dict[str, Any]:
    return source_fields(source, request)
