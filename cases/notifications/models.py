"""The notifications of members."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from cases.work.models import Case
from data.ids import new_id
from teams.models import Member, NotificationKind, Team

if TYPE_CHECKING:
    from uuid import UUID


class NotificationQuerySet(models.QuerySet["Notification"]):
    def unread(self) -> "NotificationQuerySet":
        """Return what the bell counts."""
        return self.filter(read_at=None, is_shown=True)

    def shown(self) -> "NotificationQuerySet":
        return self.filter(is_shown=True)


class Notification(models.Model):
    """One member is told of one thing. The row is written in the transaction of what it tells.

    Until it is read, further news of the same kind and subject are added to it: `count` says how many. `subject_id` is
    the case, the request or the check that it leads to, and `event` what happened last: see `texts`. What someone wants
    by email only is not shown; `email_at` is when the mailer takes it up.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    member = models.ForeignKey(
        Member, models.CASCADE, related_name="notifications", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=20, choices=NotificationKind.choices)
    subject_id = models.UUIDField()
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    run_id = models.UUIDField(null=True)
    event = models.CharField(max_length=30)
    actor = models.CharField(max_length=100, blank=True, help_text="Who did it, when it was a person or a program.")
    text = models.CharField(max_length=300, blank=True)
    count = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(db_default=Now(), help_text="Of the last that happened.")
    is_shown = models.BooleanField(default=True)
    email_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        member_id: int
        case_id: UUID | None
        agent_id: UUID | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="notification_team_key"),
            # Also serves: which notifications are needless, now that their subject is dealt with?
            models.UniqueConstraint(
                fields=["subject_id", "member", "kind"], condition=Q(read_at=None), name="one_unread_notification"
            ),
        ]
        indexes = [
            # What does the bell of a member count; what is read when they look at a case?
            models.Index(fields=["member", "is_shown"], condition=Q(read_at=None), name="notification_unread"),
            # The list of a member, newest first.
            models.Index("member", models.F("at").desc(), models.F("id").desc(), name="notification_newest"),
            # What is to be emailed? (few rows)
            models.Index(fields=["email_at"], condition=Q(email_at__isnull=False), name="notification_to_email"),
            # What is old enough to be forgotten?
            models.Index(fields=["at"], name="notification_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event} to {self.member_id}"
