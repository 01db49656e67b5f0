"""Which queues an agent works, and which it may add cases to."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from builder.agents.models import Agent
from teams.models import Team

if TYPE_CHECKING:
    from uuid import UUID


class QueueConnection(models.Model):
    """Queue (Consumer): the agent works the queue's cases. Queue (Producer): it may add cases to the queue."""

    class Role(models.TextChoices):
        CONSUMER = "consumer", "Queue (Consumer)"
        PRODUCER = "producer", "Queue (Producer)"

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    agent = models.ForeignKey(
        Agent, models.CASCADE, related_name="queue_connections", db_constraint=False, db_index=False
    )
    queue = models.ForeignKey("cases.Queue", models.CASCADE, related_name="connections", db_constraint=False)
    role = models.CharField(max_length=10, choices=Role.choices)
    concurrency = models.PositiveSmallIntegerField(
        default=5, help_text="How many cases of this queue the agent works at once."
    )
    # When the dispatcher last gave it a case: of equally loaded consumers, the longest idle goes first.
    last_given_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        agent_id: UUID
        queue_id: UUID

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "queue", "role"], name="one_connection_per_role"),
            models.CheckConstraint(condition=Q(concurrency__gte=1, concurrency__lte=1000), name="concurrency_in_range"),
            models.CheckConstraint(condition=Q(role__in=["consumer", "producer"]), name="connection_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agent}: {self.get_role_display()} of {self.queue}"
