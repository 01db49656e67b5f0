"""Decisions: what a run can decide, as tests expect it and checks compare it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from builder.models import Agent
from data.errors import Refused
from data.ids import parse_uuid
from routes.models import RoutingTest
from teams.models import Group, Member, Team, User

type Decision = dict[str, Any]

HAND_OVER, ASK, ANSWER, DIVERGENT, NONE = "hand_over", "ask", "answer", "divergent", "none"
# The decisions other than a handover, by mode.
PLAIN = {
    RoutingTest.Mode.CASE: ("complete", ASK, "postpone", "fail", "decline"),
    RoutingTest.Mode.STANDALONE: (ANSWER, ASK),
}
# Whom a handover can name, and what they are.
TARGETS = {"agent_id": "agent", "user_id": "member", "group_id": "group"}
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
    given = [name for name in TARGETS if wanted.get(name)]
    if len(given) > 1:
        raise _wrong(f"{place}.{given[1]}", "Choose one: an agent, a member or a group.")
    name = given[0] if given else "agent_id"
    if name != "agent_id" and mode != RoutingTest.Mode.CASE:
        raise _wrong(f"{place}.{name}", "Only cases can be handed over to people. Choose an agent.")
    id = _as_id(wanted.get(name))
    if name == "agent_id" and id == agent.pk:
        raise _wrong(f"{place}.{name}", f"{agent.name} cannot hand over to itself. Choose another agent.")
    if id is None or not _is_here(agent.team, name, id):
        raise _wrong(f"{place}.{name}", f"There is no such {TARGETS[name]}.")
    return {"decision": HAND_OVER, name: str(id)}


def _as_id(id: Any) -> UUID | None:
    return id if isinstance(id, UUID) else parse_uuid(str(id or ""))


def _is_here(team: Team, name: str, id: UUID) -> bool:
    match name:
        case "agent_id":
            return bool(team.agents.live().filter(pk=id).exists())
        case "group_id":
            return bool(team.groups.live().filter(pk=id).exists())
        case _:
            return _receiving(team).filter(user__uuid=id).exists()


def _receiving(team: Team) -> QuerySet[Member]:
    """The members to whom cases can be handed over."""
    return Member.objects.filter(team=team, user__is_active=True).exclude(role=Member.Role.VIEWER)


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})


def target_id(decision: Decision) -> UUID | None:
    """The agent, member or group that it hands over to."""
    return next((UUID(decision[name]) for name in TARGETS if decision.get(name)), None)


def targets(decisions: Iterable[Decision]) -> set[UUID]:
    """Return whom they hand over to."""
    return {id for one in decisions if (id := target_id(one))}


def gone(team_id: UUID, decisions: Iterable[Decision]) -> set[UUID]:
    """Return whom of those that they hand over to nothing can be handed over to any more: deleted or deactivated."""
    ids: dict[str, set[UUID]] = {name: set() for name in TARGETS}
    for one in decisions:
        for name, found in ids.items():
            if one.get(name):
                found.add(UUID(one[name]))
    agents, users, groups = ids["agent_id"], ids["user_id"], ids["group_id"]
    if agents:
        agents -= set(Agent.objects.filter(team=team_id, pk__in=agents, deleted_at=None).values_list("pk", flat=True))
    if users:
        here = Member.objects.filter(team=team_id, user__uuid__in=users, user__is_active=True)
        users -= set(here.exclude(role=Member.Role.VIEWER).values_list("user__uuid", flat=True))
    if groups:
        groups -= set(Group.objects.live().filter(team=team_id, pk__in=groups).values_list("pk", flat=True))
    return agents | users | groups


def names(decisions: Iterable[Decision]) -> dict[UUID, str]:
    """Return what those that they hand over to are called, by id."""
    ids = targets(decisions)
    if not ids:
        return {}
    found: dict[UUID, str] = dict(Agent.objects.filter(pk__in=ids).values_list("pk", "name"))
    if left := ids - found.keys():
        found |= {user.uuid: str(user) for user in User.objects.filter(uuid__in=left)}
        found |= dict(Group.objects.filter(pk__in=left).values_list("pk", "name"))
    return found


def is_void(expected: Iterable[Decision], gone: set[UUID]) -> bool:
    """Return whether nothing that is expected can be any more: every one is a handover to someone who is gone."""
    return all(one["decision"] == HAND_OVER and target_id(one) in gone for one in expected)


_WORDS = {
    "complete": "Complete the case",
    "fail": "Close the case as failed",
    "postpone": "Postpone the case",
    "decline": "Decline the case",
    ASK: "Ask a person",
    ANSWER: "Answer",
}


_SAID = {name: name for names in PLAIN.values() for name in names} | {
    words.lower(): name for name, words in _WORDS.items()
}


def plain_of(words: str) -> str:
    """The decision other than a handover that the words name: “ask”, or “Ask a person”. Empty where they name none."""
    return _SAID.get(" ".join(words.split()).lower(), "")


def in_words(decision: Decision | None, names: Mapping[UUID, str]) -> str:
    """`names` as `names` finds them. A decision that is not known is “Not tested”."""
    if decision is None:
        return "Not tested"
    match decision["decision"]:
        case "hand_over":
            target = target_id(decision)
            return f"Hand over to {names.get(target, 'someone who is gone') if target else 'no one'}"
        case "divergent":
            return f"Called {decision['call']}, which was not recorded"
        case "none":
            return f"Decided nothing ({decision['code'].replace('_', ' ')})"
        case known:
            return _WORDS[known]
