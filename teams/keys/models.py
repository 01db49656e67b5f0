"""Keys by which programs act for a team, and those by which it reaches the providers of models."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from data.ids import new_id
from teams.people.models import Team, User


def every_scope() -> list[str]:
    return [str(scope) for scope in ApiKey.Scope]


class ApiKey(models.Model):
    """Lets a program act for a team. Only a hash of the key is kept: it is shown once, when it is made."""

    class Scope(models.TextChoices):
        READ = "read", "Read everything"
        CASES = "cases", "Add, change and close cases"
        ANSWERS = "answers", "Answer agents’ questions and approve what they want to do"
        RUNS = "runs", "Start and stop runs"
        AGENTS = "agents", "Change agents, queues and schedules"
        ADMIN = "admin", "Change webhooks, MCP servers, keys of models and budgets; read the audit log"

    team = models.ForeignKey(Team, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The first characters, to recognise the key by.")
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices), default=every_scope)
    per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many requests it may send; empty for as many as the settings say."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def rights(self) -> list[str]:
        """Return what the key may do, in words."""
        if set(every_scope()) <= set(self.scopes):
            return ["Do everything"]
        return [label for scope, label in ApiKey.Scope.choices if scope in self.scopes]


class KeptAnswer(models.Model):
    """The answer to a request with an `Idempotency-Key`, which is given again for a day: see `idempotency`."""

    api_key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=255, help_text="What stood in the header.")
    request = models.CharField(max_length=64, help_text="A hash of method, address and body.")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(help_text="Sealed: it may hold a secret that was just made.")
    created_at = models.DateTimeField(db_default=Now())

    if TYPE_CHECKING:
        api_key_id: int

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "name"], name="one_answer_per_idempotency_key")]
        # What is old enough to be forgotten?
        indexes = [models.Index(fields=["created_at"], name="kept_answer_oldest")]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """The team's own key to a provider of models; only one for each, so that a model's name says which is used."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="credentials")
    provider = models.CharField(max_length=30, help_text="As models are named: the part before the colon.")
    name = models.CharField(max_length=80)
    key = models.TextField(blank=True, help_text="Sealed; empty for a server that wants none.")
    hint = models.CharField(max_length=4, blank=True, help_text="The end of the key, to recognise it by.")
    base_url = models.CharField(max_length=2000, blank=True, help_text="Empty for the provider's own.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "provider"], name="one_credential_per_provider")]

    def __str__(self) -> str:
        return self.name
