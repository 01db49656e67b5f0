"""The only code that moves a case from one status to another.

Every verb takes a case whose row the caller has locked with `lock`, inside a transaction. Locks are always taken in
the order queue, case, run.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, Kind, Reason, Status
from cases.timeline import timeline
from data import rows
from data.errors import Refused
from data.redis import bell
from data.texts.text import storable
from teams.audit.actors import BATON, Actor
from teams.models import User

from . import goals
from .people import People, again_fields, as_data, fields_of, kept_fields
from .people import told as told_of

# What an agent is told along with a case, besides the note: fields by their names, or why they are left out.
type Told = dict[str, Any]
NOTHING: Told = {}


MOVES: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(
        {Status.PENDING, Status.IN_PROGRESS, Status.NEEDS_INPUT, Status.POSTPONED, Status.COMPLETED, Status.FAILED}
    ),
    Status.IN_PROGRESS: frozenset(
        {Status.PENDING, Status.NEEDS_INPUT, Status.POSTPONED, Status.COMPLETED, Status.FAILED}
    ),
    Status.NEEDS_INPUT: frozenset(
        {Status.PENDING, Status.IN_PROGRESS, Status.NEEDS_INPUT, Status.POSTPONED, Status.COMPLETED, Status.FAILED}
    ),
    Status.POSTPONED: frozenset(
        {Status.PENDING, Status.POSTPONED, Status.NEEDS_INPUT, Status.COMPLETED, Status.FAILED}
    ),
    Status.COMPLETED: frozenset({Status.PENDING}),
    Status.FAILED: frozenset({Status.PENDING}),
}


# The values that a move sets unless its verb gives others.
_UNLESS_SAID: Mapping[str, Any] = {
    **{"reason": "", "due_at": None, "taken_by": "", "owner_id": None},
    **{"group_id": None, "take_by": None, "overdue_at": None},
}


class IllegalMove(Refused):
    """The case cannot go from where it is to where it was told to go."""


def lock(case_id: UUID) -> Case:
    """Lock the case and return it as it is, until the transaction ends."""
    if case := rows.fetch_first(Case, "where id = %s for no key update", [case_id]):
        return case
    raise Case.DoesNotExist


def _move(case: Case, to: Status, kind: Kind, *, changes: Mapping[str, Any] | None = None, **about: Any) -> None:
    if to not in MOVES[Status(case.status)] and kind != Kind.UNDONE:
        raise IllegalMove(
            f"This case is {Status(case.status).label.lower()}, so it cannot become {to.label.lower()}.", "illegal_move"
        )
    if case.look_by or case.done_by:
        goals.book_missed(case)
    # Handovers are counted since a person, or a program of theirs, last acted.
    by_people = about.get("by", BATON).is_outside
    fields = {**_UNLESS_SAID, **({"hops": 0} if by_people else {}), **(changes or {})}
    # The goal for a first look is met by the first act of a person, or when an agent starts.
    if case.looked_at is None and (by_people or kind == Kind.STARTED):
        fields["looked_at"] = rows.NOW
    fields |= {"status": to, "moved_at": rows.NOW}
    case.owned_before = case.owner_id
    for name, value in fields.items():
        setattr(case, name, storable(value))
    # The run that worked on the case until now holds an older fence, so nothing that it still writes is taken.
    case.fence += 1
    timeline.record(case, kind, changed=[*fields, "fence"], **about)


def start(case: Case, agent: Agent, run_id: UUID, revision: int) -> None:
    """Start an agent's work on the case. The reverse is `release`."""
    _move(
        case,
        Status.IN_PROGRESS,
        Kind.STARTED,
        changes={"assignee_id": agent.pk, "worked_by_id": agent.pk},
        agent_id=agent.pk,
        run_id=run_id,
        data={"agent_name": agent.name, "revision": revision},
    )


def release(case: Case, *, to: Agent | None = None, rank: int = Case.Rank.NEW, **about: Any) -> None:
    """Return the case to its queue, for one agent or for any."""
    changes = {"assignee_id": to.pk if to else None, "rank": rank}
    _move(case, Status.PENDING, Kind.RELEASED, changes=changes, data={"rank": rank, **_meant_for(to)}, **about)
    bell.ring()


def hand_over(
    case: Case,
    target: Agent,
    reason: str,
    note: str,
    fields: Mapping[str, Any] | None = None,
    *,
    agent_id: UUID,
    run_id: UUID,
    starts: bool = False,
) -> None:
    """Return the case to its queue for the target, ahead of new cases; unless the target `starts` right away.
    `fields`: what the target needed, by name.
    """
    _move(
        case,
        Status.PENDING,
        Kind.HANDED_OVER,
        changes={"assignee_id": target.pk, "rank": Case.Rank.HANDED_OVER, "hops": case.hops + 1},
        agent_id=agent_id,
        run_id=run_id,
        text=reason,
        data={**_meant_for(target), "note": note, **({"fields": dict(fields)} if fields else {})},
    )
    # One free place is enough for one case, so one worker is woken. The sender itself looks when it becomes idle.
    if not starts:
        bell.ring_for_one()


