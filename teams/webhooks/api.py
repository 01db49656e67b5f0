"""The API of webhooks and their messages."""

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import Url, Words
from teams.keys.paging import Page, Paging, paginate
from teams.models import Delivery, Team, Webhook, WebhookFormat

from . import outbox, webhooks

router = Router()

EventName = Annotated[str, Field(json_schema_extra={"enum": list(outbox.EVENTS)})]
Events = Annotated[list[EventName], Field(min_length=1, max_length=100, description="Which events it is told of.")]


class WebhookIn(RequestBody):
    model_config = example(url="https://example.com/baton", events=["case.completed", "case.needs_input"])

    url: Url
    events: Events
    description: Words = ""
    format: Annotated[
        WebhookFormat, Field(description="`slack` sends sentences to the incoming webhook of a chat.")
    ] = WebhookFormat.JSON


class WebhookChanges(RequestBody):
    """What is left out stays as it is."""

    url: Url | None = None
    events: Events | None = None
    description: Words | None = None
    paused: Annotated[bool | None, Field(description="False also sends what waited in the meantime.")] = None


class WebhookOut(BaseModel):
    id: UUID
    url: Annotated[str, Field(description="Of a chat it is shortened.")]
    format: WebhookFormat
    description: str
    events: list[str]
    paused: bool
    gave_up: Annotated[bool, Field(description="Baton paused it, after too many failures.")]
    failures: Annotated[int, Field(description="Attempts in a row that failed.")]
    old_secret_until: Annotated[datetime | None, Field(description="Until then the secret before signs too.")]
    created_at: datetime


class NewWebhook(WebhookOut):
    secret: Annotated[str, Field(description="Cannot be read again. Empty for a chat.")]


class WebhookSecret(BaseModel):
    secret: Annotated[str, Field(description="Cannot be read again.")]
    old_secret_until: datetime | None


class DeliveryOut(BaseModel):
    id: Annotated[UUID, Field(description="Its `webhook-id`.")]
    webhook_id: UUID
    event: str
    body: Annotated[Any, Field(description="What is sent.")]
    status: Delivery.Status
    attempts: int
    next_attempt_at: Annotated[datetime | None, Field(description="Of one that waits.")]
    attempted_at: datetime | None
    answer_status: Annotated[int | None, Field(description="Of the last attempt, as `answer` and `error`.")]
    answer: Annotated[str, Field(description="The beginning of it.")]
    error: str
    created_at: datetime


@router.get("/webhooks", response=Page[WebhookOut], tags=["Webhooks"], summary="List webhooks, newest first")
def list_webhooks(request: KeyRequest, paging: Query[Paging]) -> Page[WebhookOut]:
    rows, cursor = paginate(_webhooks(request.auth.team), ["-created_at", "id"], paging)
    return Page[WebhookOut](items=[_out(row) for row in rows], next_cursor=cursor)


@router.post(
    "/webhooks", auth=TeamKey(Scope.ADMIN), response={201: NewWebhook}, tags=["Webhooks"], summary="Create a webhook"
)
def create_webhook(request: KeyRequest, wanted: WebhookIn) -> Answer[NewWebhook]:
    made, secret = webhooks.create_webhook(
        request.auth.team, wanted.url, wanted.events, wanted.description, format=wanted.format
    )
    made.refresh_from_db()
    return Answer(201, NewWebhook(**_out(made).model_dump(), secret=secret))


@router.get("/webhooks/{webhook_id}", response=WebhookOut, tags=["Webhooks"], summary="Read a webhook")
def get_webhook(request: KeyRequest, webhook_id: UUID) -> WebhookOut:
    return _out(get_row(_webhooks(request.auth.team), webhook_id))


@router.patch(
    "/webhooks/{webhook_id}",
    auth=TeamKey(Scope.ADMIN),
    response=WebhookOut,
    tags=["Webhooks"],
    summary="Change a webhook",
)
def change_webhook(request: KeyRequest, webhook_id: UUID, changes: WebhookChanges) -> WebhookOut:
    rows = _webhooks(request.auth.team)
    with transaction.atomic():
        row = get_row(rows.select_for_update(no_key=True), webhook_id)
        webhooks.change_webhook(
            row,
            row.url if changes.url is None else changes.url,
            row.events if changes.events is None else changes.events,
            row.description if changes.description is None else changes.description,
        )
        if changes.paused is not None:
            (webhooks.pause if changes.paused else webhooks.resume)(row)
    return _out(get_row(rows, webhook_id))


