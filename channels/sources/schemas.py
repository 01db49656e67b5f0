"""The shapes of sources in the API."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from pydantic import BaseModel, Field

from cases.imports.columns import Role
from channels.models import Arrival, Source
from teams.keys.api import RequestBody, example
from teams.keys.fields import Length, Name
from web.http.links import link_to

RoleName = Annotated[str, Field(json_schema_extra={"enum": list(Role.values)})]
Mapping = Annotated[
    dict[Annotated[str, Length(200, 1)], RoleName],
    Field(
        max_length=100,
        description="Roles by the way of a field in the message, as `ticket.subject`. Other fields get theirs by their"
        " names.",
    ),
]
Secret = Annotated[
    Annotated[str, Length(200)] | None,
    Field(description="Written, never read. Left out: one is created and shown once, or the present one stays."),
]


class SettingsIn(RequestBody):
    """What is left out stays as it is."""

    auth: Source.Auth | None = None
    mapping: Mapping | None = None
    secret: Secret = None


class SourceIn(RequestBody):
    model_config = example(
        queue_id="01a22f81-7a13-7205-847f-664300a54638",
        name="Shop",
        settings={"auth": "bearer", "mapping": {"order.subject": "title"}},
    )

    queue_id: UUID
    kind: Source.Kind = Source.Kind.HOOK
    name: Name
    settings: SettingsIn = SettingsIn()


class SourceChanges(RequestBody):
    """What is left out stays as it is."""

    queue_id: UUID | None = None
    name: Name | None = None
    paused: Annotated[bool | None, Field(description="While paused it answers 503, and senders try again.")] = None
    settings: SettingsIn = SettingsIn()


class SettingsOut(BaseModel):
    auth: Source.Auth
    mapping: dict[str, RoleName]


class SourceOut(BaseModel):
    id: UUID
    queue_id: UUID
    kind: Source.Kind
    name: str
    url: Annotated[str, Field(description="Where to send messages.")]
    paused: bool
    settings: SettingsOut
    last_received_at: datetime | None
    problems: Annotated[list[str], Field(description="Why it makes no cases now, in sentences.")]
    created_at: datetime


class NewSource(SourceOut):
    secret: Annotated[str, Field(description="Cannot be read again.")]


class ArrivalOut(BaseModel):
    id: UUID
    source_id: UUID
    at: datetime
    message_id: str | None
    status: Arrival.Status
    error: str | None
    case_id: UUID | None


def source_fields(source: Source, request: HttpRequest) -> dict[str, object]:
    return {
        "id": source.pk,
        "queue_id": source.queue_id,
        "kind": source.kind,
        "name": source.name,
        "url": link_to(reverse("hook", args=[source.token]), request),
        "paused": source.is_paused,
        "settings": source.settings,
        "last_received_at": source.last_received_at,
        "problems": source_problems(source),
        "created_at": source.created_at,
    }


def source_problems(source: Source) -> list[str]:
    """Return why the source makes no cases now."""
    found = ["It is paused."] if source.is_paused else []
    if source.queue.deleted_at:
        found.append(f"The queue {source.queue.name} has been deleted.")
    refused = source.arrivals.filter(status=Arrival.Status.REFUSED).count()
    if refused:
        found.append(f"{refused:,} message{'' if refused == 1 else 's'} made no case. Fix the fields and replay.")
    return found


def arrival_out(arrival: Arrival) -> ArrivalOut:
    return ArrivalOut(
        id=arrival.pk,
        source_id=arrival.source_id,
        at=arrival.at,
        message_id=arrival.message_id or None,
        status=Arrival.Status(arrival.status),
        error=arrival.error or None,
        case_id=arrival.case_id,
    )
