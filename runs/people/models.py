"""What a run asks people, and the emails about it."""

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cases.models import Case, Notification
from teams.models import Member, Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

from runs.engine.models import Run


class HumanRequestQuerySet(models.QuerySet["HumanRequest"]):
    def open(self) -> "HumanRequestQuerySet":
        return self.filter(status=HumanRequest.Status.OPEN)

    def of_work(self) -> "HumanRequestQuerySet":
        """The requests to the team, without those of tries, which are for the person who tries."""
        return self.exclude(run__trigger=Run.Trigger.TRY)


class HumanRequestKind(models.TextChoices):
    QUESTION = "question"
    APPROVAL = "approval"


class HumanRequestStatus(models.TextChoices):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed", "Closed unanswered"


class HumanRequest(models.Model):
    """A question or an approval that a run waits for. Its answer becomes the result of the tool call that asked.

    open -> answered, closed (its run ended first; `closed_because` says why)
    """

    Kind: TypeAlias = HumanRequestKind  # noqa: UP040 - it is used as a class too
    Status: TypeAlias = HumanRequestStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="human_requests", db_constraint=False, db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="human_requests", db_constraint=False, db_index=False)
    call_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    tool = models.CharField(max_length=64, blank=True, help_text="Of an approval: the tool whose call waits for it.")
    question = models.TextField()
    details = models.TextField(blank=True, help_text="Of an approval: what would be done.")
    choices: Any = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    approved = models.BooleanField(null=True)
    answer = models.TextField(blank=True, help_text="Of an approval: the comment.")
    closed_because = models.CharField(max_length=300, blank=True)
    assignee = models.ForeignKey(
        Member,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="human_requests",
        db_constraint=False,
        db_index=False,
    )
    due_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True, help_text="When its due time comes near; empty once someone was told.")
    passed_on_at = models.DateTimeField(null=True, help_text="When it was due and went to another member.")
    answered_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)

    objects = HumanRequestQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        run_id: UUID
        assignee_id: int | None

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["run", "call_id"], name="one_request_per_call"),
            models.UniqueConstraint(fields=["team", "id"], name="human_request_team_key"),
        ]
        indexes = [
            # What waits for the team's people?
            models.Index(fields=["team", "created_at"], condition=Q(status="open"), name="human_request_open"),
            # What did the team's people answer, newest first?
            models.Index("team", models.F("answered_at").desc(), "id", name="human_request_answered"),
            # All that the team's people were asked, newest first.
            models.Index("team", models.F("created_at").desc(), "id", name="human_request_newest"),
            # Whose time is up?
            models.Index(
                fields=["due_at"],
                condition=Q(status="open", due_at__isnull=False, passed_on_at=None),
                name="human_request_due",
            ),
            # Whose time is nearly up?
            models.Index(
                fields=["remind_at"],
                condition=Q(status="open", remind_at__isnull=False),
                name="human_request_remind",
            ),
        ]

    def __str__(self) -> str:
        return self.question

    @property
    def fingerprint(self) -> str:
        """A fingerprint of what a person reads before deciding. It is sent along, so that nothing else is decided."""
        said = json.dumps([self.kind, self.tool, self.question, self.details, self.choices])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def length(self) -> str:
        """Return how much there is to read before an approval, in words."""
        lines = self.details.count("\n") + 1
        return f"{len(self.details):,} characters in {lines:,} line{'' if lines == 1 else 's'}"


class RequestEmail(models.Model):
    """An email to one member about a request, a case that goes to people, or a notification. Written in the transaction
    of what it tells, or when the mailer takes a notification up; sent by `mailer`.

    waiting -> sent, dropped (it had become needless), failed (refused for good, or after a day of attempts)
    """

    class Why(models.TextChoices):
        ASKED = "asked"
        GIVEN = "given"
        REMINDER = "reminder"
        PASSED_ON = "passed_on"
        NEWS = "news"
        NOT_TAKEN = "not_taken"

    class Status(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DROPPED = "dropped"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    request = models.ForeignKey(HumanRequest, models.CASCADE, null=True, related_name="emails", db_constraint=False)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="emails", db_constraint=False)
    notification = models.ForeignKey(Notification, models.CASCADE, null=True, related_name="+", db_constraint=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="+", db_constraint=False)
    why = models.CharField(max_length=10, choices=Why.choices)
    by = models.CharField(
        max_length=100, blank=True, help_text="Who gave it to the member, or why the member's reply was no answer."
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    next_at = models.DateTimeField(db_default=Now(), help_text="When it is sent, or tried again.")
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, help_text="Of the last attempt.")
    created_at = models.DateTimeField(db_default=Now())

    if TYPE_CHECKING:
        team_id: UUID
        request_id: UUID | None
        case_id: UUID | None
        notification_id: UUID | None
        member_id: int

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "sent", "dropped", "failed"]), name="request_email_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(request=None, case__isnull=False, notification=None)
                | Q(request__isnull=False, case=None, notification=None)
                | Q(request=None, case=None, notification__isnull=False),
                name="an_email_is_about_one_thing",
            ),
        ]
        # What is to be sent now?
        indexes = [models.Index(fields=["next_at"], condition=Q(status="waiting"), name="request_email_next")]

    def __str__(self) -> str:
        return f"{self.why} to {self.member_id}"
