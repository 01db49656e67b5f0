"""How a run ends, applied in one transaction: run, handover, case and events together."""

from datetime import timedelta

from django.db import transaction

from cases.models import Case, Kind, Reason
from cases.timeline import timeline
from cases.work import lifecycle as case_lifecycle
from data import rows
from runs.models import Outcome, Run, Status
from runs.opening import receiving
from runs.record import lifecycle
from runs.record.claims import Claim, lock, lock_both
from runs.record.outcomes import (
    Answered,
    Broken,
    CaseCompleted,
    CaseDeclined,
    CaseFailed,
    CasePostponed,
    Decided,
    HandedOver,
    HandedToPeople,
)

from . import handovers


@transaction.atomic
def fail(claim: Claim, broken: Broken) -> None:
    """End a run that cannot go on. Its case waits for a person."""
    run, case = lock_both(claim)
    with rows.at_once(commits=True):
        _break(run, case, broken)


def apply(run: Run, case: Case | None, ending: Decided | Broken) -> None:
    """Let the run end so. Both rows are locked. A try or a test of a sample ends as it would on a case, and no case
    moves.
    """
    match ending:
        case Broken():
            _break(run, case, ending)
        case Answered(text):
            lifecycle.complete(run, Outcome.ANSWERED, text)
        case CaseCompleted(summary):
            lifecycle.complete(run, Outcome.CASE_COMPLETED, summary)
            if case is not None:
                case_lifecycle.complete(case, summary, agent_id=run.agent_id, run_id=run.pk)
        case CaseFailed(reason):
            lifecycle.complete(run, Outcome.CASE_FAILED, reason)
            if case is not None:
                case_lifecycle.fail(case, reason, agent_id=run.agent_id, run_id=run.pk)
        case CasePostponed(until, reason):
            lifecycle.complete(run, Outcome.CASE_POSTPONED, reason)
            if case is not None:
                case_lifecycle.postpone(case, until, reason, agent_id=run.agent_id, run_id=run.pk)
        case CaseDeclined(reason):
            lifecycle.complete(run, Outcome.CASE_DECLINED, reason)
            if case is not None:
                receiving.decline(run, case, reason)


def _break(run: Run, case: Case | None, broken: Broken) -> None:
    lifecycle.fail(run, broken.code, broken.message)
    if case is not None:
        reason = Reason(broken.code) if broken.code in Reason.values else Reason.RUN_FAILED
        about = {"agent_id": run.agent_id, "run_id": run.pk, "data": dict(broken.data)}
        case_lifecycle.park(case, reason, broken.message, **about)


@transaction.atomic
def give_back(claim: Claim) -> None:
    """The worker shuts down or the team is paused: it goes on later from the last step; that counts as no loss."""
    lifecycle.release(lock(claim))


@transaction.atomic
def retry_later(claim: Claim, delay: timedelta, error: str) -> None:
    lifecycle.retry_later(lock(claim), delay, error)


@transaction.atomic
def note_refusal(claim: Claim, intended: HandedOver | HandedToPeople | None = None) -> None:
    """A write came too late: the run ended, or is another's.

    After a person's stop there is nothing to tell but the handover that was not applied.
    """
    case = case_lifecycle.lock(claim.case_id) if claim.case_id else None
    run = Run.objects.get(pk=claim.run_id)
    if run.fence == claim.fence and run.status not in (Status.QUEUED, Status.RUNNING):
        return  # it was this claim's own write that ended the run, and only the answer got lost
    if run.status != Status.STOPPED:
        if case is not None:
            timeline.record(case, Kind.STALE_WRITE_REFUSED, agent_id=run.agent_id, run_id=run.pk)
    elif intended:
        handovers.cancel_after_stop(run, case, intended)
