"""What a person does to many cases at once."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cases.models import Case
from teams.models import Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID


class BulkActionQuerySet(models.QuerySet["BulkAction"]):
    def running(self) -> "BulkActionQuerySet":
        return self.filter(status=BulkAction.Status.RUNNING)


class BulkAction(models.Model):
    """One act on many cases, done case by case in small transactions. Its items say what became of each.

    running -> done, stopped (someone stopped it: what is done is done, the rest is left alone)
    """

    class Verb(models.TextChoices):
        RETRY = "retry"
        REASSIGN = "assign", "Reassign"
        PRIORITY = "priority", "Set the priority"
        ADD_LABEL = "add_label", "Add a label"
        REMOVE_LABEL = "remove_label", "Remove a label"
        RENAME_LABEL = "rename_label", "Rename a label"
        POSTPONE = "postpone"
        COMPLETE = "complete"
        FAIL = "fail", "Mark as failed"
        DELETE = "delete"
        UNDO = "undo"

    class Status(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="bulk_actions")
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100)
    verb = models.CharField(max_length=20, choices=Verb.choices)
    arguments: Any = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    undoes = models.OneToOneField("self", models.CASCADE, null=True, related_name="undone_by", db_constraint=False)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    objects = BulkActionQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        undoes_id: UUID | None

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["team", "id"], name="bulk_action_team_key")]
        indexes = [
            # What is there to do?
            models.Index(fields=["created_at"], condition=Q(status="running"), name="bulk_action_running"),
            # What did this person do last?
            models.Index(fields=["user", "-created_at"], name="bulk_action_newest"),
        ]

    def __str__(self) -> str:
        return self.get_verb_display()


class BulkItem(models.Model):
    """A case of a bulk action. `before` is what undoing it needs to know."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        SKIPPED = "skipped", "Left alone"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    action = models.ForeignKey(BulkAction, models.CASCADE, related_name="items", db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=10, choices=State.choices)
    text = models.CharField(max_length=300, blank=True, help_text="Why it was left alone or failed.")
    before: Any = models.JSONField(null=True)

    if TYPE_CHECKING:
        action_id: UUID
        case_id: UUID

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["action", "case"], name="one_bulk_item_per_case")]
        # Which case is next? How many became what, and which?
        indexes = [models.Index(fields=["action", "state", "id"], name="bulk_item_of_state")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"
