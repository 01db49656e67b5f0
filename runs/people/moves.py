"""What people do to cases and runs: take over, hand back, reassign, retry, postpone, close, reopen, and undo.
Each stops the case's live run first, in the same transaction, so that a late write of the run finds its fence raised.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from builder.models import Agent
from cases.models import UNMOVING, Case, Kind, Reason
from cases.models import Status as CaseStatus
from cases.notifications import notifications
from cases.queues.queues import check_consumes
from cases.timeline import timeline
from cases.timeline.replay import replay
from cases.work import lifecycle as case_lifecycle
from cases.work.people import People
from data.errors import Refused
from data.redis import bell
from data.texts.text import prose
from runs.models import LIVE, Run, Status
from runs.notifications import case_email
from runs.record import lifecycle
from teams.access import live
from teams.audit import audit
from teams.audit.actors import BATON, Actor
from teams.models import User

from . import briefing
from .briefing import NOTHING, Given

_TEXT_LIMIT = 10_000


@transaction.atomic
def stop_run(run: Run, by: Actor) -> None:
    """Stop a live run at once; its case waits for a person."""
    case = case_lifecycle.lock(run.case_id) if run.case_id else None
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    why = f"{by.label} stopped the run."
    lifecycle.stop(run, why, by)
    audit.record(run.team_id, "run_stopped", f"Run of {run.agent.name}", by=by, of=run)
    if case is not None and case.fence == run.case_fence:
        case_lifecycle.park(case, Reason.RUN_STOPPED, why, by=by, run_id=run.pk)


@transaction.atomic
def requeue(run: Run) -> None:
    """Take a run from its worker, or from its wait for a retry: another worker continues from the last step."""
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    if run.status == Status.RUNNING:
        lifecycle.take_from_worker(run)
    # A queued run may wait for its provider; from now on it may be claimed at once.
    elif not Run.objects.filter(pk=run.pk, status=Status.QUEUED).update(available_at=Now()):
        raise Refused("Only runs that are queued or running can be queued again.", "illegal_move")
    else:
        bell.ring()
    audit.record(run.team_id, "run_requeued", f"Run of {run.agent.name}", of=run)


def mark_seen(run: Run, by: Actor) -> None:
    """Note that someone has looked at a run that failed without a case: it needs no more attention."""
    failed = Run.objects.filter(pk=run.pk, status=Status.FAILED, case=None, seen_at=None)
    if failed.update(seen_at=timezone.now(), seen_by=by.user):
        live.announce(run.team_id, "run", run.pk)


@transaction.atomic
def complete(case: Case, summary: str, by: Actor) -> Case:
    why = f"{by.label} completed the case."
    return _move(_lock(case), by, why, lambda row: case_lifecycle.complete(row, summary[:_TEXT_LIMIT], by=by))


@transaction.atomic
def fail(case: Case, reason: str, by: Actor) -> Case:
    why = f"{by.label} closed the case as failed."
    return _move(_lock(case), by, why, lambda row: case_lifecycle.fail(row, reason[:_TEXT_LIMIT], by=by))


@transaction.atomic
def postpone(case: Case, until: datetime, by: Actor) -> Case:
    if until <= timezone.now():
        raise Refused("Choose a time in the future.", "invalid", {"until": "This time has passed."})
    why = f"{by.label} postponed the case."
    return _move(_lock(case), by, why, lambda row: case_lifecycle.postpone(row, until, "", by=by))


@transaction.atomic
def take_over(case: Case, by: Actor, *, owner: User | None = None, from_another: bool = False) -> Case:
    """Give the case to a person until they hand it back: to the one who acts, or to the `owner` that a program names.

    It is taken from another person only with `from_another`, so that of two people who reach for a case one gets it.
    """
    owner = owner or by.user
    taken_by = str(owner) if owner else by.label
    row = _lock(case)
    _check_open(row)
    # A member by the id: the name is that of the time when they took it.
    is_theirs = row.owner_id == owner.pk if owner else row.taken_by == taken_by and row.owner_id is None
    # Pressing twice is no second event.
    if is_theirs and row.status == CaseStatus.NEEDS_INPUT:
        return row
    if row.taken_by and not is_theirs and not from_another:
        raise Refused(f"{row.holder} has taken this case over.", "taken_over")
    why = f"{taken_by} took the case over."
    case_email.taken(row)
    return _move(row, by, why, lambda row: case_lifecycle.take_over(row, by=by, taken_by=taken_by, owner=owner))


@transaction.atomic
def assign_to_people(case: Case, by: Actor, people: People, note: str = "") -> Case:
    """An open case goes to a member, a group, or the team's people; they are told by email, with the note."""
    note = _note(note)
    row = _lock(case)
    _check_open(row)
    why = f"{by.label} assigned the case to {people.name}."
    row = _move(row, by, why, lambda row: case_lifecycle.assign_to_people(row, people, note, by=by))
    case_email.assigned(row, by)
    return row


