"""What a run has done so far."""

from typing import Any, TypeAlias

from django.db import models
from django.db.models.functions import Now

from runs.engine.models import Run
from teams.models import Team


class StepKind(models.TextChoices):
    PROMPT = "prompt"
    RESPONSE = "response"
    TOOL_RESULT = "tool_result"
    NOTE = "note"
    INTENT = "intent"


class Step(models.Model):
    """One persisted entry of a run. Append-only; a run that is taken up again goes on from the last one.

    prompt: {instructions, prompt, mark}. response: pydantic-ai's ModelResponse as JSON. tool_result: {tool, call_id,
    content, ok}. intent: {tool, call_id}, before a call whose effect is elsewhere. note: {text}, of the runner to the
    model (a correction) or, with `quiet`, to people only.
    """

    Kind: TypeAlias = StepKind  # noqa: UP040 - it is used as a class too

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="steps", db_constraint=False, db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    data: Any = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_step_per_seq")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
