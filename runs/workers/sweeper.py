"""What the clock looks after: lost runs, due cases, the work of deleted agents, and wake-ups that got lost."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from cases.models import Reason
from cases.work import lifecycle as case_lifecycle
from data.redis import bell
from runs.models import Run
from runs.people import deadlines, moves
from runs.record import claims, lifecycle
from runs.schedules import schedules

from . import dispatcher


def sweep(*, judges_leases: bool = True) -> bool:
    """One round. Everything here may run twice or late without harm. False when there is work and no bell to ring."""
    if judges_leases:
        take_back(claims.lapsed())
    with transaction.atomic():
        case_lifecycle.wake_due_cases()
    moves.release_work_of_deleted_agents()
    deadlines.remind_of_what_is_due_soon()
    deadlines.pass_on_what_is_due()
    schedules.start_due()
    return not has_due_work() or bell.ring_now()


def take_back(lost: QuerySet[Run]) -> None:
    """Runs whose worker is gone go on elsewhere, or park their case when that happened too often."""
    for run_id in list(lost.values_list("pk", flat=True)):
        _take_back(run_id, lost)


def take_back_from(worker: str) -> None:
    """All runs of a worker that is known to be dead."""
    take_back(Run.objects.running().filter(worker=worker))


@transaction.atomic
def _take_back(run_id: UUID, lost: QuerySet[Run]) -> None:
    case_id = Run.objects.values_list("case_id", flat=True).get(pk=run_id)
    case = case_lifecycle.lock(case_id) if case_id else None
    # Seen again under the lock: it may have been renewed, ended, or be in other hands meanwhile.
    run = lost.select_for_update(no_key=True).filter(pk=run_id).first()
    if run is not None and not lifecycle.lose(run) and case is not None and case.fence == run.case_fence:
        case_lifecycle.park(case, Reason.RUN_LOST, run.error, agent_id=run.agent_id, run_id=run.pk)


def has_due_work() -> bool:
    """Is there a run to claim, or a case that a consumer with a free place could take?"""
    return claims.has_due() or dispatcher.has_work()
