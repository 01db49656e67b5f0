"""Groups of members, and who is in them."""

import uuid
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from data.ids import new_id
from teams.people.models import Member, Team


class GroupQuerySet(models.QuerySet["Group"]):
    def live(self) -> "GroupQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)


class Group(models.Model):
    """Members who take over together. Deleting one is soft: mentions and timelines go on naming it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    hours: Any = models.JSONField(
        default=list, blank=True, help_text="When it works: a list of `hours.Opening`; empty: always."
    )
    due_hours = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Working hours within which someone takes a case; empty: no limit."
    )
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True, blank=True)
    members = models.ManyToManyField(Member, through="GroupMember", related_name="groups")

    objects = GroupQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: uuid.UUID

    class Meta:
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="group_team_key"),
            models.UniqueConstraint(
                "team", Lower("name"), condition=Q(deleted_at=None), name="live_group_names_are_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class GroupMember(models.Model):
    """A member of a group. Someone who leaves the team leaves its groups."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    group = models.ForeignKey(Group, models.CASCADE, db_constraint=False, db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, db_constraint=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "member"], name="one_membership_per_group")]

    def __str__(self) -> str:
        return f"{self.member} in {self.group}"