def hand_over_to_people(case: Case, people: People, text: str, *, agent_id: UUID, run_id: UUID) -> None:
    """Let the case wait for people. Handovers are counted from zero, as after each act of theirs."""
    fields = fields_of(people)
    changes = {"reason": Reason.WITH_PEOPLE, "detail": text, "assignee_id": None, "hops": 0, **fields}
    _move(
        case,
        Status.NEEDS_INPUT,
        Kind.HANDED_OVER,
        changes={**changes, "rank": Case.Rank.HANDED_OVER},
        agent_id=agent_id,
        run_id=run_id,
        reason=Reason.WITH_PEOPLE,
        text=text,
        data={**as_data(fields), **told_of(people)},
    )


def reroute(case: Case, rule: str, to: Agent | People | None, text: str) -> None:
    """Send a case on whose target cannot take it, as the target's rule says: to another agent or to people. Without
    either it needs a person. `text` says why.
    """
    data = {"rule": rule, "from": case.assignee.name if case.assignee else ""}
    if isinstance(to, Agent):
        changes: dict[str, Any] = {"assignee_id": to.pk, "rank": Case.Rank.HANDED_OVER}
        _move(case, Status.PENDING, Kind.REROUTED, changes=changes, text=text, data={**data, **_meant_for(to)})
        bell.ring_for_one()
        return
    reason = Reason.WITH_PEOPLE if to else Reason.TARGET_UNAVAILABLE
    changes = {"reason": reason, "detail": text}
    if to:
        fields = fields_of(to)
        changes |= {"assignee_id": None, **fields}
        data |= {**as_data(fields), **told_of(to)}
    _move(case, Status.NEEDS_INPUT, Kind.REROUTED, changes=changes, reason=reason, text=text, data=data)


def decline(case: Case, agent: Agent, to: Agent | None, text: str, *, run_id: UUID) -> None:
    """Return a case that was handed over to who handed it over, ahead of new cases. Without `to` it needs a person."""
    about: dict[str, Any] = {"agent_id": agent.pk, "run_id": run_id, "text": text}
    data = {"agent_name": agent.name, **_meant_for(to)}
    if to is None:
        changes: dict[str, Any] = {"reason": Reason.DECLINED, "detail": text}
        _move(case, Status.NEEDS_INPUT, Kind.DECLINED, changes=changes, reason=Reason.DECLINED, data=data, **about)
        return
    changes = {"assignee_id": to.pk, "rank": Case.Rank.HANDED_OVER}
    _move(case, Status.PENDING, Kind.DECLINED, changes=changes, data=data, **about)
    bell.ring_for_one()


def ask(case: Case, reason: Reason, question: str, *, agent_id: UUID, run_id: UUID) -> None:
    """Let the case wait for a person, whom its agent asks. The reverse is `resume`."""
    _move(
        case,
        Status.NEEDS_INPUT,
        Kind.ASKED,
        changes={"reason": reason, "detail": question},
        agent_id=agent_id,
        run_id=run_id,
        reason=reason,
        text=question,
    )


def resume(case: Case, answer: str, *, by: Actor, agent_id: UUID, run_id: UUID, via: str = "") -> None:
    """Let the agent that asked continue. `via` says from where, if not from Baton's own pages."""
    about: dict[str, Any] = {"agent_id": agent_id, "run_id": run_id, "data": {"via": via} if via else None}
    _move(case, Status.IN_PROGRESS, Kind.ANSWERED, changes={"detail": ""}, by=by, text=answer, **about)


def park(case: Case, reason: Reason, detail: str, **about: Any) -> None:
    """Let the case, which cannot continue by itself, wait for a person."""
    changes = {"reason": reason, "detail": detail}
    _move(case, Status.NEEDS_INPUT, Kind.PARKED, changes=changes, reason=reason, text=detail, **about)


def postpone(case: Case, until: datetime, text: str, **about: Any) -> None:
    """Postpone the case. A case that is with people comes back to them."""
    keeper = kept_fields(case)
    data = {"until": until.isoformat(), **as_data(keeper)}
    _move(case, Status.POSTPONED, Kind.POSTPONED, changes={"due_at": until, **keeper}, text=text, data=data, **about)


def due(case: Case, text: str = "") -> None:
    """End the postponement of a case whose time has come, or earlier: then `text` says why."""
    # What people had before goes back to them, not to an agent.
    if keeper := again_fields(case):
        reason = Reason.WITH_PEOPLE if case.group_id else Reason.TAKEN_OVER
        changes = {"reason": reason, "detail": "", **keeper}
        _move(case, Status.NEEDS_INPUT, Kind.DUE, changes=changes, reason=reason, text=text, data=as_data(keeper))
        return
    _move(case, Status.PENDING, Kind.DUE, changes={"rank": Case.Rank.DUE}, text=text)
    bell.ring()


def complete(case: Case, summary: str, **about: Any) -> None:
    _move(case, Status.COMPLETED, Kind.COMPLETED, changes={"detail": summary}, text=summary, **about)


