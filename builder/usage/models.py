"""What agents used of models, added up by day."""

from django.db import models

from builder.agents.models import Agent
from teams.models import Team


class Purpose(models.TextChoices):
    WORK = "work"
    TRY = "try"
    TEST = "test"
    IMPACT = "impact"


class Usage(models.Model):
    """What an agent's runs used of a model on a day of their team. Added up in the transaction that keeps
    the model's answer.

    Several rows (`slot`) share a sum, so that many workers of one agent do not wait for each other's row. Each purpose
    has slots of its own.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="usage", db_constraint=False, db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="usage", db_constraint=False, db_index=False)
    day = models.DateField()
    model = models.CharField(max_length=100)
    slot = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.WORK, db_default=Purpose.WORK)
    runs = models.PositiveIntegerField(help_text="Which got their first answer of any model then.")
    requests = models.PositiveIntegerField()
    input_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    cached_tokens = models.PositiveBigIntegerField(help_text="Of the tokens in, those the provider kept.")
    cost_usd = models.DecimalField(max_digits=18, decimal_places=8, help_text="Of the requests with a known price.")
    unpriced_runs = models.PositiveIntegerField(help_text="With requests of unknown price, counted at the first.")
    unpriced_requests = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # Its index answers: what did the team use between two days?
            models.UniqueConstraint(fields=["team", "day", "agent", "model", "slot"], name="one_usage_per_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.agent}, {self.day}"
