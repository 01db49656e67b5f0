"""The timeline of a case: its append-only events, and the stages drawn from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from cases.models import CLOSED, Case, CaseEvent, Kind, Reason, Status
from cases.notifications import notifications
from data import rows
from data.texts.text import storable
from teams.access import live
from teams.audit.actors import BATON, Actor, signature
from teams.models import User
from teams.webhooks import outbox

# Events after which the agent of the open stage no longer works on the case.
_ENDS = {
    Kind.HANDED_OVER: "handed_over",
    Kind.DECLINED: "declined",
    Kind.REROUTED: "released",
    Kind.COMPLETED: "completed",
    Kind.FAILED: "failed",
    Kind.POSTPONED: "postponed",
    Kind.PARKED: "needs_input",
    Kind.RELEASED: "released",
    Kind.REASSIGNED: "released",
    Kind.REOPENED: "released",
    Kind.DELETED: "stopped",
    Kind.TAKEN_OVER: "taken_over",
    Kind.HANDED_BACK: "released",
    Kind.ASSIGNED_TO_PEOPLE: "taken_over",
    Kind.UNDONE: "released",
}


# What webhooks are told of.
_NEWS = {
    Kind.CREATED: "case.created",
    Kind.DECLINED: "case.declined",
    Kind.COMPLETED: "case.completed",
    Kind.FAILED: "case.failed",
    Kind.ASKED: "case.needs_input",
    Kind.PARKED: "case.needs_input",
    Kind.POSTPONED: "case.postponed",
    Kind.REASSIGNED: "case.reassigned",
    Kind.REOPENED: "case.reopened",
    Kind.DELETED: "case.deleted",
    Kind.TAKEN_OVER: "case.taken_over",
    Kind.HANDED_BACK: "case.handed_back",
    Kind.ASSIGNED_TO_PEOPLE: "case.assigned",
    Kind.OVERDUE: "case.overdue",
}


# Where an act that was undone leaves a case; one that was closed by it is open again.
_UNDONE = {
    Status.PENDING: "case.reassigned",
    Status.IN_PROGRESS: "case.reassigned",
    Status.NEEDS_INPUT: "case.needs_input",
    Status.POSTPONED: "case.postponed",
    Status.COMPLETED: "case.completed",
    Status.FAILED: "case.failed",
}


def event(
    case: Case,
    kind: Kind,
    *,
    by: Actor = BATON,
    agent_id: UUID | None = None,
    run_id: UUID | None = None,
    reason: str = "",
    text: str = "",
    data: dict[str, Any] | None = None,
) -> CaseEvent:
    """Return the next event of a case whose row is locked or new, to be written by `write`.

    Counts `case.last_seq` up; saving the case is the caller's.
    """
    # The row is locked, so no other event of the case gets this number.
    case.last_seq += 1
    return CaseEvent(
        team_id=case.team_id,
        case_id=case.pk,
        seq=case.last_seq,
        kind=kind,
        status=case.status,
        agent_id=agent_id,
        run_id=run_id,
        user=by.user,
        actor=by.label[:100],
        reason=reason,
        text=storable(text),
        data=storable(data or {}),
    )


def write(cases: Sequence[Case], events: Sequence[CaseEvent]) -> None:
    """Write events beside their cases. No other code writes any, so webhooks and members hear of all of them."""
    rows.insert(events)
    pairs = list(zip(cases, events, strict=True))
    notifications.tell_followers(pairs)
    news = [(name, partial(_news, case, row)) for case, row in pairs for name in _names(row)]
    if news:
        outbox.tell_all(events[0].team_id, news)


def _names(row: CaseEvent) -> list[str]:
    if row.kind != Kind.UNDONE:
        told = [_NEWS[kind]] if (kind := Kind(row.kind)) in _NEWS else []
        if kind in (Kind.HANDED_OVER, Kind.REROUTED) and row.reason:
            return ["case.needs_input" if row.reason == Reason.TARGET_UNAVAILABLE else "case.assigned"]
        return [*told, "case.needs_input"] if row.reason == Reason.DECLINED else told
    if row.data.get("was_closed") and row.status not in CLOSED:
        return ["case.reopened"]
    return [_UNDONE[Status(row.status)]]


def _news(case: Case, row: CaseEvent) -> dict[str, Any]:
    return {
        "case": {
            "id": case.pk,
            "number": case.number,
            "title": case.title,
            "status": row.status,
            "queue_id": case.queue_id,
            "external_id": case.external_id,
            "url": outbox.link("case", case.pk),
            "owner": _owner(case.owner) if case.owner else None,
            "group": {"id": case.group.pk, "name": case.group.name} if case.group else None,
        },
        "reason": row.reason or None,
        **({"goal": row.data.get("goal", "take")} if row.kind == Kind.OVERDUE else {}),
        "agent_id": row.agent_id,
        "run_id": row.run_id,
        **signature(row.actor, row.user),
    }


def _owner(user: User) -> dict[str, Any]:
    return {"id": user.uuid, "name": str(user), "email": user.email}


def record(case: Case, kind: Kind, *, changed: Iterable[str] = (), **about: Any) -> CaseEvent:
    """Write an event, and the fields of its locked case that changed. For `about` see `event`."""
    row = event(case, kind, **about)
    rows.update(case, [*changed, "last_seq"])
    write([case], [row])
    announce(case)
    return row


def announce(case: Case) -> None:
    live.announce(case.team_id, "case", case.pk)
    live.announce(case.team_id, "queue", case.queue_id)


def notes_on(case_id: UUID | None) -> rows.Joined:
    """Return the statement that reads what people, and agents that declined the case, wrote to those who take it up."""
    return rows.Joined(_NOTES, [case_id], {"note": CaseEvent})


_NOTES = """
    from cases_caseevent note
    where case_id = %s and kind in ('reassigned', 'reopened', 'handed_back', 'declined', 'received', 'replied')
        and (text <> '' or data ? 'fields') order by seq
