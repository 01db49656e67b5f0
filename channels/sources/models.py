"""Where work comes in, and what came."""

import json
import uuid
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cases.models import Case, Queue
from data.ids import new_id
from teams.models import Team


class SourceQuerySet(models.QuerySet["Source"]):
    def present(self) -> "SourceQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)


class Source(models.Model):
    """Makes cases in a queue of what it receives. Paused, it refuses, and senders try again.

    `settings` are those of its kind. A hook's: `auth` (how senders prove who they are) and `mapping`, see `mapping.py`.
    """

    class Kind(models.TextChoices):
        HOOK = "hook"

    class Auth(models.TextChoices):
        """How a sender of a hook proves who it is."""

        SIGNATURE = "signature", "Signature (Standard Webhooks)"
        BEARER = "bearer", "Bearer token"
        BASIC = "basic", "User name and password"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="sources")
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="+", db_constraint=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.HOOK)
    name = models.CharField(max_length=80)
    token = models.CharField(max_length=64, unique=True, help_text="The part of its address that cannot be guessed.")
    secret = models.TextField(help_text="Sealed.")
    settings: Any = models.JSONField(default=dict, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    last_received_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = SourceQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: uuid.UUID
        queue_id: uuid.UUID

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="source_team_key"),
            models.CheckConstraint(condition=Q(kind__in=["hook"]), name="source_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class ArrivalStatus(models.TextChoices):
    ADDED = "added"
    REPEATED = "repeated"
    REFUSED = "refused"


class Arrival(models.Model):
    """One message that a source received, and what became of it.

    refused -> added, repeated (a person replayed it)
    """

    Status: TypeAlias = ArrivalStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="arrivals", db_constraint=False, db_index=False)
    at = models.DateTimeField(db_default=Now())
    message_id = models.CharField(max_length=200, blank=True, help_text="The sender's own, if it gave one.")
    content = models.TextField(help_text="What came, as JSON, in its order.")
    status = models.CharField(max_length=10, choices=Status.choices)
    error = models.TextField(blank=True, help_text="Why no case was made of it.")
    case = models.ForeignKey(
        Case, models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )

    if TYPE_CHECKING:
        team_id: uuid.UUID
        source_id: uuid.UUID
        case_id: uuid.UUID | None

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["added", "repeated", "refused"]), name="arrival_status_is_known"
            ),
            models.CheckConstraint(
                condition=(Q(status="refused") & Q(case=None)) | (~Q(status="refused") & Q(case__isnull=False)),
                name="only_what_was_refused_has_no_case",
            ),
        ]
        indexes = [
            # The log of a source, newest first, and what of it is old enough to be forgotten.
            models.Index("source", models.F("at").desc(), models.F("id").desc(), name="arrival_newest"),
            models.Index(fields=["case"], name="arrival_of_case"),
            # How much of it made no case?
            models.Index(fields=["source"], condition=Q(status="refused"), name="arrival_refused"),
        ]

    def __str__(self) -> str:
        return f"{self.status} by {self.source_id}"

    @property
    def message(self) -> Any:
        return json.loads(self.content)
