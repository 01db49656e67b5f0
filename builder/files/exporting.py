"""A team's agents as files."""

from django.db.models import QuerySet

from builder.agents import queries
from builder.agents.queries import AgentDetails
from builder.models import Agent, QueueConnection
from builder.procedures import mentions
from data.errors import Refused
from teams.models import Team

from .archives import FILES_LIMIT, TextFile, names
from .markdown import AgentFile, write
from .test_files import beside, files_of_tests

_PRODUCER = QueueConnection.Role.PRODUCER


def export_agents(team: Team, name: str = "") -> list[TextFile]:
    """Of all live agents, by name, or of the one with that name. Refused when there are too many or none."""
    agents = team.agents.live().order_by("name", "pk")
    if name:
        agents = agents.filter(name__iexact=name)
    if (number := agents.count()) > FILES_LIMIT:
        raise Refused(
            f"{number:,} agents are too many for one archive, which holds {FILES_LIMIT:,}. Export them singly."
        )
    if name and not number:
        raise Refused(f"There is no agent called “{name}”.", "not_found")
    return _files(with_queues(agents))


def export_agent(agent: Agent) -> list[TextFile]:
    """The file of the agent, and the one with its routing tests, if it has any."""
    return _files(with_queues(Agent.objects.filter(pk=agent.pk)))


def as_file(saved: AgentDetails) -> AgentFile:
    """Return what a file would say of the agent, its mentions by their current names."""
    connections = saved.agent.queue_connections.all()
    return AgentFile(
        name=saved.agent.name,
        id=saved.agent.pk,
        description=saved.agent.description,
        model=saved.revision.model,
        fallback=saved.revision.fallback,
        may_ask=saved.agent.may_ask,
        consumes={row.queue.name: row.concurrency for row in saved.consumes},
        produces=[row.queue.name for row in connections if row.role == _PRODUCER],
        tools=[(tool.server.name, tool.name) for tool in saved.tools],
        aop=mentions.relabel(
            saved.revision.aop,
            {target.agent.pk: target.agent.name for target in saved.targets}
            | {one.id: one.name for one in saved.people},
        ),
    )


def with_queues(agents: QuerySet[Agent]) -> list[AgentDetails]:
    """In their order, with the names of their queues, in a constant number of queries."""
    return [
        queries.details(agent) for agent in queries.with_details(agents).prefetch_related("queue_connections__queue")
    ]


def _files(found: list[AgentDetails]) -> list[TextFile]:
    named = names((saved.agent.name, str(saved.agent.pk)) for saved in found)
    tests = files_of_tests().export([saved.agent for saved in found])
    files = []
    for name, saved in zip(named, found, strict=True):
        files.append(TextFile(name, write(as_file(saved))))
        if saved.agent.pk in tests:
            files.append(TextFile(beside(name), tests[saved.agent.pk]))
    return files
