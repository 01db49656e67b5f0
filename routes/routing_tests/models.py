"""Routing tests: where inputs should go."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from cases.models import Queue
from data.ids import new_id
from runs.models import Run
from teams.models import Team, User

if TYPE_CHECKING:
    from uuid import UUID


class TestSource(models.TextChoices):
    CORRECTION = "correction", "Correction"
    CASE = "case", "Case or run"
    TYPED = "typed", "Typed"
    IMPORTED = "imported", "Imported"
    API = "api", "API"


class TestMode(models.TextChoices):
    CASE = "case", "Case"
    STANDALONE = "standalone", "Standalone"


class RoutingTestManager(models.Manager["RoutingTest"]):
    """Without copies that were staged for one check."""

    def get_queryset(self) -> models.QuerySet["RoutingTest"]:
        return super().get_queryset().filter(staged_at=None)


class RoutingTest(models.Model):
    """Where one input should go. It belongs to the agent that decides.

    `sample` is what a run sees, with the prompt it gets, as `runs.opening.samples` writes it, and the calls that were
    recorded. `expected` are the decisions that pass.
    """

    Source: TypeAlias = TestSource  # noqa: UP040 - it is used as a class too
    Mode: TypeAlias = TestMode  # noqa: UP040

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="routing_tests", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="routing_tests", db_constraint=False, db_index=False)
    name = models.CharField(max_length=200)
    source = models.CharField(max_length=10, choices=TestSource.choices)
    mode = models.CharField(max_length=10, choices=TestMode.choices)
    queue = models.ForeignKey(
        Queue, models.CASCADE, null=True, related_name="+", db_constraint=False, help_text="In case mode."
    )
    sample: Any = models.JSONField()
    expected: Any = models.JSONField(help_text="Decisions.")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    correction = models.OneToOneField(
        "routes.Correction", models.SET_NULL, null=True, related_name="test", db_constraint=False
    )
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(null=True, help_text="Once a person has edited it, undoing leaves it.")
    staged_at = models.DateTimeField(null=True, help_text="Of a copy for one check: it guards nothing.")

    objects = RoutingTestManager()
    every = models.Manager["RoutingTest"]()

    if TYPE_CHECKING:
        team_id: UUID
        agent_id: UUID
        queue_id: UUID | None
        run_id: UUID | None
        correction_id: UUID | None

    class Meta:
        verbose_name = "test"
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="test_team_key"),
            models.CheckConstraint(
                condition=Q(mode="case", queue__isnull=False) | Q(mode="standalone", queue=None),
                name="a_test_in_case_mode_has_a_queue",
            ),
        ]
        indexes = [
            # Which tests guard the routes of this agent, newest first?
            models.Index("agent", models.F("created_at").desc(), "id", name="test_newest_of_agent"),
        ]

    def __str__(self) -> str:
        return self.name
