"""The messages between a case and its customer, in both directions."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from teams.models import Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

from cases.work.models import Case


class MessageDirection(models.TextChoices):
    IN = "in"
    OUT = "out"


class MessageStatus(models.TextChoices):
    WAITING_APPROVAL = "waiting_approval", "Waiting for approval"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class CaseMessage(models.Model):
    """One message that came in or goes out. A message in has no status.

    waiting_approval -> queued (a person approved it), gone (a person did not, or its run ended)
    queued -> sent, failed
    sent -> failed (it came back)
    failed -> queued (a person sends it again)

    Written in the transaction of what it tells; `channels.email.sending` sends what is queued.
    """

    Direction: TypeAlias = MessageDirection  # noqa: UP040 - it is used as a class too
    Status: TypeAlias = MessageStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="messages", db_constraint=False, db_index=False)
    direction = models.CharField(max_length=3, choices=Direction.choices)
    at = models.DateTimeField(db_default=Now(), help_text="When it came, or was written.")
    sender = models.CharField(max_length=320, blank=True)
    sender_name = models.CharField(max_length=200, blank=True)
    recipient = models.CharField(max_length=320, blank=True)
    reply_to = models.CharField(max_length=320, blank=True, help_text="Of one that came: where answers go.")
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True, help_text="Without the history that it quotes.")
    message_id = models.CharField(max_length=250, help_text="With its angle brackets. Long ones by their digest.")
    references: Any = models.JSONField(default=list, help_text="The ids of the messages before it, oldest first.")
    original = models.CharField(max_length=200, blank=True, help_text="Where the storage keeps the email as it came.")
    files: Any = models.JSONField(default=list, help_text="Ids of the case's files that go out with it.")
    status = models.CharField(max_length=20, choices=Status.choices, blank=True)
    source_id = models.UUIDField(null=True, help_text="Where it came in, or whose address it is sent from.")
    run_id = models.UUIDField(null=True, help_text="The run whose agent wrote it.")
    call_id = models.CharField(max_length=200, blank=True)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    actor = models.CharField(max_length=100, blank=True, help_text="The person or API key that wrote it.")
    approved_by = models.CharField(max_length=100, blank=True)
    approver = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    begun_at = models.DateTimeField(
        null=True, help_text="When the mail server got it. Until its answer is noted, nobody knows whether it took it."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now(), help_text="When it is sent, or tried again.")
    error = models.CharField(max_length=500, blank=True, help_text="Of the last attempt, or why it came back.")

    if TYPE_CHECKING:
        team_id: UUID
        case_id: UUID
        agent_id: UUID | None

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "message_id"], condition=Q(direction="in"), name="a_message_comes_once"
            ),
            models.UniqueConstraint(
                fields=["run_id", "call_id"], condition=Q(run_id__isnull=False), name="one_message_per_call"
            ),
            models.CheckConstraint(
                condition=(Q(direction="in") & Q(status=""))
                | (Q(direction="out") & Q(status__in=["waiting_approval", "queued", "sent", "failed"])),
                name="message_status_is_known",
            ),
        ]
        indexes = [
            # What a case and its customer wrote, in order.
            models.Index(fields=["case", "at"], name="message_of_case"),
            # Which of ours does an answer refer to, and which came back?
            models.Index(fields=["team", "message_id"], name="message_by_id"),
            # What is to be sent now?
            models.Index(fields=["next_at"], condition=Q(status="queued"), name="message_next"),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id

    @property
    def is_in(self) -> bool:
        return self.direction == MessageDirection.IN