@transaction.atomic
def release(case: Case, by: Actor) -> Case:
    """Who has the case gives it back to the group that it is from, or to anyone of the team."""
    row = _lock(case)
    if not row.taken_by:
        raise Refused("Nobody has this case.", "not_taken_over")
    why = f"{by.label} unassigned the case."
    people = People(group=row.group if row.group and not row.group.is_deleted else None)
    return _move(row, by, why, lambda row: case_lifecycle.assign_to_people(row, people, row.detail, by=by))


@transaction.atomic
def hand_back(case: Case, by: Actor, to: Agent | None = None, note: str = "", given: Given = NOTHING) -> Case:
    """Hand a case that is with people back to an agent, which reads the note."""
    note = _note(note)
    row = _lock(case)
    _check_open(row)
    if not row.is_with_people:
        raise Refused("This case is not with people.", "not_taken_over")
    if to is not None:
        check_consumes(to, row.queue, "assignee_id")
    told = briefing.check(to, given)
    why = f"{by.label} handed the case back."
    return _move(row, by, why, lambda row: case_lifecycle.hand_back(row, by=by, to=to, note=note, told=told))


@transaction.atomic
def reassign(case: Case, by: Actor, to: Agent | None = None, note: str = "", given: Given = NOTHING) -> Case:
    """An open case goes to this agent, or to any of its queue; the note is for the agent that takes it. A paused one
    gets it too: the case waits for it, and says so.
    """
    note = _note(note)
    row = _lock(case)
    _check_open(row)
    told = briefing.check(to, given)
    return _send(row, by, to, note, f"{by.label} reassigned the case{f' to {to.name}' if to else ''}.", told=told)


@transaction.atomic
def reopen(case: Case, by: Actor, to: Agent | None = None, note: str = "", given: Given = NOTHING) -> Case:
    """Reopen a closed case; otherwise like `reassign`."""
    note = _note(note)
    row = _lock(case)
    if not row.is_closed:
        raise Refused("This case is open.", "illegal_move")
    told = briefing.check(to, given)
    return _send(row, by, to, note, f"{by.label} reopened the case{f' for {to.name}' if to else ''}.", told=told)


@transaction.atomic
def retry(case: Case, by: Actor) -> Case:
    """Let the agent that worked on it last try once more, or else any agent of its queue."""
    row = _lock(case)
    if row.status not in (CaseStatus.NEEDS_INPUT, CaseStatus.FAILED):
        raise Refused(f"This case is {_status(row)}: there is nothing to retry.", "illegal_move")
    return _send(row, by, row.worked_by, "", f"{by.label} retried the case.", told={}, is_retry=True)


def _send(
    row: Case, by: Actor, to: Agent | None, note: str, why: str, *, told: dict[str, Any], is_retry: bool = False
) -> Case:
    if to is not None:
        check_consumes(to, row.queue, "assignee_id")
    send = case_lifecycle.reopen if row.is_closed else case_lifecycle.reassign
    return _move(row, by, why, lambda row: send(row, by=by, to=to, note=note, told=told, is_retry=is_retry))


def _move(row: Case, by: Actor, why: str, move: Callable[[Case], None]) -> Case:
    """Move a case by hand, for pages, bulk actions, the admin and the API alike. The row is locked, and the verb's
    guard has passed. The live run stops first, so that nothing it still writes can follow the move.
    """
    _stop_live_run(row, why, by)
    move(row)
    audit.record(row.team_id, "case_moved", row, why, by=by)
    return row


def _check_open(row: Case) -> None:
    if row.is_closed:
        raise Refused(f"This case is {_status(row)}. Reopen it first.", "illegal_move")


def _status(row: Case) -> str:
    return CaseStatus(row.status).label.lower()


def _note(text: str) -> str:
    return prose(text, "note", _TEXT_LIMIT).strip()


