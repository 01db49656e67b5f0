"""What a receiver needs to be told: the fields that a handover on a case brings, and what happens without them. And
what happens when the receiver says that the case is not for it.

Without a case nothing is passed on, so nothing is asked for.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from builder.models import Agent
from builder.procedures import fields
from builder.procedures.fields import Checked, Fault, Values
from builder.procedures.needs import Need, name_key
from cases.models import Case, Kind
from cases.work import lifecycle as case_lifecycle
from data import rows
from data.errors import Refused
from data.texts.text import storable
from runs.models import Handover, Run, Step
from runs.record.outcomes import Broken
from runs.record.steps import Work

from .targets import judge

# The code of refused requests, and the reason of a case that waits for a person because of them.
INCOMPLETE = "incomplete_handover"
_MISSES = 3


class Incomplete(Refused):
    """A request that lacks what the target needs. `data`: the target, the names, and what was brought or is known."""

    def __init__(self, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message, INCOMPLETE)
        self.data = data


def check(case: Case | None, target: Agent, needs: Iterable[Need], given: Mapping[str, Any]) -> Values:
    """Return the fields for the target. Raise Refused, in words for the model, with the name of each that is missing or
    wrong.
    """
    checked = fields.check(needs, storable(given))
    if not checked.faults:
        return checked.values
    keys = list(case.data) if case and isinstance(case.data, dict) else []
    words = " ".join(_with_hint(fault, keys) for fault in checked.faults)
    names = ", ".join(f"“{fault.name}”" for fault in checked.faults)
    message = f"{target.name} needs more to take over. {words} Call request_handover again with {names} in fields."
    raise Incomplete(message, _lacking(target, checked))


def _lacking(target: Agent, checked: Checked) -> dict[str, Any]:
    """Return what is missing as the case's event keeps it, for the form that a person fills in."""
    missing = [fault.name for fault in checked.faults]
    return {"target_id": str(target.pk), "target_name": target.name, "fields": checked.values, "missing": missing}


def _with_hint(fault: Fault, keys: Iterable[str]) -> str:
    similar = ", ".join(f"“{key[:60]}”" for key in fields.similar_keys(fault.name, keys)[:3])
    return f"{fault.message} The case’s data has {similar}." if similar and fault.missing else fault.message


def found_in(case: Case | None, needs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the case's data says of the fields, under their very names, for the offline model, which makes up
    nothing.
    """
    data = {name_key(key): value for key, value in case.data.items()} if case and isinstance(case.data, dict) else {}
    return {need["name"]: data[key] for need in needs if (key := name_key(need["name"])) in data}


def given_up(work: Work) -> Broken | None:
    """Return how a run ends whose model requested a handover three times without the receiver's fields."""
    missed = work.results(INCOMPLETE)
    return Broken(INCOMPLETE, _said(missed[-1]), work.incomplete) if len(missed) >= _MISSES else None


def _said(step: Step) -> str:
    content: str = step.data["content"]
    return content.removeprefix("Error: ").partition(" Call request_handover again")[0]


def why_incomplete(target: Agent, needs: Iterable[Need], given: Mapping[str, Any]) -> Broken | None:
    """Return why a handover cannot be applied: the target asks for more than it did when the handover was requested."""
    checked = fields.check(needs, given)
    if not checked.faults:
        return None
    words = " ".join(fault.message for fault in checked.faults)
    return Broken(INCOMPLETE, f"{target.name} needs more to take over. {words}", _lacking(target, checked))


# --- Declining -------------------------------------------------------------------------------


def decline(run: Run, case: Case, reason: str) -> None:
    """Return the case to its sender, or to a person. Both rows are locked, and the run is completed."""
    earlier = Handover.applied(*rows.read(Handover.applied_on(case.pk)))
    handover = next((row for row in reversed(earlier) if row.target_id == run.agent_id), None)
    assert handover  # the tool is offered only to who was handed the case
    Handover.objects.filter(pk=handover.pk).update(is_declined=True)
    sender = handover.source_agent
    is_second = case.events.filter(kind=Kind.DECLINED).exists()
    obstacle = None if is_second else judge(sender, case)[0]
    said = f"{reason}\n\nIt cannot go back: {obstacle}" if obstacle else reason
    to = None if is_second or obstacle else sender
    case_lifecycle.decline(case, run.agent, to, said, run_id=run.pk)
