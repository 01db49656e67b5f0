"""Addresses that are told of what happens, and the messages to them."""

import uuid
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from data.ids import new_id
from teams.people.models import Team


class WebhookFormat(models.TextChoices):
    JSON = "json", "Signed JSON"
    SLACK = "slack", "Slack message"


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def present(self) -> "WebhookQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)

    def active(self) -> "WebhookQuerySet":
        return self.present().filter(paused_at=None)


class Webhook(models.Model):
    """An address of a team that is told of what happens. Paused, it is still written for, and sent nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2000, help_text="Shortened where the address itself is a secret.")
    sealed_url = models.TextField(blank=True, default="", db_default="", help_text="The whole address, sealed.")
    format = models.CharField(
        max_length=10, choices=WebhookFormat.choices, default=WebhookFormat.JSON, db_default=WebhookFormat.JSON
    )
    description = models.CharField(max_length=200, blank=True)
    events: Any = models.JSONField(default=list, help_text="Names out of `outbox.EVENTS`.")
    secret = models.TextField(help_text="Sealed.")
    old_secret = models.TextField(blank=True, help_text="Sealed. Signs beside the new one until `old_secret_until`.")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    gave_up = models.BooleanField(default=False, help_text="Paused by Baton, after too many failures.")
    failures = models.PositiveIntegerField(default=0, help_text="Attempts in a row that failed.")
    failing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # Soft, and for a while: else a message just being written would name a row that is gone, and fail what it tells.
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: uuid.UUID

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["team", "id"], name="webhook_team_key")]

    def __str__(self) -> str:
        return self.url

    @property
    def is_chat(self) -> bool:
        """Its messages are sentences for people, and its address is a secret."""
        return self.format == WebhookFormat.SLACK

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def sealed_secrets(self) -> list[str]:
        """Those that sign, the newest first."""
        both = self.old_secret_until is not None and self.old_secret_until > timezone.now()
        return [self.secret, self.old_secret] if both else [self.secret]


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """One message to one webhook: the outbox, and its log.

    waiting -> delivered, failed (after a day of attempts)
    delivered, failed -> waiting (sent again by a person)

    Written in the transaction of what it tells. `body` is sent as it stands, so that its signature holds.
    """

    Status: TypeAlias = DeliveryStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False)
    event = models.CharField(max_length=40)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    next_at = models.DateTimeField(db_default=Now(), help_text="When it is sent, or sent again.")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    # Of the last attempt.
    attempted_at = models.DateTimeField(null=True)
    answer_status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True, help_text="The beginning of it.")
    error = models.TextField(blank=True)
    took_ms = models.PositiveIntegerField(null=True)

    if TYPE_CHECKING:
        team_id: uuid.UUID
        webhook_id: uuid.UUID

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "delivered", "failed"]), name="delivery_status_is_known"
            ),
        ]
        indexes = [
            # What is to be sent now?
            models.Index(fields=["webhook", "next_at"], condition=Q(status="waiting"), name="delivery_next"),
            # The log of a webhook, newest first.
            models.Index("webhook", models.F("created_at").desc(), models.F("id").desc(), name="delivery_newest"),
            # What is old enough to be forgotten?
            models.Index(fields=["created_at"], name="delivery_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id}"