@router.delete(
    "/webhooks/{webhook_id}",
    auth=TeamKey(Scope.ADMIN),
    response={204: None},
    tags=["Webhooks"],
    summary="Delete a webhook and its log",
)
def delete_webhook(request: KeyRequest, webhook_id: UUID) -> Answer[None]:
    webhooks.delete(get_row(_webhooks(request.auth.team), webhook_id))
    return Answer(204, None)


@router.post(
    "/webhooks/{webhook_id}/secret",
    auth=TeamKey(Scope.ADMIN),
    response=WebhookSecret,
    tags=["Webhooks"],
    summary="Make a new secret",
)
def renew_webhook_secret(request: KeyRequest, webhook_id: UUID) -> WebhookSecret:
    """The old one signs beside it for 24 hours."""
    row = get_row(_webhooks(request.auth.team), webhook_id)
    secret = webhooks.renew_secret(row)
    return WebhookSecret(secret=secret, old_secret_until=row.old_secret_until)


@router.delete(
    "/webhooks/{webhook_id}/old-secret",
    auth=TeamKey(Scope.ADMIN),
    response={204: None},
    tags=["Webhooks"],
    summary="End the old secret at once",
)
def drop_old_webhook_secret(request: KeyRequest, webhook_id: UUID) -> Answer[None]:
    webhooks.drop_old_secret(get_row(_webhooks(request.auth.team), webhook_id))
    return Answer(204, None)


@router.post(
    "/webhooks/{webhook_id}/test",
    auth=TeamKey(Scope.ADMIN),
    response={202: DeliveryOut},
    tags=["Webhooks"],
    summary="Send a test",
)
def test_webhook(request: KeyRequest, webhook_id: UUID) -> Answer[DeliveryOut]:
    made = webhooks.ping(get_row(_webhooks(request.auth.team), webhook_id))
    return Answer(202, _delivery_out(get_row(_deliveries(request.auth.team), made.pk)))


class DeliveryFilters(Paging):
    status: Delivery.Status | None = None


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    response=Page[DeliveryOut],
    tags=["Webhooks"],
    summary="List the messages of a webhook, newest first",
)
def list_deliveries(request: KeyRequest, webhook_id: UUID, filters: Query[DeliveryFilters]) -> Page[DeliveryOut]:
    """They are kept for 30 days."""
    rows = get_row(_webhooks(request.auth.team), webhook_id).deliveries.all()
    if filters.status:
        rows = rows.filter(status=filters.status)
    found, cursor = paginate(rows, ["-created_at", "-id"], filters)
    return Page[DeliveryOut](items=[_delivery_out(row) for row in found], next_cursor=cursor)


@router.post(
    "/deliveries/{delivery_id}/resend",
    auth=TeamKey(Scope.ADMIN),
    response={202: DeliveryOut},
    tags=["Webhooks"],
    summary="Send a message again",
)
def resend_delivery(request: KeyRequest, delivery_id: UUID) -> Answer[DeliveryOut]:
    """Under the same id."""
    rows = _deliveries(request.auth.team)
    webhooks.resend(get_row(rows, delivery_id))
    return Answer(202, _delivery_out(get_row(rows, delivery_id)))


def _webhooks(team: Team) -> QuerySet[Webhook]:
    return team.webhooks.present()


def _deliveries(team: Team) -> QuerySet[Delivery]:
    return Delivery.objects.filter(team=team, webhook__deleted_at=None).select_related("webhook")


def _out(row: Webhook) -> WebhookOut:
    return WebhookOut(
        id=row.pk,
        url=row.url,
        format=WebhookFormat(row.format),
        description=row.description,
        events=row.events,
        paused=row.is_paused,
        gave_up=row.gave_up,
        failures=row.failures,
        old_secret_until=row.old_secret_until if len(row.sealed_secrets) > 1 else None,
        created_at=row.created_at,
    )


def _delivery_out(row: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=row.pk,
        webhook_id=row.webhook_id,
        event=row.event,
        body=json.loads(row.body),
        status=Delivery.Status(row.status),
        attempts=row.attempts,
        next_attempt_at=row.next_at if row.status == Delivery.Status.WAITING else None,
        attempted_at=row.attempted_at,
        answer_status=row.answer_status,
        answer=row.answer,
        error=row.error,
        created_at=row.created_at,
    )
