"""Teams own everything; people are members of teams; keys let programs act for a team."""

import uuid
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A time-ordered id (UUID version 7): new rows lie side by side in their indexes."""
    return uuid7()


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person. The e-mail address is the name they sign in with."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = UserManager()  # type: ignore[assignment, misc]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
            # Signing in looks for them in small letters.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_in_small_letters"),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()


class Team(models.Model):
    """The tenant. Nothing crosses it: every other row names its team, and foreign keys include it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=50, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Case numbers count up by team; the row's lock hands them out.
    last_case_number = models.PositiveIntegerField(default=0)
    answer_hours = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How long people have to answer agents; empty for no limit."
    )
    budget: Any = models.JSONField(default=dict, blank=True, help_text="A `budgets.Budget`.")
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_demo = models.BooleanField(default=False, help_text="Made by the first start, with example agents and cases.")
    members = models.ManyToManyField(User, through="Member", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Installation(models.Model):
    """All teams together: its one row, if there is one, says since when everything is paused."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="only_one_installation")]

    def __str__(self) -> str:
        return "Everything"


class Member(models.Model):
    """A person in a team. `mail`: which requests of agents they are told of by mail."""

    class Role(models.TextChoices):
        """From the least to the most: each may do what those before it may."""

        VIEWER = "viewer"
        OPERATOR = "operator"
        BUILDER = "builder"
        ADMINISTRATOR = "administrator"

    class Mail(models.TextChoices):
        OFF = "off", "No mail"
        MINE = "mine", "Only what is given to me"
        ALL = "all", "What is given to me, and what nobody has taken on"

    team = models.ForeignKey(Team, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    mail = models.CharField(max_length=4, choices=Mail.choices, default=Mail.ALL)
    # The tour of the start page: when it was left, since when things done count, and what was looked at.
    tips_dismissed_at = models.DateTimeField(null=True, blank=True)
    tour_began_at = models.DateTimeField(db_default=Now())
    tour_seen = ArrayField(models.CharField(max_length=20), db_default=[], default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team"),
            models.UniqueConstraint(fields=["team", "id"], name="member_team_key"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"

    def may(self, needed: Role) -> bool:
        order = list(Member.Role)
        return order.index(Member.Role(self.role)) >= order.index(needed)

    @property
    def operates(self) -> bool:
        return self.may(Member.Role.OPERATOR)

    @property
    def builds(self) -> bool:
        return self.may(Member.Role.BUILDER)

    @property
    def administers(self) -> bool:
        return self.may(Member.Role.ADMINISTRATOR)


class Invitation(models.Model):
    """Lets whoever has its link into a team, once. Only a hash of the link is kept."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Member.Role.choices)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "email"], name="one_invitation_per_email")]

    def __str__(self) -> str:
        return self.email


class AuditEntry(models.Model):
    """Who did what in a team, and when. Never changed afterwards: a trigger refuses it.

    Without a team: the log of the installation. `object_kind` is the label of a model, such as `builder.agent`.
    """

    class Source(models.TextChoices):
        PERSON = "person", "Person"
        KEY = "key", "API key"
        OPERATOR = "operator", "Operator"
        UNKNOWN = "unknown", "Not signed in"
        BATON = "baton", "Baton"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="audit")
    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=254, blank=True, help_text="Empty: Baton itself.")
    source = models.CharField("as", max_length=10, choices=Source.choices, default=Source.BATON)
    # Of people that are deleted, their entries stay, so nothing may be changed here.
    user = models.ForeignKey(User, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=254)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    change = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            # What was done last in a team, of any kind or of one?
            models.Index("team", models.F("at").desc(), models.F("id").desc(), name="audit_newest"),
            models.Index("team", "act", models.F("at").desc(), models.F("id").desc(), name="audit_newest_by_act"),
            # What was done to this object?
            models.Index("object_id", models.F("at").desc(), condition=~Q(object_id=""), name="audit_newest_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject}"

    @property
    def lines(self) -> list[str]:
        """What changed."""
        return self.change.splitlines()


def every_scope() -> list[str]:
    return [str(scope) for scope in ApiKey.Scope]


class ApiKey(models.Model):
    """Lets a program act for a team. Only a hash of the key is kept: it is shown once, when it is made."""

    class Scope(models.TextChoices):
        READ = "read", "Read everything"
        CASES = "cases", "Add, change and close cases, and answer agents"
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

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class KeptAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered. Sent again within a day, it gets that: see `repeats`."""

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


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def present(self) -> "WebhookQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)

    def active(self) -> "WebhookQuerySet":
        return self.present().filter(paused_at=None)


class Webhook(models.Model):
    """An address of a team that is told of what happens. Paused, it is still written for, and sent nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="webhooks")
    url = models.CharField(max_length=2000)
    description = models.CharField(max_length=200, blank=True)
    events: Any = models.JSONField(default=list, help_text="Names out of `outbox.EVENTS`.")
    secret = models.TextField(help_text="Sealed.")
    old_secret = models.TextField(blank=True, help_text="Sealed. Signs beside the new one until `old_secret_until`.")
    old_secret_until = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    gave_up = models.BooleanField(default=False, help_text="Paused by Baton, after too many failures.")
    failures = models.PositiveIntegerField(default=0, help_text="Attempts in a row that failed.")
    failing_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    # Soft, and for a while: else a message just being written would name a row that is gone, and fail what it tells.
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: uuid.UUID

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["team", "id"], name="webhook_team_key")]

    def __str__(self) -> str:
        return self.url

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def sealed_secrets(self) -> list[str]:
        """Those that sign, the newest first."""
        both = self.old_secret_until is not None and self.old_secret_until > timezone.now()
        return [self.secret, self.old_secret] if both else [self.secret]


class Delivery(models.Model):
    """One message to one webhook: the outbox, and its log.

    waiting -> delivered, failed (after a day of attempts)
    delivered, failed -> waiting (sent again by a person)

    Written in the transaction of what it tells. `body` is sent as it stands, so that its signature holds.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False)
    event = models.CharField(max_length=40)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    next_at = models.DateTimeField(db_default=Now(), help_text="When it is sent, or sent again.")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    # Of the last attempt.
    attempted_at = models.DateTimeField(null=True)
    answer_status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True, help_text="The beginning of it.")
    error = models.TextField(blank=True)
    took_ms = models.PositiveIntegerField(null=True)

    if TYPE_CHECKING:
        team_id: uuid.UUID
        webhook_id: uuid.UUID

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "delivered", "failed"]), name="delivery_status_is_known"
            ),
        ]
        indexes = [
            # What is to be sent now?
            models.Index(fields=["webhook", "next_at"], condition=Q(status="waiting"), name="delivery_next"),
            # The log of a webhook, newest first.
            models.Index("webhook", models.F("created_at").desc(), models.F("id").desc(), name="delivery_newest"),
            # What is old enough to be forgotten?
            models.Index(fields=["created_at"], name="delivery_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook_id}"
