"""Filters of a list under a name."""

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse

from data.ids import new_id
from teams.people.models import Member, Team


class SavedView(models.Model):
    """A list with filters, sorting and words, as its address has them. A view without an owner is the team's."""

    class List(models.TextChoices):
        """The lists, by the names of their addresses."""

        CASES = "cases", "Cases"
        RUNS = "runs", "Runs"
        INBOX = "inbox", "Inbox"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(
        Member, models.CASCADE, null=True, blank=True, related_name="saved_views", db_constraint=False, db_index=False
    )
    list = models.CharField(max_length=10, choices=List)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, help_text="What follows the question mark, in alphabetical order.")
    created_at = models.DateTimeField(db_default=Now())

    if TYPE_CHECKING:
        team_id: uuid.UUID
        owner_id: int | None

    class Meta:
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(
                "team", "owner", "list", Lower("name"), name="saved_view_names_are_unique", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse(self.list)}?{self.query}"
