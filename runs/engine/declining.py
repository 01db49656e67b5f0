"""Declining: an agent that was handed a case says that it is not for it. The case goes back to the agent that handed it
over, once; after that a person decides.
"""

from collections.abc import Iterable

from cases.models import Case, Kind
from cases.work import lifecycle as case_lifecycle
from data import rows
from runs.models import Handover, Run

from .targets import judge


def may_decline(run: Run, earlier: Iterable[Handover]) -> bool:
    """Whether an agent handed the run's agent the case. One that gets its own handover back was handed nothing."""
    if run.case_id is None or run.trigger != Run.Trigger.HANDOVER:
        return False
    return any(row.target_id == run.agent_id for row in earlier)


def apply(run: Run, case: Case, reason: str) -> None:
    """Gives the case back, or to a person. Both rows are locked, and the run is completed."""
    handover = Handover.brought(Handover.applied(*rows.read(Handover.applied_on(case.pk))), run.agent_id)
    assert handover  # the tool is offered only to who was handed the case
    Handover.objects.filter(pk=handover.pk).update(is_declined=True)
    sender = handover.source_agent
    is_second = case.events.filter(kind=Kind.DECLINED).exists()
    obstacle = None if is_second else judge(sender, case)[0]
    said = f"{reason}\n\nIt cannot go back: {obstacle}" if obstacle else reason
    to = None if is_second or obstacle else sender
    case_lifecycle.decline(case, run.agent, to, said, run_id=run.pk)
