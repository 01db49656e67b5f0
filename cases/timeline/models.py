"""The append-only timeline of a case."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from builder.models import Agent
from teams.models import Team, User

if TYPE_CHECKING:
    from uuid import UUID

from cases.work.models import Case, Status


class EventKind(models.TextChoices):
    """What an event of a timeline tells."""

    CREATED = "created"
    UPDATED = "updated"
    ASSIGNED = "assigned"
    STARTED = "started", "Work started"
    RELEASED = "released"
    HANDED_OVER = "handed_over", "Handed over"
    HANDOVER_CANCELLED = "handover_cancelled", "Handover cancelled"
    DECLINED = "declined"
    REROUTED = "rerouted"
    POSTPONED = "postponed"
    DUE = "due"
    PARKED = "parked", "Needs input"
    ASKED = "asked"
    ANSWERED = "answered"
    COMPLETED = "completed"
    FAILED = "failed"
    REASSIGNED = "reassigned"
    REOPENED = "reopened"
    TAKEN_OVER = "taken_over", "Taken over"
    HANDED_BACK = "handed_back", "Handed back"
    ASSIGNED_TO_PEOPLE = "assigned_to_people", "Assigned to people"
    OVERDUE = "overdue"
    UNDONE = "undone"
    CORRECTED = "corrected", "Corrected as wrong"
    CORRECTION_UNDONE = "correction_undone", "Correction undone"
    STALE_WRITE_REFUSED = "stale_write_refused", "Late write refused"
    DELETED = "deleted"
    COMMENTED = "commented"
    ATTACHED = "attached"
    DETACHED = "detached", "Attachment deleted"
    RECEIVED = "received", "Message received"
    REPLIED = "replied"
    UNDELIVERED = "undelivered", "Not delivered"


Kind = EventKind
# They leave the case where it is, and with whom it is.
QUIET = frozenset(
    {
        *(Kind.UPDATED, Kind.COMMENTED, Kind.ATTACHED, Kind.DETACHED),
        *(Kind.RECEIVED, Kind.REPLIED, Kind.UNDELIVERED),
    }
)
# So do these, but they belong to the course of a case.
UNMOVING = QUIET | {
    *(Kind.HANDOVER_CANCELLED, Kind.STALE_WRITE_REFUSED, Kind.CORRECTED, Kind.CORRECTION_UNDONE, Kind.OVERDUE),
}


class CaseEvent(models.Model):
    """One line of a timeline. Append-only: a trigger refuses UPDATE and DELETE.

    `status` is the case's after the event, so that the row can be folded from its events. `data` depends on the kind:
    `created` has title, priority and labels; `started` has agent_name and revision; `handed_over` and, meant for one
    agent, `created`, `released`, `declined`, `reassigned`, `reopened`, `handed_back` and `undone` have target_id and
    target_name; `declined` has agent_name; `reassigned` and `reopened` have is_retry when the last agent tries again;
    what leaves the case with people has taken_by and owner_id, group_id and take_by, and target_name where it is sent
    to them; `rerouted` has the rule that acted, and as `from` whom the case waited for; `undone` has undoes (a seq) and
    the fields as they are again; `corrected` has the right agent as its target, none for a person; `updated` has the
    changes; `commented` has comment_id, and `attached` and `detached` the names of files; `received`, `replied` and
    `undelivered` have message_id, the address of the customer, and of what an agent wrote who approved it;
    `replied` has again where someone sent a message again, and `undelivered` in_doubt where nobody knows.
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
                condition=Q(kind__in=["created", "handed_over", "declined", "parked", "asked", "completed", "failed"]),
                name="event_flow",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
