"""The verbs of webhooks."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.shortcuts import get_object_or_404
from django.utils import timezone

from data.errors import Refused
from data.network.addresses import check_url
from data.secrets import seal
from data.texts.text import one_line
from teams.audit import audit
from teams.models import Delivery, Team, Webhook, WebhookFormat

from . import chat, outbox
from .fresh_secrets import new_secret

LIMIT = 20
OVERLAP = timedelta(hours=24)


def webhook_or_404(team: Team, id: UUID) -> Webhook:
    return get_object_or_404(Webhook.objects.present(), team=team, pk=id)


def delivery_or_404(team: Team, id: UUID) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related("webhook"), team=team, pk=id, webhook__deleted_at=None)


@transaction.atomic
def create_webhook(
    team: Team,
    url: str,
    events: Collection[str],
    description: str = "",
    *,
    format: str = WebhookFormat.JSON,
) -> tuple[Webhook, str]:
    """The webhook and its secret, which cannot be read again. That of a chat is its address: nothing is signed."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if team.webhooks.present().count() >= LIMIT:
        raise Refused(f"A team may have {LIMIT} webhooks at most.", "too_many")
    secret = new_secret()
    webhook = Webhook.objects.create(
        team=team,
        **_address(check_url(url), WebhookFormat(format)),
        format=format,
        events=_checked(events),
        description=one_line(description, "description", 200, required=False),
        secret=seal(secret),
    )
    outbox.someone_listens(team.pk)
    audit.record(team.pk, "webhook_added", webhook, audit.facts(Events=webhook.events))
    return webhook, "" if webhook.is_chat else secret


@transaction.atomic
def change_webhook(webhook: Webhook, url: str, events: Collection[str], description: str = "") -> None:
    """What waits already goes to the new address. That of a chat stays if it is empty, or as pages show it."""
    before = (webhook.url, webhook.events, webhook.description)
    if not (webhook.is_chat and url in ("", webhook.url)):
        for name, value in _address(check_url(url), WebhookFormat(webhook.format)).items():
            setattr(webhook, name, value)
    webhook.events = _checked(events)
    webhook.description = one_line(description, "description", 200, required=False)
    webhook.save(update_fields=["url", "sealed_url", "events", "description"])
    after = (webhook.url, webhook.events, webhook.description)
    if change := audit.changes(zip(("Address", "Events", "Description"), before, after, strict=True)):
        audit.record(webhook.team_id, "webhook_changed", webhook, change)


@transaction.atomic
def renew_secret(webhook: Webhook) -> str:
    """A new secret. The old one signs too for a day, so that no message is refused while the receiver changes over."""
    secret = new_secret()
    until = timezone.now() + OVERLAP
    # In one statement: of two at once the second keeps the secret of the first, not the one before.
    Webhook.objects.filter(pk=webhook.pk).update(old_secret=F("secret"), old_secret_until=until, secret=seal(secret))
    webhook.refresh_from_db()
    audit.record(webhook.team_id, "webhook_changed", webhook, "A new secret; the one before holds for a day")
    return secret


@transaction.atomic
def drop_old_secret(webhook: Webhook) -> None:
    """Stop signing with the old secret at once, because someone else knows it."""
    if Webhook.objects.filter(pk=webhook.pk).exclude(old_secret="").update(old_secret="", old_secret_until=None):
        audit.record(webhook.team_id, "webhook_changed", webhook, "The old secret has ended")


@transaction.atomic
def pause(webhook: Webhook) -> None:
    """Nothing is sent; what happens is kept. The reverse is `resume`."""
    if Webhook.objects.active().filter(pk=webhook.pk).update(paused_at=Now(), gave_up=False):
        audit.record(webhook.team_id, "webhook_paused", webhook)


@transaction.atomic
def resume(webhook: Webhook) -> None:
    """Sends what waits, at once."""
    if Webhook.objects.filter(pk=webhook.pk, paused_at__isnull=False).exists():
        audit.record(webhook.team_id, "webhook_resumed", webhook)
    Webhook.objects.filter(pk=webhook.pk).update(paused_at=None, gave_up=False, failures=0, failing_since=None)
    waiting = Delivery.objects.filter(webhook=webhook, status=Delivery.Status.WAITING)
    waiting.filter(next_at__gt=Now()).update(next_at=Now())


@transaction.atomic
def delete(webhook: Webhook) -> None:
    """With its log and what was still to be sent."""
    Webhook.objects.filter(pk=webhook.pk).update(deleted_at=Now())
    Delivery.objects.filter(webhook=webhook).delete()
    audit.record(webhook.team_id, "webhook_deleted", webhook)


def ping(webhook: Webhook) -> Delivery:
    """Sends something without meaning, to see whether it arrives."""
    _refuse_paused(webhook)
    row = outbox.message(webhook, outbox.PING, {"webhook": {"id": str(webhook.pk)}})
    row.save(force_insert=True)
    return row


@transaction.atomic
def resend(delivery: Delivery) -> None:
    """Once more, with a day of attempts before it. The id stays, so a receiver knows it has seen it."""
    _refuse_paused(delivery.webhook)
    ended = Delivery.objects.filter(pk=delivery.pk).exclude(status=Delivery.Status.WAITING)
    if not ended.update(status=Delivery.Status.WAITING, next_at=Now(), attempts=0):
        Delivery.objects.filter(pk=delivery.pk).update(next_at=Now())  # it waits already: not any longer
    audit.record(delivery.team_id, "message_resent", f"{delivery.event} to {delivery.webhook}", of=delivery.webhook)


def _address(url: str, format: WebhookFormat) -> dict[str, str]:
    """The fields of an address. Anyone who knows that of a chat can write there, so it is sealed."""
    if format == WebhookFormat.SLACK:
        return {"url": chat.shortened(url), "sealed_url": seal(url)}
    return {"url": url, "sealed_url": ""}


def _refuse_paused(webhook: Webhook) -> None:
    if webhook.is_paused:
        raise Refused("This webhook is paused. Resume it first.", "webhook_paused")


def _checked(events: Collection[str]) -> list[str]:
    if not events:
        raise Refused("Choose at least one.", "invalid", {"events": "Choose at least one."})
    if unknown := sorted(set(events) - set(outbox.EVENTS)):
        raise Refused(f"There is no event {unknown[0]}.", "invalid", {"events": f"There is no event {unknown[0]}."})
    return [event for event in outbox.EVENTS if event in events]
