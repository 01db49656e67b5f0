"""Declining: an agent that was handed a case says that it is not for it. The case goes back to the agent that handed it
over, once; after that a person decides.
"""

from cases.models import Case, Kind
from cases.work import lifecycle as case_lifecycle
from data import rows
from runs.models import Handover, Outcome, Run
from runs.record import lifecycle

from .targets import judge


def apply(run: Run, case: Case, reason: str) -> None:
    """Completes the run with it. Both rows are locked."""
    lifecycle.complete(run, Outcome.CASE_DECLINED, reason)
    handover = Handover.brought(Handover.applied(*rows.read(Handover.applied_on(case.pk))), run.agent_id)
    assert handover  # the tool is offered only to who was handed the case
    Handover.objects.filter(pk=handover.pk).update(is_declined=True)
    sender = handover.source_agent
    is_second = case.events.filter(kind=Kind.DECLINED).exists()
    obstacle = None if is_second else judge(sender, case)[0]
    said = f"{reason}\n\nIt cannot go back: {obstacle}" if obstacle else reason
    to = None if is_second or obstacle else sender
    case_lifecycle.decline(case, run.agent, to, said, run_id=run.pk)
