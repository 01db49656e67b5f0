"""Replays of decided runs against a change that is not saved."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models.functions import Now

from builder.models import Agent
from data.ids import new_id
from runs.models import Run
from teams.models import Team, User

if TYPE_CHECKING:
    from uuid import UUID


class ImpactStatus(models.TextChoices):
    ESTIMATING = "estimating"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class Impact(models.Model):
    """What a change would have done to the last decided runs of an agent.

    estimating (until someone confirms what it costs) -> running -> done (every run has its answer)
    estimating, running -> stopped (by a person, or because it cost what was confirmed)

    The answers are those of `Trial`s with the keys of its cases: those who ask the same have them too.
    """

    Status: TypeAlias = ImpactStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="impacts", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    status = models.CharField(max_length=10, choices=ImpactStatus.choices, default=ImpactStatus.ESTIMATING)
    changes: Any = models.JSONField(help_text="What would be saved: fields of an AgentChange.")
    costs = models.BooleanField(default=False, help_text="It asks a model that is paid for.")
    estimate_usd = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, help_text="Null where no price is known."
    )
    cap_usd = models.DecimalField(max_digits=12, decimal_places=6, null=True, help_text="What was confirmed.")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        team_id: UUID
        agent_id: UUID

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "id"], name="impact_team_key")]
        indexes = [
            # What was asked of this agent last?
            models.Index("agent", models.F("created_at").desc(), name="impact_newest_of_agent"),
            # Which are to be forgotten?
            models.Index(fields=["created_at"], name="impact_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id}: {self.status}"

    @property
    def subject(self) -> str:
        """As pages listen for it."""
        return f"impact:{self.pk}"


class ImpactCase(models.Model):
    """One decided run that is replayed. `before` is what it decided; the trial with `key` says what it would have."""

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    impact = models.ForeignKey(Impact, models.CASCADE, related_name="cases", db_constraint=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="+", db_constraint=False)
    key = models.CharField(max_length=64)
    before: Any = models.JSONField()

    if TYPE_CHECKING:
        impact_id: UUID
        run_id: UUID

    class Meta:
        ordering = ["id"]
        indexes = [
            # Which replays wait for this answer?
            models.Index(fields=["team", "key"], name="impactcase_of_key"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.key[:8]}"