# The acts of people that can be taken back, while nothing else has moved the case.
_UNDOABLE = {
    *(Kind.COMPLETED, Kind.FAILED, Kind.POSTPONED, Kind.REASSIGNED, Kind.REOPENED),
    *(Kind.TAKEN_OVER, Kind.ASSIGNED_TO_PEOPLE, Kind.HANDED_BACK, Kind.DELETED),
}
_KEPT = ("reason", "detail", "due_at", "taken_by", "owner_id", "group_id", "take_by", "rank")


@transaction.atomic
def undo(case: Case, seq: int, by: Actor) -> Case:
    """Undo the act that the event `seq` records. The agent that worked on the case then starts from scratch."""
    row = case_lifecycle.lock(case.pk)
    events = list(row.events.order_by("seq"))
    last = next((event for event in reversed(events) if event.kind not in UNMOVING), None)
    if last is None or last.seq != seq or last.kind not in _UNDOABLE or not last.actor:
        raise Refused("The case has moved on since, so this cannot be undone.", "moved_on")
    before = replay(event for event in events if event.seq < seq)
    fields = {name: before[name] for name in _KEPT if name in before}
    status = CaseStatus(before["status"])
    # The run that worked on it, or asked, was stopped.
    if status == CaseStatus.IN_PROGRESS or fields.get("reason") in (Reason.QUESTION, Reason.APPROVAL):
        status, fields = CaseStatus.PENDING, {**fields, "reason": "", "detail": ""}
    # The agent may have been deleted since; then any agent of the queue may take the case.
    agents = Agent.objects.live().filter(team=row.team_id, pk=before["assignee_id"])
    case_lifecycle.put_back(row, status, fields, by=by, undoes=seq, target=agents.first())
    audit.record(row.team_id, "case_moved", row, f"{by.label} took back what was done.", by=by)
    return row


@transaction.atomic
def delete(case: Case, by: Actor) -> None:
    """Delete the case softly: it leaves every list and every queue, and its timeline stays."""
    row = case_lifecycle.lock(case.pk)
    _stop_live_run(row, f"{by.label} deleted the case.", by)
    row.deleted_at = timezone.now()
    # Whatever the run that was stopped still writes is refused.
    row.fence += 1
    row.save(update_fields=["deleted_at", "fence"])
    timeline.record(row, Kind.DELETED, by=by)
    notifications.settle(row.team_id, [row.pk])
    audit.record(row.team_id, "case_deleted", row, by=by)
    timeline.announce(row)


def _lock(case: Case) -> Case:
    row = case_lifecycle.lock(case.pk)
    if row.deleted_at:
        raise Refused("This case was deleted.", "deleted")
    return row


def _stop_live_run(case: Case, why: str, by: Actor) -> None:
    run = Run.objects.select_for_update(no_key=True).filter(case=case, status__in=LIVE).first()
    if run is not None:
        lifecycle.stop(run, why, by)


def release_work_of_deleted_agents() -> None:
    """Stop the runs of deleted agents; their cases go back to the queue for any agent. A chore of the clock."""
    runs = Run.objects.filter(status__in=LIVE, agent__deleted_at__isnull=False)
    for run_id, case_id in runs.values_list("pk", "case_id"):
        _stop_for_deleted_agent(run_id, case_id)
    waiting = Case.objects.present().filter(
        status__in=[CaseStatus.PENDING, CaseStatus.POSTPONED], assignee__deleted_at__isnull=False
    )
    for case_id in waiting.values_list("pk", flat=True):
        _unassign(case_id)


@transaction.atomic
def _stop_for_deleted_agent(run_id: UUID, case_id: UUID | None) -> None:
    case = case_lifecycle.lock(case_id) if case_id else None
    # Look again under the lock, after the case's: the run may have ended in the meantime.
    run = Run.objects.select_for_update(no_key=True).filter(pk=run_id, status__in=LIVE).first()
    if run is None:
        return
    text = f"{run.agent.name} was deleted."
    lifecycle.stop(run, text)
    if case is not None and case.fence == run.case_fence:
        case_lifecycle.release(case, rank=case.rank, agent_id=run.agent_id, run_id=run.pk, text=text)


@transaction.atomic
def _unassign(case_id: UUID) -> None:
    case = case_lifecycle.lock(case_id)
    agent = case.assignee
    # Someone may have given the case to another agent in the meantime.
    if agent is None or not agent.is_deleted:
        return
    case.assignee = None
    case.save(update_fields=["assignee"])
    timeline.record(case, Kind.ASSIGNED, by=BATON, text=f"{agent.name} was deleted, so any agent may take this case.")
    bell.ring()
