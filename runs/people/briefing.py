"""What a person gives an agent along with a case: the fields that the agent needs, or why they are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from builder.models import Agent, QueueConnection
from builder.procedures import fields
from builder.procedures.fields import Fault
from builder.procedures.needs import NEEDS, Need
from cases.models import Case, Reason
from data.errors import Refused
from data.texts.text import prose, storable

_REASON_LIMIT = 1000
REASON = "without_fields_reason"


@dataclass(frozen=True)
class Given:
    """What the receiver is told in fields. `values` by the names of the agent's fields; `without_reason`: why some are
    left out.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    without_reason: str = ""


NOTHING = Given()


def needs_of(agent: Agent | None) -> list[Need]:
    return NEEDS.validate_python(agent.live_revision.needs) if agent else []


def check(agent: Agent | None, given: Given) -> dict[str, Any]:
    """Return what the case's event keeps of it. Refused, field by field, where the agent needs more and no reason is
    given.
    """
    checked = fields.check(needs_of(agent), storable(given.values))
    reason = prose(given.without_reason, REASON, _REASON_LIMIT).strip()
    if agent and checked.faults and not reason:
        names = ", ".join(f"“{fault.name}”" for fault in checked.faults)
        message = f"{agent.name} needs {names}. Fill them in, or say why they are left out."
        raise Refused(message, "invalid", {f"fields.{fault.name}": fault.message for fault in checked.faults})
    told: dict[str, Any] = {"fields": checked.values} if checked.values else {}
    return told | ({REASON: reason} if checked.faults else {})


# --- What a handover lacked ------------------------------------------------------------------


@dataclass(frozen=True)
class Lacking:
    """A case that waits because of fields that `target` needs now: each with what is known of it, and what is wrong."""

    target: Agent
    needed: Sequence[tuple[Need, str, str]]


def lacking(case: Case) -> Lacking | None:
    """Return what a person can fill in to send the case on; nothing where its agent is gone, or does not work the
    queue.
    """
    if case.reason != Reason.INCOMPLETE_HANDOVER:
        return None
    event = case.events.filter(reason=Reason.INCOMPLETE_HANDOVER, data__has_key="target_id").order_by("seq").last()
    works = {"queue_connections__queue": case.queue_id, "queue_connections__role": QueueConnection.Role.CONSUMER}
    found = Agent.objects.live().filter(team=case.team_id, **works)
    target = found.filter(pk=event.data["target_id"]).first() if event else None
    if event is None or target is None:
        return None
    data = case.data if isinstance(case.data, dict) else {}
    needs = needs_of(target)
    # What the sender brought goes before what the details say under the same name.
    values = {**fields.check(needs, data).values, **fields.check(needs, event.data["fields"]).values}
    faults = {fault.name: _in_form(fault) for fault in fields.check(needs, values).faults}
    return Lacking(target, [(need, _typed(values.get(need.name)), faults.get(need.name, "")) for need in needs])


def _in_form(fault: Fault) -> str:
    return "Required." if fault.missing else fault.message


def _typed(value: Any) -> str:
    """Return the value as the form's field has it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
    return str(value)
