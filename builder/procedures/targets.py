"""Whom an agent may hand over to, as its live revision says, and what is wrong with that."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from builder.models import Agent, Mention, QueueConnection, Revision
from builder.usage.limits import overspent
from data.errors import Refused
from teams.settings import pausing

OK, DELETED, UNAVAILABLE, SELF = "ok", "deleted", "unavailable", "self"


@dataclass(frozen=True)
class Target:
    """A mentioned agent as the mentioning one sees it. `status`: ok, deleted, unavailable or self."""

    agent: Agent
    status: str
    explanation: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that needs fixing. A `blocking` one keeps the agent from starting runs. `about`: the mentioned."""

    code: str
    message: str
    blocking: bool = False
    about: tuple[Agent, ...] = ()


def queues_of(agent: Agent, role: QueueConnection.Role = QueueConnection.Role.CONSUMER) -> set[UUID]:
    return set(agent.queue_connections.filter(role=role).values_list("queue_id", flat=True))


def targets(agent: Agent, revision: Revision | None = None) -> list[Target]:
    """The agents that the revision (default: the live one) mentions, in the order of the text."""
    revision = revision or agent.live_revision
    mentions = revision.mentions.select_related("target").prefetch_related("target__queue_connections")
    return judge(agent, queues_of(agent), mentions)


def judge(agent: Agent, mine: set[UUID], mentions: Iterable[Mention]) -> list[Target]:
    """The same from rows at hand: mentions with their targets, and these with their queue connections."""
    return judge_agents(agent, mine, [mention.target for mention in mentions])


def judge_agents(agent: Agent, mine: set[UUID], mentioned: Iterable[Agent]) -> list[Target]:
    """The same from the mentioned agents, with their queue connections."""
    return [_target(agent, target, mine, consumed(target.queue_connections.all())) for target in mentioned]


def consumed(connections: Iterable[QueueConnection]) -> set[UUID]:
    """The queues that these connections consume."""
    return {connection.queue_id for connection in connections if connection.role == QueueConnection.Role.CONSUMER}


def _target(agent: Agent, target: Agent, mine: set[UUID], theirs: set[UUID]) -> Target:
    if target.pk == agent.pk:
        return Target(target, SELF, "This is the agent itself, so nothing can be handed over to it.")
    if target.is_deleted:
        return Target(target, DELETED, "This agent was deleted.")
    if mine and not mine & theirs:
        return Target(target, UNAVAILABLE, f"{target.name} works none of {agent.name}’s queues.")
    return Target(target, OK, "Paused: cases wait for it." if target.is_paused else "")


def problems(agent: Agent, found: list[Target] | None = None) -> list[Problem]:
    found = targets(agent) if found is None else found
    list_of = []
    if deleted := tuple(target.agent for target in found if target.status == DELETED):
        list_of.append(
            Problem(
                "deleted_target",
                f"The procedure mentions {_names([gone.name for gone in deleted])}, now deleted. {agent.name}"
                " starts no runs until the mention is removed and the procedure saved.",
                blocking=True,
                about=deleted,
            )
        )
    list_of += [
        Problem("target_unavailable", f"{target.explanation} Cases cannot be handed over to it.", about=(target.agent,))
        for target in found
        if target.status == UNAVAILABLE
    ]
    if any(target.status == SELF for target in found):
        list_of.append(Problem("self_mention", "The procedure mentions the agent itself. That has no effect."))
    return list_of


def check_may_start(agent: Agent) -> None:
    """Refused with the reason when the agent may not start a new run."""
    if agent.is_deleted:
        raise Refused(f"{agent.name} was deleted.", "agent_deleted")
    if blocking := [problem for problem in problems(agent) if problem.blocking]:
        raise Refused(blocking[0].message, blocking[0].code)
    if agent.is_paused:
        raise Refused(f"{agent.name} is paused. Resume it to start a run.", "agent_paused")
    check_limits(agent)


def check_limits(agent: Agent) -> None:
    """Refused when work is paused, or the agent or its team has spent what it may today."""
    pausing.check_at_work(agent.team_id)
    if found := overspent([agent]).get(agent.pk):
        raise Refused(f"{agent.name} starts nothing new: {found.words}. {found.help}", "spending_limit")


def _names(names: list[str]) -> str:
    quoted = [f"@{name}" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
