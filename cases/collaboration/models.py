"""The models of what people add to a case: comments, files and watchers."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now

from teams.models import Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

from cases.work.models import Case


class Comment(models.Model):
    """A person's comment on a case for other members of the team. No agent sees it.

    Its event in the timeline stays when the comment is changed or deleted; a deleted one has no text left.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="comments", db_constraint=False)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    text = models.TextField(help_text="Markdown.")
    mentions: Any = models.JSONField(default=list, help_text="Who is mentioned, as it stands in the text.")
    created_at = models.DateTimeField(db_default=Now())
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    if TYPE_CHECKING:
        team_id: UUID
        case_id: UUID
        user_id: int | None

    def __str__(self) -> str:
        return self.text[:80]


class Watch(models.Model):
    """A member follows a case and sees its news: `seen_seq` is the last event that they have seen on its page."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="watches", db_constraint=False, db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    seen_seq = models.PositiveIntegerField(default=0)
    mentioned_at = models.DateTimeField(null=True, help_text="By a comment that they have not seen yet.")

    if TYPE_CHECKING:
        case_id: UUID
        user_id: int

    class Meta:
        verbose_name_plural = "watches"
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="one_watch_per_person")]
        # Serves the list of the cases that a person watches.
        indexes = [models.Index(fields=["user", "team"], name="watch_of_user")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.case_id}"


def file_place(attachment: "Attachment", name: str) -> str:
    """Return a path that contains nothing a user has typed."""
    return f"cases/{attachment.team_id}/{attachment.case_id}/{attachment.pk}"


class Attachment(models.Model):
    """A file of a case. Its bytes are in Django's storage; only views of the team send them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="attachments", db_constraint=False)
    name = models.CharField(max_length=150)
    size = models.PositiveIntegerField(help_text="In bytes.")
    file = models.FileField(upload_to=file_place, max_length=200)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100, blank=True, help_text="Who attached it.")
    created_at = models.DateTimeField(db_default=Now())

    if TYPE_CHECKING:
        team_id: UUID
        case_id: UUID

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.name
