"""Corrections: people record that work went to the wrong agent."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from cases.models import Case
from data.ids import new_id
from runs.models import Run
from teams.models import Team, User

if TYPE_CHECKING:
    from uuid import UUID


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def standing(self) -> "CorrectionQuerySet":
        return self.filter(undone_at=None)


class Correction(models.Model):
    """Someone says that work went to the wrong agent, and which agent was the right one: `right`, or none for a person.

    It belongs to the handover of `source`, or without one to the first dispatch, that of `run`. `run` is what the wrong
    agent did, if it had begun.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+", db_constraint=False)
    source = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+", db_constraint=False)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+", db_constraint=False)
    wrong = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    right = models.ForeignKey(Agent, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    right_name = models.CharField(max_length=80, blank=True, help_text="As it was called then.")
    note = models.TextField(blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=100, blank=True)

    objects = CorrectionQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        case_id: UUID | None
        source_id: UUID | None
        run_id: UUID | None
        wrong_id: UUID
        right_id: UUID | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="correction_team_key"),
            models.UniqueConstraint(
                fields=["source"], condition=Q(undone_at=None, source__isnull=False), name="one_correction_per_handover"
            ),
            models.UniqueConstraint(
                fields=["run"], condition=Q(undone_at=None, source=None), name="one_correction_per_dispatch"
            ),
            models.CheckConstraint(
                condition=Q(source__isnull=False) | Q(run__isnull=False), name="a_correction_is_of_something"
            ),
        ]
        indexes = [
            # Serves the list of a team's corrections, newest first.
            models.Index(
                "team", models.F("created_at").desc(), "id", condition=Q(undone_at=None), name="correction_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wrong_id} should have been {self.right_name or 'a person'}"
