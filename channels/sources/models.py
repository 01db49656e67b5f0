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
        """Return the sources that are not deleted."""
        return self.filter(deleted_at=None)


class Source(models.Model):
    """Makes cases in a queue of what it receives. Paused, it refuses, and senders try again.

    `settings` are those of its kind. A hook's: `auth` (how senders prove who they are) and `mapping`, see `mapping.py`.
    A mailbox's are in `channels.mailboxes.mailbox_settings`, a form's in `channels.forms.form_settings`. Hooks and
    mailboxes may have those of `channels.email.email_settings`.
    """

    class Kind(models.TextChoices):
        HOOK = "hook"
        IMAP = "imap", "Mailbox (IMAP)"
        FORM = "form"

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
    # Of a mailbox: what was read of it so far, and how the last look at it went.
    state: Any = models.JSONField(default=dict, db_default={}, blank=True)
    look_at = models.DateTimeField(null=True, blank=True, help_text="When a mailbox is looked at next.")
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
            models.CheckConstraint(condition=Q(kind__in=["hook", "imap", "form"]), name="source_kind_is_known"),
        ]
        # Which mailboxes are to be looked at?
        indexes = [
            models.Index(
                fields=["look_at"], condition=Q(kind="imap", deleted_at=None, paused_at=None), name="source_to_look_at"
            )
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
    WAITING = "waiting"
    IGNORED = "ignored"
    ANSWERED = "answered"


class Arrival(models.Model):
    """One message that a source received, and what became of it.

    refused, ignored -> added, repeated (a person replayed it)
    waiting -> added, repeated, refused, ignored (its sender had sent too many at once)
    answered: a member's answer to an agent; the case is the one that the agent works on, if any
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
    sender = models.CharField(max_length=320, blank=True, default="", db_default="", help_text="Of an email.")
    original = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Where the storage keeps the email as it came."
    )
    # Of a hook's message: `{url, state, error}`, where the state is waiting, attached or failed.
    files: Any = models.JSONField(default=list, db_default=[], blank=True)
    files_at = models.DateTimeField(null=True, blank=True, help_text="When files are fetched, or tried again.")
    settled_at = models.DateTimeField(db_default=Now(), help_text="When it became what it is.")
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
                condition=Q(status__in=["added", "repeated", "refused", "waiting", "ignored", "answered"]),
                name="arrival_status_is_known",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=["refused", "waiting", "ignored"]) & Q(case=None))
                | (Q(status__in=["added", "repeated"]) & Q(case__isnull=False))
                | Q(status="answered"),
                name="only_what_made_no_case_has_none",
            ),
        ]
        indexes = [
            # The log of a source, newest first, and what of it is old enough to be forgotten.
            models.Index("source", models.F("at").desc(), models.F("id").desc(), name="arrival_newest"),
            models.Index(fields=["case"], name="arrival_of_case"),
            # How much of it made no case?
            models.Index(fields=["source"], condition=Q(status="refused"), name="arrival_refused"),
            # Which files are to be fetched?
            models.Index(fields=["files_at"], condition=Q(files_at__isnull=False), name="arrival_files"),
            # Which emails wait, and how many did this sender send within the hour?
            models.Index(fields=["source", "at"], condition=Q(status="waiting"), name="arrival_waiting"),
            models.Index(fields=["source", "sender", "settled_at"], condition=~Q(sender=""), name="arrival_of_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.status} by {self.source_id}"

    @property
    def is_email(self) -> bool:
        return bool(self.original)

    @property
    def message(self) -> Any:
        return json.loads(self.content)