def fail(case: Case, why: str, **about: Any) -> None:
    _move(case, Status.FAILED, Kind.FAILED, changes={"detail": why}, text=why, **about)


def reassign(
    case: Case, *, by: Actor, to: Agent | None = None, note: str = "", told: Told = NOTHING, is_retry: bool = False
) -> None:
    """Send an open case to this agent, or to any of its queue. The note, and what it is told besides, are for the agent
    that takes it.
    """
    if case.is_closed:
        raise IllegalMove(f"This case is {Status(case.status).label.lower()}. Reopen it first.", "illegal_move")
    _send(case, Kind.REASSIGNED, to, by=by, text=note, data=_meant_for(to) | told | _retried(is_retry))


def reopen(
    case: Case, *, by: Actor, to: Agent | None = None, note: str = "", told: Told = NOTHING, is_retry: bool = False
) -> None:
    """Reopen a closed case; otherwise like `reassign`."""
    if not case.is_closed:
        raise IllegalMove("This case is open.", "illegal_move")
    data = {**_meant_for(to), "was_closed": True} | told | _retried(is_retry)
    _send(case, Kind.REOPENED, to, by=by, text=note, data=data, changes=goals.for_reopened_case(case.queue))


def _retried(is_retry: bool) -> dict[str, bool]:
    return {"is_retry": True} if is_retry else {}


def take_over(case: Case, *, by: Actor, taken_by: str, owner: User | None) -> None:
    """Take the case from its agent, so that no agent gets it. The reverse is `hand_back`. A case that is with people
    stays so, and its group is kept.
    """
    keeper = {"taken_by": taken_by[:100], "owner_id": owner.pk if owner else None, "group_id": case.group_id}
    data = as_data(keeper) | ({"group_name": case.group.name} if case.group else {})
    data = {**data, "from": case.taken_by} if case.taken_by else data
    reason = Reason.WITH_PEOPLE if case.reason == Reason.WITH_PEOPLE else Reason.TAKEN_OVER
    changes = {"reason": reason, "detail": "", "assignee_id": None, **keeper}
    _move(case, Status.NEEDS_INPUT, Kind.TAKEN_OVER, changes=changes, by=by, reason=reason, data=data)


def assign_to_people(case: Case, people: People, text: str, *, by: Actor = BATON) -> None:
    """Give the case to people, so that no agent gets it. The reverse is `hand_back`. `text`: what they should know."""
    fields = fields_of(people)
    data = {**as_data(fields), **told_of(people)}
    changes = {"reason": Reason.WITH_PEOPLE, "detail": text, "assignee_id": None, **fields}
    about: dict[str, Any] = {"by": by, "reason": Reason.WITH_PEOPLE, "text": text, "data": data}
    _move(case, Status.NEEDS_INPUT, Kind.ASSIGNED_TO_PEOPLE, changes=changes, **about)


def overdue(case: Case, text: str) -> None:
    """Record that nobody of the case's group took it in time. The case stays where it is."""
    case.overdue_at = timezone.now()
    case.save(update_fields=["overdue_at"])
    timeline.record(case, Kind.OVERDUE, text=text)


def hand_back(case: Case, *, by: Actor, to: Agent | None = None, note: str = "", told: Told = NOTHING) -> None:
    """Return a case that a person has taken over to an agent; the note is for that agent."""
    _send(case, Kind.HANDED_BACK, to, by=by, text=note, data=_meant_for(to) | told)


def put_back(
    case: Case, to: Status, fields: Mapping[str, Any], *, by: Actor, undoes: int, target: Agent | None
) -> None:
    """Undo a person's act, the event `undoes`: the case is where it was, with the fields as they were."""
    changes = {**fields, "assignee_id": target.pk if target else None, "deleted_at": None}
    data = {"undoes": undoes, "fields": as_data(dict(fields)), **_meant_for(target)}
    if case.is_closed:
        data["was_closed"] = True
    _move(case, to, Kind.UNDONE, changes=changes, by=by, reason=fields.get("reason", ""), data=data)
    if to == Status.PENDING:
        bell.ring()


def _send(case: Case, kind: Kind, to: Agent | None, changes: Mapping[str, Any] = NOTHING, **about: Any) -> None:
    fields = {"assignee_id": to.pk if to else None, "rank": Case.Rank.NEW, "detail": "", **changes}
    _move(case, Status.PENDING, kind, changes=fields, **about)
    bell.ring()


def _meant_for(agent: Agent | None) -> dict[str, Any]:
    return {"target_id": str(agent.pk), "target_name": agent.name} if agent else {}


def wake_due_cases(limit: int = 500) -> int:
    """Send postponed cases whose time has come back to their queues, in a transaction of its own."""
    cases = (
        Case.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(status=Status.POSTPONED, due_at__lte=Now(), deleted_at=None)
        .order_by(F("due_at"))[:limit]
    )
    found = list(cases)
    for case in found:
        due(case)
    return len(found)
