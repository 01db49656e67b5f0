"""A case: a piece of work, and the words it is found by."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from data.texts.signs import shown
from teams.models import Group, Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

from cases.queues.models import Queue


class CaseStatus(models.TextChoices):
    PENDING = "pending"
    IN_PROGRESS = "in_progress", "In progress"
    NEEDS_INPUT = "needs_input", "Needs input"
    POSTPONED = "postponed"
    COMPLETED = "completed"
    FAILED = "failed"


Status = CaseStatus
CLOSED = frozenset({Status.COMPLETED, Status.FAILED})
OPEN = frozenset(Status) - CLOSED


class Reason(models.TextChoices):
    """Why a case needs a person. The label is the sentence the page shows."""

    QUESTION = "question", "An agent has a question."
    APPROVAL = "approval", "An agent asks for approval."
    NO_OUTCOME = "no_outcome", "The agent stopped without deciding what happens to the case."
    AMBIGUOUS_HANDOVER = "ambiguous_handover", "The agent named several agents to hand over to, twice."
    INVALID_TARGET = "invalid_target", "The agent kept naming an agent it cannot hand over to."
    INCOMPLETE_HANDOVER = "incomplete_handover", "The agent could not give the next one what it needs."
    DECLINED = "declined", "The agents it was handed to declined it."
    REFUSED_CALL = "refused_call", "The agent kept repeating a call that was refused."
    TARGET_UNAVAILABLE = "target_unavailable", "The agent that should take over cannot take cases of this queue now."
    HOP_LIMIT = "hop_limit", "The case was handed over as often as its queue allows."
    LOOP = "loop", "Two agents kept handing the case to each other."
    RUN_LOST = "run_lost", "The run was interrupted too often."
    RUN_FAILED = "run_failed", "The run failed."
    RUN_STOPPED = "run_stopped", "Someone stopped the run."
    TAKEN_OVER = "taken_over", "A person has taken it over."
    WITH_PEOPLE = "with_people", "It is with people of the team."


# The clock notes within a second what it found late; moving or closing the case ends it.
_OVERDUE = ~Q(status__in=["completed", "failed"]) & (
    Q(overdue_at__isnull=False) | Q(done_missed=True) | Q(look_missed=True, looked_at=None)
)


class CaseQuerySet(models.QuerySet["Case"]):
    def present(self) -> "CaseQuerySet":
        """The cases that are not deleted."""
        return self.filter(deleted_at=None)

    def pending(self) -> "CaseQuerySet":
        return self.filter(status=Status.PENDING)

    def overdue(self) -> "CaseQuerySet":
        """The open cases that nobody of their group took in time, or that are past a goal of their queue."""
        return self.filter(_OVERDUE)


class Case(models.Model):
    """A work item.

    pending -> in_progress, postponed, needs_input, completed, failed
    in_progress -> pending (handed over, released), needs_input, postponed, completed, failed
    needs_input -> pending, in_progress (answered), needs_input (its run was stopped), postponed, completed, failed
    postponed -> pending (due), needs_input, completed, failed
    completed, failed -> pending (reopened by a person or the API)
    Besides, a person or the API may undo the last such act: the case is then where it was before.

    A case that a person has taken over, or that is with people, needs input with that reason, or is postponed by
    them; no agent gets it.

    Moved only by `cases.work.lifecycle`. `fence` rises with every move, so a move of a case as it was changes nothing.
    """

    class Priority(models.IntegerChoices):
        NONE = 0, "none"
        MEDIUM = 1, "medium"
        HIGH = 2, "high"

    class Rank(models.IntegerChoices):
        """What a pending case waits for, in the order of dispatch."""

        DUE = 0
        HANDED_OVER = 1
        NEW = 2

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="cases", db_constraint=False, db_index=False)
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="cases", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    data = models.JSONField(default=dict, blank=True, help_text="JSON, or plain text.")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NONE)
    labels = models.JSONField(default=list, blank=True)
    external_id = models.CharField(max_length=200, null=True, blank=True)
    external_digest = models.CharField(max_length=64, blank=True, help_text="Of the request that made the case.")

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)
    detail = models.TextField(blank=True, help_text="What the reason is about, in words; of a closed case, the result.")
    assignee = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="cases", db_constraint=False, db_index=False
    )
    worked_by = models.ForeignKey(
        Agent,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Who took it up last.",
    )
    taken_by = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="Who has taken it over from the agents, by name.",
    )
    owner = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The same, where it is a member.",
    )
    group = models.ForeignKey(
        Group,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The group it is with, or from which its owner has it.",
    )
    take_by = models.DateTimeField(null=True, blank=True, help_text="When someone of the group should have taken it.")
    overdue_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is known that nobody has.")
    look_by = models.DateTimeField(null=True, blank=True, help_text="Goal of its queue: when someone starts on it.")
    looked_at = models.DateTimeField(null=True, blank=True, help_text="When an agent or a person first did.")
    look_missed = models.BooleanField(default=False, db_default=False)
    done_by = models.DateTimeField(null=True, blank=True, help_text="Goal of its queue: when it is closed.")
    done_missed = models.BooleanField(default=False, db_default=False)
    rank = models.PositiveSmallIntegerField(choices=Rank.choices, default=Rank.NEW)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When a postponed case goes on.")
    hops = models.PositiveSmallIntegerField(default=0, help_text="Handovers since a person last acted.")
    fence = models.PositiveIntegerField(default=0)
    last_seq = models.PositiveIntegerField(default=0)
    is_watched = models.BooleanField(default=False, db_default=False, editable=False, help_text="Kept by a trigger.")
    created_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now(), help_text="When the status last changed.")
    deleted_at = models.DateTimeField(null=True, blank=True)

    # Of this instance: the user who had it before its last move.
    owned_before: int | None = None

    objects = CaseQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        queue_id: UUID
        assignee_id: UUID | None
        worked_by_id: UUID | None
        owner_id: int | None
        group_id: UUID | None

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="case_team_key"),
            models.UniqueConstraint(fields=["team", "number"], name="case_numbers_are_unique"),
            models.UniqueConstraint(
                fields=["queue", "external_id"], condition=Q(external_id__isnull=False), name="external_ids_are_unique"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="case_status_is_known"),
            models.CheckConstraint(condition=Q(reason="") | Q(reason__in=Reason.values), name="case_reason_is_known"),
            models.CheckConstraint(
                condition=(Q(status="needs_input") & ~Q(reason="")) | (~Q(status="needs_input") & Q(reason="")),
                name="only_a_case_that_needs_input_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="postponed", due_at__isnull=False) | (~Q(status="postponed") & Q(due_at=None)),
                name="only_a_postponed_case_is_due",
            ),
            models.CheckConstraint(
                condition=(Q(reason="taken_over") & ~Q(taken_by=""))
                | (Q(reason="with_people"))
                | (Q(status="postponed"))
                | (~Q(reason="taken_over") & Q(taken_by="", owner=None, group=None)),
                name="a_case_taken_over_says_by_whom",
            ),
        ]
        indexes = [
            # Which case of this queue goes next: of those that any consumer may take, and of those of one agent?
            models.Index(
                "queue",
                "rank",
                models.F("priority").desc(),
                "created_at",
                "id",
                condition=Q(status="pending", deleted_at=None, assignee=None),
                name="case_next_of_queue",
            ),
            models.Index(
                "queue",
                "assignee",
                "rank",
                models.F("priority").desc(),
                "created_at",
                "id",
                condition=Q(status="pending", deleted_at=None, assignee__isnull=False),
                name="case_next_of_agent",
            ),
            # Which postponed cases are due?
            models.Index(fields=["due_at"], condition=Q(status="postponed", deleted_at=None), name="case_due"),
            # Since when do the cases of this queue wait; how many did it complete each hour?
            models.Index(
                fields=["queue", "status", "moved_at"],
                condition=Q(status__in=["pending", "completed"], deleted_at=None),
                name="case_flow_of_queue",
            ),
            # The list of a team, newest first (with the time, so that an age is read from the index); with a status.
            models.Index(
                "team", models.F("number").desc(), "created_at", condition=Q(deleted_at=None), name="case_newest"
            ),
            models.Index(
                "team", "status", models.F("number").desc(), condition=Q(deleted_at=None), name="case_newest_by_status"
            ),
            # The list of a queue; its counts by status.
            models.Index(
                "queue", "status", models.F("number").desc(), condition=Q(deleted_at=None), name="case_of_queue"
            ),
            # The list of a team, last moved first; most urgent first, before those without a priority.
            models.Index(
                "team",
                models.F("moved_at").desc(),
                models.F("number").desc(),
                condition=Q(deleted_at=None),
                name="case_last_moved",
            ),
            models.Index(
                "team",
                models.F("priority").desc(),
                models.F("number").desc(),
                condition=Q(deleted_at=None, priority__gt=0),
                name="case_urgent",
            ),
            # The open ones of a team, most urgent first. As in the index above, most cases are in none of both.
            models.Index(
                "team",
                models.F("priority").desc(),
                models.F("number").desc(),
                condition=Q(
                    status__in=["pending", "in_progress", "needs_input", "postponed"], deleted_at=None, priority__gt=0
                ),
                name="case_urgent_open",
            ),
            # Those that need a person for a reason.
            models.Index(
                "team",
                "reason",
                models.F("number").desc(),
                condition=Q(status="needs_input", deleted_at=None),
                name="case_of_reason",
            ),
            # What an agent has or had: its own list, newest first.
            models.Index(
                "assignee",
                models.F("number").desc(),
                condition=Q(deleted_at=None, assignee__isnull=False),
                name="case_of_assignee",
            ),
            models.Index(
                "worked_by",
                models.F("number").desc(),
                condition=Q(deleted_at=None, worked_by__isnull=False),
                name="case_worked_by",
            ),
            # The cases that a member has; those of a group.
            models.Index(fields=["owner"], condition=Q(owner__isnull=False, deleted_at=None), name="case_of_owner"),
            models.Index(fields=["group"], condition=Q(group__isnull=False, deleted_at=None), name="case_of_group"),
            # Which should someone have taken by now?
            models.Index(
                fields=["take_by"],
                condition=Q(take_by__isnull=False, overdue_at=None, deleted_at=None),
                name="case_to_be_taken",
            ),
            # Which missed a goal of their queue, and no event says so yet?
            models.Index(
                fields=["look_by"],
                condition=Q(look_by__isnull=False, looked_at=None, look_missed=False, deleted_at=None),
                name="case_to_be_looked_at",
            ),
            models.Index(
                fields=["done_by"],
                condition=Q(done_by__isnull=False, done_missed=False, deleted_at=None)
                & ~Q(status__in=["completed", "failed"]),
                name="case_to_be_done",
            ),
            # Which cases of a team are overdue?
            models.Index(fields=["team"], condition=_OVERDUE & Q(deleted_at=None), name="case_overdue"),
            # The open cases of an agent.
            models.Index(
                fields=["assignee"],
                condition=Q(status__in=["pending", "in_progress", "needs_input", "postponed"]),
                name="case_open_of_agent",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {shown(self.title)}"

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED

    @property
    def is_overdue(self) -> bool:
        """Return whether the case is overdue, as `overdue` finds it."""
        is_unseen = self.look_missed and self.looked_at is None
        return not self.is_closed and (self.overdue_at is not None or self.done_missed or is_unseen)

    @property
    def missed_goals(self) -> list[str]:
        return [name for name, missed in (("first_look", self.look_missed), ("done", self.done_missed)) if missed]

    @property
    def holder(self) -> str:
        """Who has it, a member by their name of today; empty if no person does."""
        return str(self.owner) if self.owner else self.taken_by

    @property
    def is_with_people(self) -> bool:
        """A person has it, or it waits for one of a group or of the team to take it."""
        return bool(self.taken_by or self.group_id) or self.reason == Reason.WITH_PEOPLE
