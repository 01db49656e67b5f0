"""A run: an agent working once, and the words it is found by."""

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils import timezone

from builder.models import Agent, Revision
from cases.models import Case, Queue
from teams.models import Team, User, new_id
from web.format.amounts import money

if TYPE_CHECKING:
    from uuid import UUID


MAX_LOSSES = 3


class RunStatus(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"


Status = RunStatus
LIVE = frozenset({Status.QUEUED, Status.RUNNING, Status.WAITING})
ENDED = frozenset(Status) - LIVE


class Outcome(models.TextChoices):
    ANSWERED = "answered"
    HANDED_OVER = "handed_over", "Handed over"
    CASE_COMPLETED = "case_completed", "Case completed"
    CASE_FAILED = "case_failed", "Case failed"
    CASE_POSTPONED = "case_postponed", "Case postponed"
    CASE_DECLINED = "case_declined", "Case declined"


# How a run stands in one word: its outcome, or its status when it has none.
STATE = Coalesce(NullIf("outcome", Value("")), "status")
# From the first moment of work to the end.
LENGTH = ExpressionWrapper(F("ended_at") - F("started_at"), models.DurationField())


class RunQuerySet(models.QuerySet["Run"]):
    def live(self) -> "RunQuerySet":
        return self.filter(status__in=LIVE)

    def running(self) -> "RunQuerySet":
        return self.filter(status=Status.RUNNING)

    def due(self) -> "RunQuerySet":
        """Queued, and not waiting for a retry."""
        return self.filter(status=Status.QUEUED, available_at__lte=Now())


class RunTrigger(models.TextChoices):
    MANUAL = "manual", "Started by hand"
    API = "api", "Started by the API"
    DISPATCH = "dispatch", "Given by the dispatcher"
    HANDOVER = "handover", "Handed over"
    TRY = "try", "Tried by hand"
    SCHEDULE = "schedule", "Started by a schedule"
    TEST = "test", "Run for a routing test"


# Nothing outside such a run changes, and nothing comes of it.
WITHOUT_EFFECT = frozenset({RunTrigger.TRY, RunTrigger.TEST})


class Run(models.Model):
    """One agent working once: on a case, or standalone.

    queued -> running, stopped, failed
    running -> waiting (a person), queued (released, lost, to be retried), completed, failed, stopped
    waiting -> queued (answered), failed, stopped
    completed, failed, stopped are final.

    Moved only by `runs.record.lifecycle` and `runs.record.claims`. A lease and the `fence` of a claim say who runs it;
    every write of a run says `where fence = mine`.
    """

    Trigger: TypeAlias = RunTrigger  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="runs", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="runs", db_constraint=False, db_index=False)
    revision = models.ForeignKey(Revision, models.CASCADE, related_name="runs", db_constraint=False, db_index=False)
    case = models.ForeignKey(
        Case, models.CASCADE, null=True, blank=True, related_name="runs", db_constraint=False, db_index=False
    )
    queue = models.ForeignKey(
        Queue, models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    case_fence = models.PositiveIntegerField(null=True, help_text="The case's fence while this run works it.")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children", db_constraint=False)
    root = models.ForeignKey("self", models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    hop = models.PositiveSmallIntegerField(default=0, help_text="Handovers before this run, standalone.")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    input = models.TextField(blank=True)
    sample: Any = models.JSONField(
        null=True, help_text="Of a try or a test: what it sees in the place of a case, as `samples` writes it."
    )

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    result = models.TextField(blank=True)
    truncated = models.BooleanField(
        default=False, db_default=False, help_text="The answer was cut off at the token limit, twice."
    )
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    stopped_by = models.CharField(max_length=100, blank=True, help_text="A person or an API key, as called then.")
    stopped_by_user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    stopped_because = models.CharField(max_length=300, blank=True, help_text="A sentence.")

    # Whom this run may hand over to: [{key, agent_id, name, description}], frozen at its first claim.
    targets: Any = models.JSONField(null=True)
    losses = models.PositiveSmallIntegerField(default=0, help_text="How often its worker was lost.")
    retries = models.PositiveSmallIntegerField(default=0, help_text="Model requests in a row that failed and may pass.")
    retried = models.PositiveSmallIntegerField(default=0, help_text="Model requests that failed and were made again.")
    available_at = models.DateTimeField(db_default=Now(), help_text="When a queued run may be claimed.")
    fence = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)  # in no index, so that renewing stays a HOT update

    claimed_at = models.DateTimeField(null=True, help_text="When the worker that has it took it up.")
    worked = models.DurationField(default=timedelta, help_text="By the workers that had it before: without its waits.")
    requests = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0, help_text="Of the tokens in, those the provider kept.")
    unpriced_requests = models.PositiveIntegerField(default=0, help_text="To models without a known price.")
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, default=None)

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Who said of a failed run that it needs no attention any more, and when.
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = RunQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        agent_id: UUID
        revision_id: UUID
        case_id: UUID | None
        queue_id: UUID | None
        parent_id: UUID | None
        root_id: UUID | None
        cost_usd: Decimal | None  # type: ignore[no-redef]

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="run_team_key"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(status__in=["queued", "running", "waiting"]), name="one_live_run_per_case"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="run_status_is_known"),
            models.CheckConstraint(
                condition=(Q(status="completed") & Q(outcome__in=Outcome.values))
                | (~Q(status="completed") & Q(outcome="")),
                name="only_a_completed_run_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(status="running", lease_until__isnull=False) | (~Q(status="running") & Q(lease_until=None)),
                name="exactly_running_runs_are_leased",
            ),
            models.CheckConstraint(
                condition=(Q(status="failed") & ~Q(error_code="")) | (~Q(status="failed") & Q(error_code="")),
                name="only_a_failed_run_has_an_error",
            ),
        ]
        indexes = [
            # Which run of each team goes next?
            models.Index(fields=["team", "available_at"], condition=Q(status="queued"), name="run_next"),
            # Which leases have lapsed, and which runs does this worker hold? (few rows: the running ones)
            models.Index(fields=["worker"], condition=Q(status="running"), name="run_running"),
            # How much does this agent work on in this queue?
            models.Index(
                fields=["agent", "queue"],
                condition=Q(status__in=["queued", "running", "waiting"]),
                name="run_live_of_agent",
            ),
            # Lists: of a team, of an agent, of a case; newest first.
            models.Index("team", models.F("created_at").desc(), "id", name="run_newest"),
            models.Index("agent", models.F("created_at").desc(), "id", name="run_newest_of_agent"),
            models.Index("case", "created_at", condition=Q(case__isnull=False), name="run_of_case"),
            models.Index(fields=["root"], condition=Q(root__isnull=False), name="run_of_root"),
            # Which of the team ended so, or stand so? (An outcome where there is one, else the status; see STATE.)
            models.Index("team", STATE, models.F("created_at").desc(), "id", name="run_newest_of_state"),
            # Which may need someone's attention?
            models.Index(
                "team",
                models.F("created_at").desc(),
                "id",
                condition=Q(status__in=["waiting", "failed"]),
                name="run_newest_troubled",
            ),
            # Which of those on no case has nobody seen?
            models.Index(
                "team",
                models.F("created_at").desc(),
                "id",
                condition=Q(status="failed", case=None, seen_at=None),
                name="run_newest_unseen",
            ),
            # Which were started so?
            models.Index("team", "trigger", models.F("created_at").desc(), "id", name="run_newest_of_trigger"),
            # Which are on no case?
            models.Index(
                "team", models.F("created_at").desc(), "id", condition=Q(case=None), name="run_newest_standalone"
            ),
            # Which took longest, and which cost most? Only those that ended, or have a price.
            models.Index(
                "team",
                LENGTH.desc(),
                "id",
                condition=Q(ended_at__isnull=False, started_at__isnull=False),
                name="run_longest",
            ),
            models.Index(
                "team",
                models.F("cost_usd").desc(),
                "id",
                condition=Q(cost_usd__isnull=False),
                name="run_most_expensive",
            ),
        ]

    def __str__(self) -> str:
        return f"run of {self.agent}"

    @property
    def is_live(self) -> bool:
        return self.status in LIVE

    @property
    def is_try(self) -> bool:
        """Whether a person looks at what the agent would do."""
        return self.trigger == Run.Trigger.TRY

    @property
    def is_test(self) -> bool:
        """Whether it answers a routing test: its first decision ends it."""
        return self.trigger == Run.Trigger.TEST

    @property
    def has_no_effect(self) -> bool:
        """Return whether the run changes nothing outside of itself, and nothing comes of it."""
        return self.trigger in WITHOUT_EFFECT

    @property
    def is_on_case(self) -> bool:
        """Return whether the run sees a case: one that it works, or in a try or a test a sample."""
        return self.case_id is not None or (self.sample or {}).get("mode") == "case"

    @property
    def in_hand_for(self) -> timedelta:
        """Return how long the worker has had a running run."""
        since = timezone.now() - self.claimed_at if self.claimed_at else timedelta()
        return max(since, timedelta())  # the database's clock may be ahead of ours

    @property
    def took(self) -> timedelta | None:
        """Return the time from the first moment of work to the end, with all waiting in between."""
        return self.ended_at - self.started_at if self.ended_at and self.started_at else None

    @property
    def cost(self) -> str:
        """Return the cost in words; empty for models without a known price."""
        return money(self.cost_usd)

    @property
    def attempt(self) -> int:
        return self.losses + 1


class RunWords(models.Model):
    """What a run is found by: the words of its agent's name, its case's title, its input, result and error.

    Written by triggers when the run begins and when it ends (migration run_words), beside the run, so that its moves
    touch no full-text index. For what the entries look like see `cases.search.search`.
    """

    run = models.OneToOneField(Run, models.CASCADE, primary_key=True, related_name="words", db_constraint=False)
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="run_words", fastupdate=False)]

    def __str__(self) -> str:
        return f"words of {self.run_id}"
