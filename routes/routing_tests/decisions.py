"""Decisions: what a run can decide, as tests expect it and checks compare it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from builder.models import Agent
from data.errors import Refused
from data.ids import parse_uuid
from routes.models import RoutingTest
from teams.models import Team

type Decision = dict[str, Any]

HAND_OVER, ASK, ANSWER, DIVERGENT, NONE = "hand_over", "ask", "answer", "divergent", "none"
# The decisions other than a handover, by mode.
PLAIN = {
    RoutingTest.Mode.CASE: ("complete", ASK, "postpone", "fail", "decline"),
    RoutingTest.Mode.STANDALONE: (ANSWER, ASK),
}
_MOST = 10


def checked(agent: Agent, mode: str, wanted: Iterable[Mapping[str, Any]]) -> list[Decision]:
    """The decisions as they are kept, each once. Refused, naming the place, when one of them can never be."""
    found: list[Decision] = []
    for number, one in enumerate(wanted):
        decision = _checked(agent, mode, one, f"expected.{number}")
        found += [decision] if decision not in found else []
    if not found:
        raise _wrong("expected", "Choose at least one decision.")
    if len(found) > _MOST:
        raise _wrong("expected", f"At most {_MOST} decisions can pass.")
    return found


def _checked(agent: Agent, mode: str, wanted: Mapping[str, Any], place: str) -> Decision:
    decision = str(wanted.get("decision", ""))
    possible = {HAND_OVER, *PLAIN[RoutingTest.Mode(mode)]}
    if decision not in possible:
        raise _wrong(f"{place}.decision", f"In this mode a run can decide: {', '.join(sorted(possible))}.")
    if decision != HAND_OVER:
        return {"decision": decision}
    if wanted.get("user_id") or wanted.get("group_id"):
        raise _wrong(place, "Agents hand over to agents: choose an agent, or expect “ask” for a person.")
    target = _target(agent.team, wanted.get("agent_id"))
    if target is None:
        raise _wrong(f"{place}.agent_id", "There is no such agent.")
    if target.pk == agent.pk:
        raise _wrong(f"{place}.agent_id", f"{agent.name} cannot hand over to itself. Choose another agent.")
    return {"decision": HAND_OVER, "agent_id": str(target.pk)}


def _target(team: Team, id: Any) -> Agent | None:
    known = id if isinstance(id, UUID) else parse_uuid(str(id or ""))
    return team.agents.live().filter(pk=known).first() if known else None


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})


def targets(decisions: Iterable[Decision]) -> set[UUID]:
    """Whom they hand over to."""
    return {UUID(one["agent_id"]) for one in decisions if one.get("agent_id")}


def is_void(expected: Iterable[Decision], deleted: set[UUID]) -> bool:
    """Whether nothing that is expected can be any more: every one is a handover to an agent that was deleted."""
    return all(one["decision"] == HAND_OVER and UUID(one["agent_id"]) in deleted for one in expected)


_WORDS = {
    "complete": "Complete the case",
    "fail": "Close the case as failed",
    "postpone": "Postpone the case",
    "decline": "Decline the case",
    ASK: "Ask a person",
    ANSWER: "Answer",
}


def in_words(decision: Decision | None, names: Mapping[UUID, str]) -> str:
    """`names` of agents by id. A decision that is not known is “Not tested”."""
    if decision is None:
        return "Not tested"
    match decision["decision"]:
        case "hand_over":
            return f"Hand over to {names.get(UUID(decision['agent_id']), 'an agent that is gone')}"
        case "divergent":
            return f"Called {decision['call']}, which was not recorded"
        case "none":
            return f"Decided nothing ({decision['code'].replace('_', ' ')})"
        case known:
            return _WORDS[known]