"""


@dataclass
class Stage:
    """One agent's time with a case. `outcome` is empty while it works."""

    agent_id: UUID | None
    agent_name: str
    run_id: UUID | None
    revision: int | None
    waiting_since: datetime
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    reason: str = ""
    text: str = ""
    note: str = ""
    handed_to: str = ""
    missed: list[str] = field(default_factory=list)  # goals of the queue that are booked on it
    corrected_to: str | None = None  # who should have had it; empty for a person
    events: list[CaseEvent] = field(default_factory=list)

    @property
    def waited_s(self) -> float:
        """Return how long the case had waited for this agent, in seconds."""
        return (self.started_at - self.waiting_since).total_seconds()

    @property
    def worked_s(self) -> float | None:
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


def stages(events: Iterable[CaseEvent]) -> list[Stage]:
    """Return which agent handled what, in order. `events` are those of one case, by seq."""
    found: list[Stage] = []
    waiting_since: datetime | None = None
    for row in events:
        waiting_since = waiting_since or row.at
        stage = found[-1] if found and not found[-1].ended_at else None
        if row.kind in (Kind.CORRECTED, Kind.CORRECTION_UNDONE):
            right = row.data.get("target_name", "") if row.kind == Kind.CORRECTED else None
            for one in found:
                one.corrected_to = right if one.run_id == row.run_id else one.corrected_to
        if row.kind == Kind.OVERDUE:
            _book(row, found)
        if row.kind == Kind.STARTED:
            found.append(
                Stage(
                    row.agent_id,
                    row.data.get("agent_name", ""),
                    row.run_id,
                    row.data.get("revision"),
                    waiting_since,
                    row.at,
                    events=[row],
                )
            )
        elif stage:
            stage.events.append(row)
            # A case parked for a question is still the stage's: its run goes on with the answer.
            asked = row.kind == Kind.ASKED
            if row.kind in _ENDS and not asked:
                stage.ended_at, stage.outcome = row.at, _ENDS[Kind(row.kind)]
                stage.reason, stage.text = row.reason, row.text
                stage.handed_to, stage.note = row.data.get("target_name", ""), row.data.get("note", "")
        if row.status == Status.PENDING and (row.kind in _ENDS or row.kind in (Kind.CREATED, Kind.DUE)):
            waiting_since = row.at
    return found


def _book(overdue: CaseEvent, found: Iterable[Stage]) -> None:
    """The stage in whose time the goal was missed has it, if an agent has had the case in that time by now."""
    first, last = overdue.data.get("from_seq"), overdue.data.get("to_seq")
    for stage in found:
        if first is not None and first <= stage.events[0].seq <= (last or overdue.seq):
            stage.missed.append(overdue.data["goal"])
            return
