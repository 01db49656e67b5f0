"""When an agent starts by itself."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from teams.models import Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

from runs.engine.models import Run


class Schedule(models.Model):
    """When an agent starts by itself. `runs.schedules.schedules` moves it on, one due time after the other."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="schedules", db_constraint=False)
    expression = models.CharField(max_length=100, help_text="Cron: minute, hour, day of month, month, day of week.")
    zone = models.CharField(max_length=64)
    input = models.TextField(blank=True)
    next_at = models.DateTimeField()
    last_due_at = models.DateTimeField(null=True)
    last_run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    obstacle = models.TextField(blank=True, help_text="Why nothing started the last time.")
    paused_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    if TYPE_CHECKING:
        team_id: UUID
        agent_id: UUID
        last_run_id: UUID | None

    class Meta:
        ordering = ["created_at"]
        # Serves the search for due schedules.
        indexes = [models.Index(fields=["next_at"], condition=Q(paused_at=None), name="schedule_next")]

    def __str__(self) -> str:
        return self.expression
