"""The row of a case from its events. Pure: it asks no database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from cases.models import UNMOVING, Case, CaseEvent, Kind, Reason, Status

type Fields = dict[str, Any]

# What the other events say of them is `detail`.
_DETAILED = {Kind.PARKED, Kind.ASKED, Kind.COMPLETED, Kind.FAILED, Kind.ASSIGNED_TO_PEOPLE}
_EMPTYING = {Kind.ANSWERED, Kind.REASSIGNED, Kind.REOPENED, Kind.HANDED_BACK, Kind.TAKEN_OVER}

# They say whom the case is for, or that it is for nobody in particular.
_MEANT = {
    *(Kind.CREATED, Kind.HANDED_OVER, Kind.RELEASED, Kind.REASSIGNED, Kind.REOPENED),
    *(Kind.HANDED_BACK, Kind.TAKEN_OVER, Kind.ASSIGNED_TO_PEOPLE, Kind.UNDONE),
}
_RANKS = {
    Kind.HANDED_OVER: Case.Rank.HANDED_OVER,
    Kind.DUE: Case.Rank.DUE,
    Kind.REASSIGNED: Case.Rank.NEW,
    Kind.REOPENED: Case.Rank.NEW,
    Kind.HANDED_BACK: Case.Rank.NEW,
    Kind.RELEASED: Case.Rank.NEW,
}


def replay(events: Iterable[CaseEvent]) -> Fields:
    """Return the fields as they were after the last of these events of one case, by seq and from the first on.

    `data` is among them only once it was changed: the first event does not repeat it.
    """
    fields: Fields = {
        "status": Status.PENDING,
        "detail": "",
        "assignee_id": None,
        "worked_by_id": None,
        "rank": Case.Rank.NEW,
        "hops": 0,
        "is_deleted": False,
    }
    for event in events:
        fields["last_seq"] = event.seq
        if event.kind == Kind.CREATED:
            fields |= {name: event.data[name] for name in ("title", "priority", "labels") if name in event.data}
        if event.kind == Kind.UPDATED:
            fields |= {name: change["new"] for name, change in event.data.get("changes", {}).items()}
            fields |= {"assignee_id": None} if event.data.get("unassigned") else {}
        elif event.kind == Kind.DELETED:
            fields["is_deleted"] = True
        elif event.kind == Kind.ASSIGNED:
            fields["assignee_id"] = None
        elif event.kind not in UNMOVING:
            fields |= _moved(event, fields)
    return fields


def _moved(event: CaseEvent, before: Fields) -> Fields:
    said = event.data
    fields: Fields = {
        "status": event.status,
        "reason": event.reason if event.status == Status.NEEDS_INPUT else "",
        "due_at": _moment(said.get("until")),
        "taken_by": said.get("taken_by", ""),
        "owner_id": said.get("owner_id"),
        "group_id": _id(said.get("group_id")),
        "take_by": _moment(said.get("take_by")),
        "hops": 0 if event.actor else before["hops"] + (event.kind == Kind.HANDED_OVER),
    }
    to_people = event.kind in (Kind.HANDED_OVER, Kind.REROUTED) and event.status == Status.NEEDS_INPUT
    if to_people and event.kind == Kind.HANDED_OVER:
        fields["hops"] = 0
    if event.kind in _DETAILED or event.reason == Reason.DECLINED or to_people:
        fields["detail"] = event.text
    elif event.kind in _EMPTYING or (event.kind == Kind.DUE and said):
        fields["detail"] = ""
    return fields | _whose(event)


def _whose(event: CaseEvent) -> Fields:
    """Return what the move says of who has the case, and of its place among those that wait."""
    said = event.data
    fields: Fields = {}
    if event.kind in _MEANT:
        fields["assignee_id"] = UUID(said["target_id"]) if said.get("target_id") else None
    if event.kind in _RANKS and not (event.kind == Kind.DUE and said):
        fields["rank"] = said.get("rank", _RANKS[Kind(event.kind)])
    if event.kind == Kind.REROUTED and event.reason == Reason.WITH_PEOPLE:
        fields["assignee_id"] = None
    if event.kind in (Kind.DECLINED, Kind.REROUTED) and event.status == Status.PENDING:
        fields |= {"assignee_id": UUID(said["target_id"]), "rank": Case.Rank.HANDED_OVER}
    if event.kind == Kind.STARTED:
        fields |= {"assignee_id": event.agent_id, "worked_by_id": event.agent_id}
    if event.kind == Kind.UNDONE:
        again = said["fields"]
        times = {name: _moment(again.get(name)) for name in ("due_at", "take_by")}
        fields |= {**again, **times, "group_id": _id(again.get("group_id")), "is_deleted": False}
    return fields


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
