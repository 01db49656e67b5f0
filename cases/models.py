"""The work: queues, their cases, and the append-only events that make a case's timeline."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from builder.models import Agent
from teams.models import Team, User, new_id

if TYPE_CHECKING:
    from uuid import UUID

DEFAULT_HOP_LIMIT = 8


class QueueQuerySet(models.QuerySet["Queue"]):
    def live(self) -> "QueueQuerySet":
        return self.filter(deleted_at=None)


class Queue(models.Model):
    """Holds cases. A team has one named Default from the start."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="queues")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True)
    hop_limit = models.PositiveSmallIntegerField(
        default=DEFAULT_HOP_LIMIT,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="How often a case may be handed over before a person is asked to look at it.",
    )
    first_agent = models.ForeignKey(
        Agent,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Takes every case that is assigned to nobody, as long as it consumes the queue.",
    )
    default_priority = models.PositiveSmallIntegerField(
        choices=[(0, "none"), (1, "medium"), (2, "high")], default=0, help_text="Of new cases that say none."
    )
    data_schema: Any = models.JSONField(null=True, blank=True, help_text="A JSON Schema that new cases' data must fit.")
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = QueueQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        first_agent_id: UUID | None

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="queue_team_key"),
            models.UniqueConstraint(
                "team", Lower("name"), condition=Q(deleted_at=None), name="live_queue_names_are_unique"
            ),
            models.CheckConstraint(condition=Q(hop_limit__gte=1, hop_limit__lte=50), name="hop_limit_in_range"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class Status(models.TextChoices):
    PENDING = "pending"
    IN_PROGRESS = "in_progress", "In progress"
    NEEDS_INPUT = "needs_input", "Needs input"
    POSTPONED = "postponed"
    COMPLETED = "completed"
    FAILED = "failed"


CLOSED = frozenset({Status.COMPLETED, Status.FAILED})
OPEN = frozenset(Status) - CLOSED


class Reason(models.TextChoices):
    """Why a case needs a person. The label is the sentence the page shows."""

    QUESTION = "question", "An agent has a question."
    APPROVAL = "approval", "An agent asks for approval."
    NO_OUTCOME = "no_outcome", "The agent stopped without saying what should become of the case."
    AMBIGUOUS_HANDOVER = "ambiguous_handover", "The agent named several agents to hand over to, twice."
    INVALID_TARGET = "invalid_target", "The agent kept naming an agent it cannot hand over to."
    TARGET_UNAVAILABLE = "target_unavailable", "The agent that should take over cannot take cases of this queue now."
    HOP_LIMIT = "hop_limit", "The case was handed over as often as its queue allows."
    LOOP = "loop", "Two agents kept handing the case to each other."
    RUN_LOST = "run_lost", "The run was interrupted too often."
    RUN_FAILED = "run_failed", "The run failed."
    RUN_STOPPED = "run_stopped", "Somebody stopped the run."
    TAKEN_OVER = "taken_over", "A person has taken it over."


class CaseQuerySet(models.QuerySet["Case"]):
    def present(self) -> "CaseQuerySet":
        """Not deleted."""
        return self.filter(deleted_at=None)

    def pending(self) -> "CaseQuerySet":
        return self.filter(status=Status.PENDING)

    def in_dispatch_order(self) -> "CaseQuerySet":
        return self.order_by("rank", "-priority", "created_at", "id")


class Case(models.Model):
    """A work item.

    pending -> in_progress, postponed, needs_input, completed, failed
    in_progress -> pending (handed over, released), needs_input, postponed, completed, failed
    needs_input -> pending, in_progress (answered), needs_input (its run was stopped), postponed, completed, failed
    postponed -> pending (due), needs_input, completed, failed
    completed, failed -> pending (reopened by a person or the API)
    Besides, a person or the API may undo the last such act: the case is then where it was before.

    A case that a person has taken over needs input with that reason, or is postponed by them; no agent gets it.

    Moved only by `cases.lifecycle`. `fence` rises with every move: whoever acts on a case as it was, acts on nothing.
    """

    class Priority(models.IntegerChoices):
        NONE = 0, "none"
        MEDIUM = 1, "medium"
        HIGH = 2, "high"

    class Rank(models.IntegerChoices):
        """What a pending case waits for, in the order of dispatch."""

        DUE = 0
        HANDED_OVER = 1
        NEW = 2

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="cases", db_constraint=False, db_index=False)
    queue = models.ForeignKey(Queue, models.CASCADE, related_name="cases", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    data = models.JSONField(default=dict, blank=True, help_text="JSON, or plain text.")
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.NONE)
    labels = models.JSONField(default=list, blank=True)
    external_id = models.CharField(max_length=200, null=True, blank=True)
    external_digest = models.CharField(max_length=64, blank=True, help_text="Of the request that made the case.")

    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)
    detail = models.TextField(blank=True, help_text="What the reason is about, in words; of a closed case, the result.")
    assignee = models.ForeignKey(
        Agent, models.SET_NULL, null=True, blank=True, related_name="cases", db_constraint=False, db_index=False
    )
    worked_by = models.ForeignKey(
        Agent,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        help_text="Who took it up last.",
    )
    taken_by = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="Who has taken it over from the agents, by name.",
    )
    owner = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The same, where it is a member.",
    )
    rank = models.PositiveSmallIntegerField(choices=Rank.choices, default=Rank.NEW)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When a postponed case goes on.")
    hops = models.PositiveSmallIntegerField(default=0, help_text="Handovers since a person last acted.")
    fence = models.PositiveIntegerField(default=0)
    last_seq = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now(), help_text="When the status last changed.")
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    if TYPE_CHECKING:
        team_id: UUID
        queue_id: UUID
        assignee_id: UUID | None
        worked_by_id: UUID | None
        owner_id: int | None

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["team", "id"], name="case_team_key"),
            models.UniqueConstraint(fields=["team", "number"], name="case_numbers_are_unique"),
            models.UniqueConstraint(
                fields=["queue", "external_id"], condition=Q(external_id__isnull=False), name="external_ids_are_unique"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="case_status_is_known"),
            models.CheckConstraint(condition=Q(reason="") | Q(reason__in=Reason.values), name="case_reason_is_known"),
            models.CheckConstraint(
                condition=(Q(status="needs_input") & ~Q(reason="")) | (~Q(status="needs_input") & Q(reason="")),
                name="only_a_case_that_needs_input_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status="postponed", due_at__isnull=False) | (~Q(status="postponed") & Q(due_at=None)),
                name="only_a_postponed_case_is_due",
            ),
            models.CheckConstraint(
                condition=(Q(reason="taken_over") & ~Q(taken_by=""))
                | (Q(status="postponed"))
                | (~Q(reason="taken_over") & Q(taken_by="", owner=None)),
                name="a_case_taken_over_says_by_whom",
            ),
        ]
        indexes = [
            # Which case of this queue goes next: of those that any consumer may take, and of those of one agent?
            models.Index(
                "queue",
                "rank",
                models.F("priority").desc(),
                "created_at",
                "id",
                condition=Q(status="pending", deleted_at=None, assignee=None),
                name="case_next_of_queue",
            ),
            models.Index(
                "queue",
                "assignee",
                "rank",
                models.F("priority").desc(),
                "created_at",
                "id",
                condition=Q(status="pending", deleted_at=None, assignee__isnull=False),
                name="case_next_of_agent",
            ),
            # Which postponed cases are due?
            models.Index(fields=["due_at"], condition=Q(status="postponed", deleted_at=None), name="case_due"),
            # Since when do the cases of this queue wait; how many did it complete each hour?
            models.Index(
                fields=["queue", "status", "moved_at"],
                condition=Q(status__in=["pending", "completed"], deleted_at=None),
                name="case_flow_of_queue",
            ),
            # The list of a team, newest first (with the time, so that an age is read from the index); with a status.
            models.Index(
                "team", models.F("number").desc(), "created_at", condition=Q(deleted_at=None), name="case_newest"
            ),
            models.Index(
                "team", "status", models.F("number").desc(), condition=Q(deleted_at=None), name="case_newest_by_status"
            ),
            # The list of a queue; its counts by status.
            models.Index(
                "queue", "status", models.F("number").desc(), condition=Q(deleted_at=None), name="case_of_queue"
            ),
            # The list of a team, last moved first; most urgent first.
            models.Index(
                "team",
                models.F("moved_at").desc(),
                models.F("number").desc(),
                condition=Q(deleted_at=None),
                name="case_last_moved",
            ),
            models.Index(
                "team",
                models.F("priority").desc(),
                models.F("number").desc(),
                condition=Q(deleted_at=None),
                name="case_most_urgent",
            ),
            # What an agent has or had: its own list, newest first.
            models.Index(
                "assignee",
                models.F("number").desc(),
                condition=Q(deleted_at=None, assignee__isnull=False),
                name="case_of_assignee",
            ),
            models.Index(
                "worked_by",
                models.F("number").desc(),
                condition=Q(deleted_at=None, worked_by__isnull=False),
                name="case_worked_by",
            ),
            # The open cases of an agent.
            models.Index(
                fields=["assignee"],
                condition=Q(status__in=["pending", "in_progress", "needs_input", "postponed"]),
                name="case_open_of_agent",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED


class Label(models.Model):
    """The colour of a label. Cases have labels by name; a name that no row knows has a colour all the same."""

    class Colour(models.TextChoices):
        GREY = "grey"
        RED = "red"
        ORANGE = "orange"
        YELLOW = "yellow"
        GREEN = "green"
        TEAL = "teal"
        BLUE = "blue"
        INDIGO = "indigo"
        PURPLE = "purple"
        PINK = "pink"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)
    colour = models.CharField(max_length=10, choices=Colour.choices)

    if TYPE_CHECKING:
        team_id: UUID

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="labels_are_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dialog(self) -> str:
        """The id of the dialog that asks before it is deleted."""
        return f"delete-{self.pk}"


class CaseWords(models.Model):
    """What a case is found by: the words of its title and data, its number, its labels and its team.

    Kept by triggers beside the case rather than in it, so that moving a case touches no full-text index. For what
    the entries look like see `search`.
    """

    case = models.OneToOneField(Case, models.CASCADE, primary_key=True, related_name="words")
    words = SearchVectorField()

    class Meta:
        # Which cases of a team have these words and labels? Not collected for later: whoever adds the case that
        # fills the buffer would wait for all of it.
        indexes = [GinIndex(fields=["words"], name="case_words", fastupdate=False)]

    def __str__(self) -> str:
        return f"words of {self.case_id}"


class Kind(models.TextChoices):
    """What an event of a timeline tells."""

    CREATED = "created"
    UPDATED = "updated"
    ASSIGNED = "assigned"
    STARTED = "started", "Work started"
    RESUMED = "resumed"
    RELEASED = "released"
    HANDED_OVER = "handed_over", "Handed over"
    HANDOVER_CANCELLED = "handover_cancelled", "Handover cancelled"
    POSTPONED = "postponed"
    DUE = "due"
    PARKED = "parked", "Needs input"
    ASKED = "asked"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"
    FAILED = "failed"
    REOPENED = "reopened"
    TAKEN_OVER = "taken_over", "Taken over"
    HANDED_BACK = "handed_back", "Handed back"
    UNDONE = "undone"
    CORRECTED = "corrected", "Corrected as wrong"
    CORRECTION_UNDONE = "correction_undone", "Correction undone"
    STOPPED = "stopped"
    STALE_WRITE_REFUSED = "stale_write_refused", "Late write refused"
    DELETED = "deleted"
    COMMENTED = "commented"
    ATTACHED = "attached"
    DETACHED = "detached", "Attachment deleted"


# They leave the case where it is, and with whom it is.
QUIET = frozenset({Kind.UPDATED, Kind.COMMENTED, Kind.ATTACHED, Kind.DETACHED})
# So do these, but they belong to the course of a case.
UNMOVING = QUIET | {
    *(Kind.HANDOVER_CANCELLED, Kind.WITHDRAWN, Kind.STALE_WRITE_REFUSED),
    *(Kind.CORRECTED, Kind.CORRECTION_UNDONE),
}


class CaseEvent(models.Model):
    """One line of a timeline. Append-only: a trigger refuses UPDATE and DELETE.

    `status` is the case's after the event, so that the row can be folded from its events. `data` depends on the kind:
    `created` has title, priority and labels; `started` has agent_name and revision; `handed_over` and, meant for one
    agent, `created`, `released`, `reopened`, `handed_back` and `undone` have target_id and target_name; what leaves
    the case with a person has taken_by and owner_id; `undone` has undoes (a seq) and the fields as they are again;
    `corrected` has the right agent as its target, none for a person; `updated` has the changes; `commented` has
    comment_id, and `attached` and `detached` the names of files.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="events", db_constraint=False, db_index=False)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=30, choices=Kind.choices)
    status = models.CharField(max_length=20, choices=Status.choices)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    run_id = models.UUIDField(null=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=100, blank=True, help_text="Who did it, when it was a person or a program.")
    reason = models.CharField(max_length=30, blank=True)
    text = models.TextField(blank=True)
    data: Any = models.JSONField(default=dict)

    if TYPE_CHECKING:
        agent_id: UUID | None

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="one_event_per_seq")]
        indexes = [
            # How many cases came, changed hands, came to people (and why) and were closed since then?
            models.Index(
                fields=["team", "kind", "at"],
                include=["reason"],
                condition=Q(kind__in=["created", "handed_over", "parked", "completed", "failed"]),
                name="event_flow",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class Comment(models.Model):
    """What a person says about a case to the others of the team. No agent sees it.

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
    """A member follows a case, and is told of it: `seen_seq` is the last event that they have seen on its page."""

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
        # Which cases does this person follow?
        indexes = [models.Index(fields=["user", "team"], name="watch_of_user")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.case_id}"


def _file_place(attachment: "Attachment", name: str) -> str:
    """Nothing that somebody has typed is part of a path."""
    return f"cases/{attachment.team_id}/{attachment.case_id}/{attachment.pk}"


class Attachment(models.Model):
    """A file that belongs to a case. Its bytes lie in Django's storage; only views of the team give them out."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="attachments", db_constraint=False)
    name = models.CharField(max_length=150)
    size = models.PositiveIntegerField(help_text="In bytes.")
    file = models.FileField(upload_to=_file_place, max_length=200)
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


class AgentUpload(models.Model):
    """Files of agents that somebody uploaded, kept from the preview of the import to its confirmation."""

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
    """A table that somebody uploaded or pasted, to make a case of each row. Its rows say what became of each.

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
    has_names = models.BooleanField(default=True, help_text="The first row holds the names of the columns.")
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
            # What is there to do?
            models.Index(fields=["created_at"], condition=Q(status="importing"), name="case_upload_importing"),
            # What was imported into this queue, lately or from this file?
            models.Index(fields=["team", "queue", "-started_at"], name="case_upload_of_queue"),
        ]

    def __str__(self) -> str:
        return self.name


class UploadRow(models.Model):
    """A row of an upload. `case` is written in the transaction that makes it, so that no row makes two."""

    class State(models.TextChoices):
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
        # Which rows are next? How many became what, and which?
        indexes = [models.Index(fields=["upload", "state", "number"], name="upload_row_of_state")]

    def __str__(self) -> str:
        return f"row {self.number}"
