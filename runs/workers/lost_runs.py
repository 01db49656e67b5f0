"""Lost runs: their worker died, or its lease lapsed."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from cases.models import Reason
from cases.work import lifecycle as case_lifecycle
from runs.models import Run
from runs.record import lifecycle


def take_back(lost: QuerySet[Run]) -> None:
    """Let the runs whose worker is gone continue elsewhere. One that was lost too often parks its case."""
    for run_id in list(lost.values_list("pk", flat=True)):
        _take_back(run_id, lost)


def take_back_from(worker: str) -> None:
    """Take back all runs of a worker that is known to be dead."""
    take_back(Run.objects.running().filter(worker=worker))


@transaction.atomic
def _take_back(run_id: UUID, lost: QuerySet[Run]) -> None:
    # Without a lock, since the case has to be locked before its run. A run never changes its case.
    case_id = Run.objects.values_list("case_id", flat=True).get(pk=run_id)
    case = case_lifecycle.lock(case_id) if case_id else None
    # Look again under the lock: the run may have been renewed, have ended, or belong to another worker by now.
    run = lost.select_for_update(no_key=True).filter(pk=run_id).first()
    if run is not None and not lifecycle.lose(run) and case is not None and case.fence == run.case_fence:
        case_lifecycle.park(case, Reason.RUN_LOST, run.error, agent_id=run.agent_id, run_id=run.pk)
