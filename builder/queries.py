"""Reading for lists and pages of agents."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from .models import Agent, QueueConnection, Revision
from .targets import Problem, Target, consumed, judge, problems


@dataclass(frozen=True)
class AgentDetails:
    """An agent with everything that its page and the API say about it."""

    agent: Agent
    revision: Revision
    consumes: list[QueueConnection] = field(default_factory=list)
    produces: list[UUID] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def with_details(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Agents that `details` takes, in a constant number of queries."""
    live = Revision.objects.filter(status=Revision.Status.LIVE)
    live = live.prefetch_related("mentions__target__queue_connections")
    return agents.prefetch_related("queue_connections", Prefetch("revisions", queryset=live, to_attr="live_revisions"))


def details(agent: Agent) -> AgentDetails:
    """Of an agent from `with_details`."""
    [revision] = agent.live_revisions  # type: ignore[attr-defined]
    connections = sorted(agent.queue_connections.all(), key=lambda connection: connection.pk)
    targets = judge(agent, consumed(connections), revision.mentions.all())
    return AgentDetails(
        agent,
        revision,
        consumes=[row for row in connections if row.role == QueueConnection.Role.CONSUMER],
        produces=[row.queue_id for row in connections if row.role == QueueConnection.Role.PRODUCER],
        targets=targets,
        problems=problems(agent, targets),
    )
