"""A run's request that another agent continues."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from builder.models import Agent
from data import rows
from teams.models import Group, Team, User

if TYPE_CHECKING:
    from uuid import UUID

from .models import Run


class HandoverStatus(models.TextChoices):
    RECORDED = "recorded"
    APPLIED = "applied"
    CANCELLED = "cancelled"


class HandoverQuerySet(models.QuerySet["Handover"]):
    def before(self, run: Run, earlier: "list[Handover] | None" = None) -> "Handover | None":
        """The handover that brought the run about; `earlier` are those of its case, if they are known."""
        if run.trigger != Run.Trigger.HANDOVER:
            return None
        if run.case_id is None:
            return self.filter(status=Handover.Status.APPLIED, next_run=run).first()
        earlier = Handover.applied(*rows.read(Handover.applied_on(run.case_id))) if earlier is None else earlier
        begun = [row for row in earlier if row.applied_at and row.applied_at <= run.created_at]
        return next((row for row in reversed(begun) if row.target_id == run.agent_id), None)


_APPLIED = """
    from runs_run run
    join runs_handover handover on handover.source_id = run.id
    join builder_agent source on source.id = handover.source_agent_id
    where run.case_id = %s and handover.status = 'applied'
    order by handover.applied_at
"""


class Handover(models.Model):
    """A run's request that another agent continues: recorded by the tool, applied when the run completes.

    That of a try stays recorded: it says what would have come, and starts nothing.
    """

    Status: TypeAlias = HandoverStatus  # noqa: UP040 - it is used as a class too

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    source = models.OneToOneField(Run, models.CASCADE, related_name="handover", db_constraint=False)
    # The source's agent, said again for the map: counting who handed to whom then reads no runs.
    source_agent = models.ForeignKey(
        Agent, models.CASCADE, related_name="handovers_out", db_constraint=False, db_index=False
    )
    target = models.ForeignKey(
        Agent, models.CASCADE, null=True, related_name="handovers_in", db_constraint=False, db_index=False
    )
    person = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    group = models.ForeignKey(Group, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    target_name = models.CharField(max_length=80, help_text="As it was called then.")
    reason = models.TextField()
    note = models.TextField(blank=True)
    fields: Any = models.JSONField(
        default=dict,
        db_default=Value({}, models.JSONField()),
        blank=True,
        help_text="What the target needed, by name.",
    )
    # Which sentence of the revision that ran sent it; none where that cannot be known.
    passage_start = models.PositiveIntegerField(null=True, help_text="In characters of the stored procedure.")
    passage_end = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECORDED)
    created_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)
    is_return = models.BooleanField(default=False, help_text="Straight back to whom it came from.")
    is_declined = models.BooleanField(default=False, db_default=False, help_text="The target declined the case.")
    # Standalone: the run it started. On a case, what came of it is the case's next run.
    next_run = models.OneToOneField(Run, models.SET_NULL, null=True, related_name="handover_in", db_constraint=False)

    objects = HandoverQuerySet.as_manager()

    if TYPE_CHECKING:
        source_id: UUID
        source_agent_id: UUID
        target_id: UUID | None
        group_id: UUID | None
        next_run_id: UUID | None

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["recorded", "applied", "cancelled"]), name="handover_status_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["target", "-created_at"], name="handover_newest_of_target"),
            # Which were the team's latest?
            models.Index(fields=["team", "-applied_at"], condition=Q(status="applied"), name="handover_newest"),
            # Who handed over to whom since then, and how often straight back?
            models.Index(
                fields=["team", "applied_at"],
                include=["source_agent", "target", "is_return", "is_declined"],
                condition=Q(status="applied"),
                name="handover_traffic",
            ),
            # Which were those of one agent to another, newest first?
            models.Index(
                fields=["source_agent", "target", "-applied_at"],
                condition=Q(status="applied"),
                name="handover_of_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"to {self.target_name}"

    @property
    def told(self) -> list[tuple[str, str]]:
        """The fields as people read them."""
        words = {True: "Yes", False: "No"}
        return [(name, words[it] if isinstance(it, bool) else str(it)) for name, it in self.fields.items()]

    @property
    def resulting_run(self) -> Run | None:
        """The run of the target that it led to, if it was applied and that has begun."""
        if self.source.case_id is None:
            return self.next_run
        later = Run.objects.filter(case=self.source.case_id, created_at__gt=self.source.created_at)
        run = later.order_by("created_at").first()
        return run if run and run.agent_id == self.target_id else None

    @staticmethod
    def applied_on(case_id: "UUID | None") -> rows.Joined:
        """Return the statement that reads the handovers of a case, oldest first, with the agents they came from. See
        `applied`.
        """
        return rows.Joined(_APPLIED, [case_id], {"handover": Handover, "source": Agent})

    @staticmethod
    def applied(found: "list[tuple[Handover, Agent]]") -> "list[Handover]":
        for handover, agent in found:
            handover.source_agent = agent
        return [handover for handover, _ in found]
