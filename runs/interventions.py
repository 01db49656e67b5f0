"""What people do to cases and runs: stop, complete, fail, postpone, send again. Each stops the case's live run first,
in the same transaction, so that a late write of the run finds its fence raised.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from builder.models import Agent
from cases import lifecycle as case_lifecycle
from cases import timeline
from cases.models import Case, Kind, Reason
from cases.models import Status as CaseStatus
from cases.queues import check_consumes
from teams import bell, live
from teams.actors import BATON, Actor
from teams.errors import Refused

from . import lifecycle
from .models import LIVE, Run, Status

_TEXT_LIMIT = 10_000


@transaction.atomic
def stop_run(run: Run, by: Actor) -> None:
    """Stops a live run at once; its case waits for a person."""
    case = case_lifecycle.lock(run.case_id) if run.case_id else None
    run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    why = f"{by.label} stopped the run."
    lifecycle.stop(run, why, by)
    if case is not None and case.fence == run.case_fence:
        case_lifecycle.park(case, Reason.RUN_STOPPED, why, by=by, run_id=run.pk)


def see(run: Run, by: Actor) -> None:
    """Somebody has looked at a run that failed without a case: it needs no more attention."""
    failed = Run.objects.filter(pk=run.pk, status=Status.FAILED, case=None, seen_at=None)
    if failed.update(seen_at=timezone.now(), seen_by=by.user):
        live.announce(run.team_id, "run", run.pk)


@transaction.atomic
def complete(case: Case, summary: str, by: Actor) -> Case:
    why = f"{by.label} completed the case."
    return _act(case, by, why, lambda row: case_lifecycle.complete(row, summary[:_TEXT_LIMIT], by=by))


@transaction.atomic
def fail(case: Case, reason: str, by: Actor) -> Case:
    why = f"{by.label} closed the case as failed."
    return _act(case, by, why, lambda row: case_lifecycle.fail(row, reason[:_TEXT_LIMIT], by=by))


@transaction.atomic
def postpone(case: Case, until: datetime, by: Actor) -> Case:
    if until <= timezone.now():
        raise Refused("Please choose a time in the future.", "invalid", {"until": "This time has passed."})
    why = f"{by.label} postponed the case."
    return _act(case, by, why, lambda row: case_lifecycle.postpone(row, until, "", by=by))


@transaction.atomic
def reprocess(case: Case, by: Actor, assignee: Agent | None = None) -> Case:
    """Through the queue again, for one agent or for any; also reopens a closed case."""
    if assignee is not None:
        check_consumes(assignee, case.queue, "assignee_id")
    why = f"{by.label} sent the case {f'to {assignee.name}' if assignee else 'through its queue again'}."
    return _act(case, by, why, lambda row: case_lifecycle.reopen(row, by=by, to=assignee))


@transaction.atomic
def delete(case: Case, by: Actor) -> None:
    """Soft: the case leaves every list and every queue; its timeline stays."""
    row = case_lifecycle.lock(case.pk)
    _stop_live_run(row, f"{by.label} deleted the case.", by)
    row.deleted_at = timezone.now()
    row.fence += 1
    row.save(update_fields=["deleted_at", "fence"])
    timeline.record(row, Kind.DELETED, by=by)
    timeline.announce(row)


def _act(case: Case, by: Actor, why: str, act: Callable[[Case], None]) -> Case:
    row = case_lifecycle.lock(case.pk)
    _stop_live_run(row, why, by)
    act(row)
    return row


def _stop_live_run(case: Case, why: str, by: Actor) -> None:
    run = Run.objects.select_for_update(no_key=True).filter(case=case, status__in=LIVE).first()
    if run is not None:
        lifecycle.stop(run, why, by)


def release_work_of_deleted_agents() -> None:
    """Runs of deleted agents stop; their cases go back to the queue for any agent. Part of every sweep."""
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
    if agent is None or not agent.is_deleted:
        return
    case.assignee = None
    case.save(update_fields=["assignee"])
    timeline.record(case, Kind.ASSIGNED, by=BATON, text=f"{agent.name} was deleted, so any agent may take this case.")
    bell.ring()
