"""Teams own everything; people are members of teams."""

from typing import Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from data.ids import new_id


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
    """A person. The email address is the name they sign in with."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("email address", unique=True)
    # For programs: it stays when the name or the address changes, and says nothing of how many people there are.
    uuid = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = UserManager()  # type: ignore[assignment, misc]

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
            # Signing in looks for them in lower case.
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
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        db_default="UTC",
        help_text="Whose days count for budgets and usage; agents are told its time.",
    )
    signature = models.TextField(
        blank=True, default="", db_default="", max_length=1000, help_text="Below each message to a customer."
    )
    # Of routing tests.
    test_repetitions = models.PositiveSmallIntegerField(
        default=3, db_default=3, help_text="How often a language model is asked each test."
    )
    test_usd_per_day = models.DecimalField(
        max_digits=10, decimal_places=2, default=5, db_default=5, help_text="US dollars that tests may cost in a day."
    )
    builders_may_override = models.BooleanField(
        default=False, db_default=False, help_text="Builders may save past the gate of routing tests, with a reason."
    )
    require_two_step = models.BooleanField(
        default=False, db_default=False, help_text="Administrators without a second step see only how to set one up."
    )
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


class NotificationKind(models.TextChoices):
    """What a member can be told of, in Baton and by email."""

    ASSIGNED = "assigned", "Assigned to me or my groups"
    UNASSIGNED = "unassigned", "Unassigned questions and cases"
    MENTIONED = "mentioned", "Comments that mention me"
    FOLLOWED = "followed", "News of cases I own or watch"
    DUE = "due", "Due soon and overdue"
    CHECKS = "checks", "Routing tests of my changes"


# Until they choose: everything in Baton, and by email what waits for them.
BELL_KINDS = list(NotificationKind.values)
EMAIL_KINDS = [str(kind) for kind in list(NotificationKind)[:3]] + [str(NotificationKind.DUE)]


def all_kinds() -> list[str]:
    return list(BELL_KINDS)


def urgent_kinds() -> list[str]:
    return list(EMAIL_KINDS)


class Member(models.Model):
    """A person in a team. `bell_kinds` and `email_kinds`: what they are told of in Baton, and by email."""

    class Role(models.TextChoices):
        """From the least to the most: each may do what those before it may."""

        VIEWER = "viewer"
        OPERATOR = "operator"
        BUILDER = "builder"
        ADMINISTRATOR = "administrator"

    team = models.ForeignKey(Team, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    bell_kinds = ArrayField(models.CharField(max_length=20), default=all_kinds, db_default=BELL_KINDS, blank=True)
    email_kinds = ArrayField(models.CharField(max_length=20), default=urgent_kinds, db_default=EMAIL_KINDS, blank=True)
    # Read by the release before this one only; the next one removes it.
    mail = models.CharField(max_length=4, default="all", db_default="all", editable=False)
    away_until = models.DateTimeField(null=True, blank=True)
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
    """An invitation lets one person with its link into a team. Only a hash of the link is stored."""

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
