"""What a person gives an agent along with a case: the fields that the agent needs, or why they are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.models import Agent
from builder.procedures import fields
from builder.procedures.needs import NEEDS, Need
from data.errors import Refused
from data.texts.text import prose, storable

_REASON_LIMIT = 1000
REASON = "without_fields_reason"


@dataclass(frozen=True)
class Given:
    """`values` by the names of the agent's fields; `without_reason`: why some are left out."""

    values: Mapping[str, Any] = field(default_factory=dict)
    without_reason: str = ""


NOTHING = Given()


def needs_of(agent: Agent | None) -> list[Need]:
    return NEEDS.validate_python(agent.live_revision.needs) if agent else []


def check(agent: Agent | None, given: Given) -> dict[str, Any]:
    """What the case's event keeps of it. Refused, field by field, where the agent needs more and no reason is given."""
    checked = fields.check(needs_of(agent), storable(given.values))
    reason = prose(given.without_reason, REASON, _REASON_LIMIT).strip()
    if agent and checked.faults and not reason:
        names = ", ".join(f"“{fault.name}”" for fault in checked.faults)
        message = f"{agent.name} needs {names}. Fill them in, or say why they are left out."
        raise Refused(message, "invalid", {f"fields.{fault.name}": fault.message for fault in checked.faults})
    told: dict[str, Any] = {"fields": checked.values} if checked.values else {}
    return told | ({REASON: reason} if checked.faults else {})
