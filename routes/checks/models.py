"""Checks, which run routing tests, and what is known of every question already asked."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from data.ids import new_id
from routes.routing_tests.models import RoutingTest
from runs.models import Run
from teams.models import Team, User

if TYPE_CHECKING:
    from uuid import UUID


class CheckStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class Verdict(models.TextChoices):
    PASSING = "passing"
    BROKEN = "broken"
    FIXED = "fixed"
    FAILING = "failing"
    UNTESTED = "untested"
    VOID = "void"


class CheckQuerySet(models.QuerySet["Check"]):
    def open(self) -> "CheckQuerySet":
        return self.filter(status__in=[CheckStatus.QUEUED, CheckStatus.RUNNING])


class Check(models.Model):
    """All tests of the agents that a change concerns, run against the change and compared with what is live.

    queued -> running (its first test was taken up) -> done
    queued, running -> stopped (by a person, or because the agent or the team is gone)

    `waiting` is what is done when the check passes, as JSON: see `checks.going_live`. `fingerprint` stands for all that
    is asked and expected.
    """

    Status: TypeAlias = CheckStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="checks", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="checks", db_constraint=False, db_index=False)
    status = models.CharField(max_length=10, choices=CheckStatus.choices, default=CheckStatus.QUEUED)
    passed = models.BooleanField(null=True)
    fingerprint = models.CharField(max_length=64)
    waiting: Any = models.JSONField(null=True, help_text="What is done when it passes.")
    live_number = models.PositiveIntegerField(help_text="The live revision that it was compared with.")
    saved_number = models.PositiveIntegerField(null=True, help_text="The revision that went live by it.")
    applied_at = models.DateTimeField(null=True, help_text="When what waited was done.")
    note = models.CharField(max_length=300, blank=True, help_text="Why nothing went live although it passed.")
    told_at = models.DateTimeField(null=True, help_text="When a program that waited for it heard how it ended.")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = CheckQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        agent_id: UUID
        user_id: int | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="check_team_key"),
            models.CheckConstraint(condition=Q(status__in=CheckStatus.values), name="check_status_is_known"),
            models.CheckConstraint(
                condition=Q(status="done", passed__isnull=False) | (~Q(status="done") & Q(passed=None)),
                name="exactly_done_checks_have_passed_or_not",
            ),
        ]
        indexes = [
            # Which checks of an agent were the last?
            models.Index("agent", models.F("created_at").desc(), "id", name="check_newest_of_agent"),
            # Which are still going on? (few rows)
            models.Index(fields=["team"], condition=Q(status__in=["queued", "running"]), name="check_open"),
        ]

    def __str__(self) -> str:
        return f"check of {self.agent_id}"

    @property
    def is_open(self) -> bool:
        return self.status in (CheckStatus.QUEUED, CheckStatus.RUNNING)

    @property
    def is_applied(self) -> bool:
        return self.applied_at is not None or self.saved_number is not None


class CheckResult(models.Model):
    """One test of a check. `verdict` is empty until both decisions, of what is live and of the candidate, are known."""

    Verdict: TypeAlias = Verdict  # noqa: UP040 - it is used as a class too

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    check_of = models.ForeignKey(Check, models.CASCADE, related_name="results", db_constraint=False, db_index=False)
    test = models.ForeignKey(RoutingTest, models.CASCADE, related_name="results", db_constraint=False)
    before_key = models.CharField(max_length=64)
    after_key = models.CharField(max_length=64)
    # How often each side is asked.
    before_times = models.PositiveSmallIntegerField()
    after_times = models.PositiveSmallIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    before: Any = models.JSONField(null=True)
    after: Any = models.JSONField(null=True)
    run_ids: Any = ArrayField(models.UUIDField(), default=list)
    at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        check_of_id: UUID
        test_id: UUID

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["check_of", "test"], name="one_result_per_test")]
        indexes = [
            # Which of a check are not known yet? (few rows)
            models.Index(fields=["check_of"], condition=Q(verdict=""), name="result_open"),
        ]

    def __str__(self) -> str:
        return f"{self.test_id}: {self.verdict or 'not known yet'}"


class TrialStatus(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DECIDED = "decided"
    FAILED = "failed"


class Trial(models.Model):
    """One asking of one question: what is known under `key`, the hash of all that could change the answer.

    waiting -> running (it has a run) -> decided, failed (it could not be asked); failed -> waiting (a later check).
    """

    Status: TypeAlias = TrialStatus  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    key = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField(help_text="Of the repetition, from 1.")
    status = models.CharField(max_length=10, choices=TrialStatus.choices, default=TrialStatus.WAITING)
    question: Any = models.JSONField(help_text="What the run is made of; empty once it is decided.")
    run = models.ForeignKey(
        Run, models.SET_NULL, null=True, related_name="+", db_constraint=False, help_text="None where none was needed."
    )
    decision: Any = models.JSONField(null=True)
    why = models.TextField(blank=True, default="", db_default="", help_text="The reason that came with the decision.")
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    if TYPE_CHECKING:
        team_id: UUID
        agent_id: UUID
        run_id: UUID | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key", "number"], name="one_trial_per_question"),
            models.CheckConstraint(
                condition=(Q(status="decided") & Q(decision__isnull=False))
                | (~Q(status="decided") & Q(decision__isnull=True)),
                name="exactly_decided_trials_have_a_decision",
            ),
        ]
        indexes = [
            # What is to be asked next?
            models.Index(fields=["created_at", "id"], condition=Q(status="waiting"), name="trial_next"),
            # What is being asked? (few rows)
            models.Index(fields=["run"], condition=Q(status="running"), name="trial_running"),
        ]

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.number}: {self.status}"
