"""A handover to people, applied or cancelled when the run completes."""

from functools import partial

from django.db import transaction

from cases.models import Case
from cases.work import lifecycle as case_lifecycle
from data import rows
from runs.models import Handover, Outcome, Run
from runs.notifications import case_email, run_webhooks
from runs.record import lifecycle
from runs.record.outcomes import Broken, HandedToPeople
from runs.telemetry import counters
from runs.tools import people_targets
from teams.audit.actors import BATON

from . import handovers


def apply(run: Run, case: Case | None, wanted: HandedToPeople) -> Broken | None:
    """Completes the run with it: the case waits for people. Both rows are locked. A try has no case, and no effect.

    Those who are gone cannot take it: what is returned then says why the run cannot end so.
    """
    handover = handovers.requested(run, wanted)
    if case is None:
        handover.save()
        lifecycle.complete(run, Outcome.HANDED_OVER, wanted.text)
        return None
    if people_targets.are_gone(wanted.target, run.team_id):
        message = f"{wanted.target.name} can no longer take cases."
        handovers.cancel(handover, run, case, "target_unavailable", message)
        return Broken("target_unavailable", message)
    said = "\n\n".join(filter(None, [wanted.reason, wanted.note]))
    case_lifecycle.hand_over_to_people(case, wanted.target, said, agent_id=run.agent_id, run_id=run.pk)
    handover.status, handover.applied_at = Handover.Status.APPLIED, rows.NOW
    rows.insert([handover])
    run_webhooks.handed_over(handover, run)
    case_email.assigned(case, BATON)
    transaction.on_commit(partial(counters.count, "handovers"), robust=True)
    lifecycle.complete(run, Outcome.HANDED_OVER, wanted.text)
    return None
