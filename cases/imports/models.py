"""Uploaded files from which agents or cases are created."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from teams.models import Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

from cases.queues.models import Queue
from cases.work.models import Case


class AgentUpload(models.Model):
    """Uploaded agent files, kept from the preview of an import to its confirmation."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    files: Any = models.JSONField(help_text="A list of names with their texts.")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return ", ".join(name for name, _ in self.files)


class CaseUploadQuerySet(models.QuerySet["CaseUpload"]):
    def importing(self) -> "CaseUploadQuerySet":
        return self.filter(status=CaseUpload.Status.IMPORTING)


class CaseUpload(models.Model):
    """An uploaded or pasted table, whose rows become cases. Each row records its result.

    ready -> importing -> done, stopped (what was made stays)
    """

    class Status(models.TextChoices):
        READY = "ready"
        IMPORTING = "importing"
        DONE = "done"
        STOPPED = "stopped"

    class Form(models.TextChoices):
        FILE = "file"
        TABLE = "table", "A table"
        LINES = "lines", "One case per line"
        PARAGRAPHS = "paragraphs", "One case per paragraph"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="case_uploads", db_index=False)
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="uploads", db_constraint=False, db_index=False)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=150)
    form = models.CharField(max_length=10, choices=Form.choices)
    digest = models.CharField(max_length=64, help_text="Of the bytes, to know the same file again.")
    content = models.BinaryField(null=True, help_text="Kept until the import starts: it may be read in another way.")
    encoding = models.CharField(max_length=20, blank=True)
    separator = models.CharField(max_length=1, blank=True)
    sheet = models.CharField(max_length=100, blank=True)
    sheets: Any = models.JSONField(default=list)
    names_row = models.PositiveIntegerField(
        null=True, help_text="The number of the row with the names of the columns, if there is one."
    )
    roles: Any = models.JSONField(default=list, help_text="What each column becomes: see `columns.Role`.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.READY)
    problem = models.CharField(max_length=200, blank=True, help_text="Why Baton itself stopped it.")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = CaseUploadQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        queue_id: UUID

    class Meta:
        indexes = [
            # Serves the search for imports in progress.
            models.Index(fields=["created_at"], condition=Q(status="importing"), name="case_upload_importing"),
            # Serves the search for a queue's recent imports, and for imports of the same file.
            models.Index(fields=["team", "queue", "-started_at"], name="case_upload_of_queue"),
        ]

    def __str__(self) -> str:
        return self.name


class UploadRow(models.Model):
    """A row of an upload. `case` is written in the transaction that creates the case, so that no row creates two."""

    class State(models.TextChoices):
        ABOVE = "above", "Above the names of columns"
        NAMES = "names", "Names of columns"
        WAITING = "waiting"
        ADDED = "added"
        EXISTING = "existing", "There already"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    upload = models.ForeignKey(CaseUpload, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField(help_text="As spreadsheet programs count, from 1.")
    cells: Any = models.JSONField()
    flaws: Any = models.JSONField(default=dict, help_text="What could not be read, by the place of the cell.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    case = models.ForeignKey(Case, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    text = models.TextField(blank=True, help_text="Why it failed.")

    if TYPE_CHECKING:
        upload_id: UUID
        case_id: UUID | None

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="one_row_per_number")]
        # Serves the next rows to import, and the counts and lists of results.
        indexes = [models.Index(fields=["upload", "state", "number"], name="upload_row_of_state")]

    def __str__(self) -> str:
        return f"row {self.number}"
