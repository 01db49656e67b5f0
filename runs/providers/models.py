"""How a model calls tools."""

from typing import TYPE_CHECKING, TypeAlias

from django.db import models

from teams.models import Team, new_id

if TYPE_CHECKING:
    from uuid import UUID


class CallStyle(models.TextChoices):
    AUTOMATIC = "automatic", "Automatic"
    NATIVE = "native", "Native"
    SCHEMA = "schema", "JSON schema"


class ToolCalling(models.Model):
    """How a team's agents have a model call its tools: as people chose, or as the last test of it found out.

    Without a row a model calls tools natively.
    """

    Style: TypeAlias = CallStyle  # noqa: UP040 - it is used as a class too

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    model = models.CharField(max_length=100, help_text="Its name, with its provider.")
    chosen = models.CharField(max_length=10, choices=CallStyle.choices, default=CallStyle.AUTOMATIC)
    found = models.CharField(max_length=10, choices=CallStyle.choices, default=CallStyle.NATIVE)

    if TYPE_CHECKING:
        team_id: UUID

    class Meta:
        verbose_name = "tool calling of a model"
        verbose_name_plural = "tool calling of models"
        constraints = [models.UniqueConstraint(fields=["team", "model"], name="one_tool_calling_per_model")]

    def __str__(self) -> str:
        return self.model

    @property
    def style(self) -> CallStyle:
        """Return what holds: native or schema."""
        return CallStyle(self.found if self.chosen == CallStyle.AUTOMATIC else self.chosen)
