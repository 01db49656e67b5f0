"""The wiring of an agent: the queues that it works and feeds, and what each agent it mentions can take over. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from builder.models import Agent, ServerTool
from builder.procedures.mentions import GROUP
from builder.procedures.needs import Need
from builder.procedures.people import PeopleTarget
from builder.procedures.plain_names import PlainName
from builder.procedures.targets import DELETED, OK, SELF, UNAVAILABLE, Target


@dataclass(frozen=True)
class QueueWork:
    """A queue that the agent works or feeds. `takers`: how many other agents take its cases now.

    `idle`: others that are connected and take none, known only when there is no taker.
    """

    queue: Any
    takers: int = 0
    idle: tuple[Agent, ...] = ()


@dataclass(frozen=True)
class Onward:
    """Another agent on the way of a case: whom its procedure mentions, and whether it says when a case is complete or
    can hand it to people.
    """

    agent: Agent
    target_ids: frozenset[UUID]
    completes: bool


@dataclass(frozen=True)
class Facts:
    """What there is to know. `text`, `works` and `feeds` (ids of queues) are as typed, the rest is as saved."""

    agent: Agent
    text: str = ""
    works: frozenset[UUID] = frozenset()
    feeds: frozenset[UUID] = frozenset()
    targets: Sequence[Target] = ()
    queues: Sequence[QueueWork] = ()
    consumed: Mapping[UUID, frozenset[UUID]] = field(default_factory=dict)  # by target: the queues that it works
    blocked: frozenset[UUID] = frozenset()  # targets that start no runs, for their own procedures
    unknown: Sequence[str] = ()  # names in mentions of nobody in this team
    plain_names: Sequence[PlainName] = ()  # names behind an @ that are no mentions
    is_reached: bool = True  # another agent mentions it, or someone has started it
    is_untested: bool = False  # it has worked lately, and no routing test guards its routes
    onward: Mapping[UUID, Onward] = field(default_factory=dict)
    offered: Sequence[Any] = ()  # queues that it could work, if it works none
    tools: Sequence[ServerTool] = ()  # of MCP servers, with these
    needed: Mapping[UUID, Sequence[Need]] = field(default_factory=dict)  # by target: what a handover to it must bring
    people: Sequence[PeopleTarget] = ()  # the members and groups that it mentions
    mapped: Mapping[UUID, Collection[str]] = field(default_factory=dict)  # by queue: what its sources bring

    @property
    def is_able(self) -> bool:
        """Would take cases now, if this were saved."""
        return not self.agent.is_paused and all(target.status != DELETED for target in self.targets)

    @property
    def usable(self) -> list[Agent]:
        return [target.agent for target in self.targets if target.status in (OK, UNAVAILABLE)]

    @property
    def worked(self) -> list[Any]:
        """The queues whose cases it works."""
        return [work.queue for work in self.queues if work.queue.pk in self.works]


# --- What each target can take -----------------------------------------------------------------


@dataclass(frozen=True)
class Reach:
    """A target with what it can take over: from cases of the agent's queues, and from standalone runs."""

    target: Target | PeopleTarget
    cases: str
    cases_tone: str
    alone: str
    alone_tone: str


def reaches(facts: Facts) -> list[Reach]:
    agents = [Reach(target, *_on_cases(facts, target), *_alone(facts, target)) for target in facts.targets]
    return [
        *agents,
        *(Reach(one, *_to_people(facts, one), "Only cases go to people", "neutral") for one in facts.people),
    ]


def _to_people(facts: Facts, target: PeopleTarget) -> tuple[str, str]:
    if target.status == DELETED:
        return f"None: {target.explanation}", "error"
    if not facts.works:
        return "This agent works no queue", "neutral"
    if target.kind == GROUP:
        return "Wait for a member to take them", "success"
    return "Go to their inbox", "success"


def _on_cases(facts: Facts, target: Target) -> tuple[str, str]:
    if target.status == DELETED:
        return "None: it was deleted", "error"
    if target.status == SELF:
        return "It has them already", "neutral"
    if not facts.works:
        return "This agent works no queue", "neutral"
    return _on_queues(facts, target.agent)


def _on_queues(facts: Facts, agent: Agent) -> tuple[str, str]:
    theirs, missing = shared(facts, agent)
    if not theirs:
        return f"None: it does not work {either([queue.name for queue in missing])}", "warning"
    if agent.is_paused:
        return "Wait until it is resumed", "warning"
    if agent.pk in facts.blocked:
        return "Wait: it mentions a deleted agent", "warning"
    names = both([queue.name for queue in theirs])
    return (f"Takes cases from {names} only", "warning") if missing else (f"Takes cases from {names}", "success")


def _alone(facts: Facts, target: Target) -> tuple[str, str]:
    if target.status == DELETED:
        return "None: it was deleted", "error"
    if target.status == SELF:
        return "Never starts itself", "neutral"
    if target.agent.is_paused:
        return "None while it is paused", "warning"
    if target.agent.pk in facts.blocked:
        return "None: it mentions a deleted agent", "warning"
    return "Starts a new run", "success"


def shared(facts: Facts, agent: Agent) -> tuple[list[Any], list[Any]]:
    """The queues of the agent at hand that the other one works too, and those that it does not."""
    theirs = facts.consumed.get(agent.pk, frozenset())
    worked = facts.worked
    return [queue for queue in worked if queue.pk in theirs], [queue for queue in worked if queue.pk not in theirs]


def both(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def either(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
