"""Where cases wait for agents, and the labels that they may have."""

from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from builder.models import Agent
from teams.models import Group, Team, new_id

if TYPE_CHECKING:
    from uuid import UUID


DEFAULT_HOP_LIMIT = 8


class QueueQuerySet(models.QuerySet["Queue"]):
    def live(self) -> "QueueQuerySet":
        return self.filter(deleted_at=None)


class Queue(models.Model):
    """Holds cases. A team has one named Default from the start."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="queues")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True)
    hop_limit = models.PositiveSmallIntegerField(
        default=DEFAULT_HOP_LIMIT,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="How often a case may be handed over before a person is asked to look at it.",
    )
    first_agent = models.ForeignKey(
        Agent,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Takes every case that is assigned to nobody, as long as it consumes the queue.",
    )
    default_priority = models.PositiveSmallIntegerField(
        choices=[(0, "none"), (1, "medium"), (2, "high")], default=0, help_text="Of new cases that say none."
    )
    data_schema: Any = models.JSONField(null=True, blank=True, help_text="A JSON Schema that new cases' data must fit.")
    first_look_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Goal: working minutes within which someone starts on a new case."
    )
    done_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Goal: working minutes within which a new case is closed."
    )
    hours_of = models.ForeignKey(
        Group,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="The goals count the working hours of this group; empty: around the clock.",
    )
    replies = models.BooleanField(
        default=False, db_default=False, help_text="Its agents may write to the customers of its cases."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = QueueQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        first_agent_id: UUID | None
        hours_of_id: UUID | None

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="queue_team_key"),
            models.UniqueConstraint(
                "team", Lower("name"), condition=Q(deleted_at=None), name="live_queue_names_are_unique"
            ),
            models.CheckConstraint(condition=Q(hop_limit__gte=1, hop_limit__lte=50), name="hop_limit_in_range"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class Label(models.Model):
    """The colour of a label. Cases have labels by name; a name that no row knows has a colour all the same."""

    class Colour(models.TextChoices):
        GREY = "grey"
        RED = "red"
        ORANGE = "orange"
        YELLOW = "yellow"
        GREEN = "green"
        TEAL = "teal"
        BLUE = "blue"
        INDIGO = "indigo"
        PURPLE = "purple"
        PINK = "pink"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)
    colour = models.CharField(max_length=10, choices=Colour.choices)

    if TYPE_CHECKING:
        team_id: UUID

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="labels_are_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dialog(self) -> str:
        """Return the id of the dialog that asks before the label is deleted."""
        return f"delete-{self.pk}"
