"""Teams own everything; people are members of teams; keys let programs act for a team."""

import uuid

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
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
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


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
    is_demo = models.BooleanField(default=False, help_text="Made by the first start, with example agents and cases.")
    members = models.ManyToManyField(User, through="Member", related_name="teams")

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    class Role(models.TextChoices):
        VIEWER = "viewer"
        OPERATOR = "operator"
        BUILDER = "builder"
        ADMINISTRATOR = "administrator"

    team = models.ForeignKey(Team, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)
    tips_dismissed_at = models.DateTimeField(null=True, blank=True)
    wants_mail = models.BooleanField(default=True, help_text="Whether agents' questions come by e-mail too.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class ApiKey(models.Model):
    """Lets a program act for a team. Only a hash of the key is kept: it is shown once, when it is made."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The first characters, to recognise the key by.")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
