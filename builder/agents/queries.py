"""Reading for lists and pages of agents."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.utils import timezone

from builder.gate import gate
from builder.models import Agent, AgentQuerySet, Mention, QueueConnection, Revision, ServerTool, ToolConnection
from builder.procedures import mentions
from builder.procedures.people import PeopleTarget, all_people, of_revision, people_rows
from builder.procedures.targets import OK, Problem, Target, consumed, judge, problems, queues_of
from teams.models import Team

# How many agents the list beside the procedure offers for a mention.
CANDIDATES = 200


@dataclass(frozen=True)
class AgentDetails:
    """An agent with everything that its page and the API say about it."""

    agent: Agent
    revision: Revision
    consumes: list[QueueConnection] = field(default_factory=list)
    produces: list[UUID] = field(default_factory=list)
    tools: list[ServerTool] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    people: list[PeopleTarget] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def with_details(agents: QuerySet[Agent]) -> QuerySet[Agent]:
    """Return agents for `details`, in a constant number of queries."""
    live = Revision.objects.filter(status=Revision.Status.LIVE)
    live = live.prefetch_related("mentions__target__queue_connections", Prefetch("people_mentions", people_rows()))
    tools = ToolConnection.objects.filter(tool__server__deleted_at=None).select_related("tool__server")
    return agents.prefetch_related(
        "queue_connections",
        Prefetch("tool_connections", queryset=tools.order_by("tool__key")),
        Prefetch("revisions", queryset=live, to_attr="live_revisions"),
    )


def details(agent: Agent) -> AgentDetails:
    """Return the details of an agent from `with_details`."""
    [revision] = agent.live_revisions  # type: ignore[attr-defined]
    connections = sorted(agent.queue_connections.all(), key=lambda connection: connection.pk)
    targets = judge(agent, consumed(connections), revision.mentions.all())
    return AgentDetails(
        agent,
        revision,
        consumes=[row for row in connections if row.role == QueueConnection.Role.CONSUMER],
        produces=[row.queue_id for row in connections if row.role == QueueConnection.Role.PRODUCER],
        tools=[row.tool for row in agent.tool_connections.all()],
        targets=targets,
        people=of_revision(revision.people_mentions.all(), works_queue=bool(consumed(connections))),
        problems=problems(agent, targets),
    )


# --- The list --------------------------------------------------------------------------------

# The orders of the list, by what its address calls them; the first is the usual one.
ORDERS = {"": ("by_name", "id"), "run": ("-last_run_at", "id"), "newest": ("-created_at", "id")}
# An agent that has not worked for so long counts as unused.
UNUSED_AFTER = timedelta(days=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ListedAgent:
    """A row of the list. `state`: active, paused or blocked (by a deleted mention). `tests`: those of its routes."""

    details: AgentDetails
    queues: list[Any]
    last_run: Any
    tests: int = 0

    @property
    def state(self) -> str:
        if any(problem.blocking for problem in self.details.problems):
            return "blocked"
        return "paused" if self.details.agent.is_paused else "active"


def find_agents(team: Team, words: str = "", state: str = "") -> QuerySet[Agent]:
    """Return the team's agents whose name or description has all the words, for `listed`.

    `state`: paused, blocked, unused, or anything else for all.
    """
    agents = Agent.objects.live().filter(team=team)
    for word in words.split():
        agents = agents.filter(Q(name__icontains=word) | Q(description__icontains=word))
    agents = _in_state(agents, state)
    newest = team.runs.filter(agent=OuterRef("pk")).order_by("-created_at")
    found = agents.annotate(
        by_name=Lower("name"),
        last_run_id=Subquery(newest.values("pk")[:1]),
        last_run_at=Coalesce(Subquery(newest.values("created_at")[:1]), Value(_NEVER)),
    )
    return with_details(found).prefetch_related("queue_connections__queue")


def _in_state(agents: AgentQuerySet, state: str) -> AgentQuerySet:
    match state:
        case "paused":
            return agents.exclude(paused_at=None)
        case "blocked":
            return agents.blocked()
        case "unused":
            return agents.filter(~Q(runs__created_at__gte=timezone.now() - UNUSED_AFTER))
    return agents


def counts(team: Team) -> dict[str, int]:
    """Return how many agents the team has, by `state`; "" is all of them."""
    agents = Agent.objects.live().filter(team=team)
    return {state: _in_state(agents, state).count() for state in ("", "blocked", "paused", "unused")}


def listed(team: Team, agents: Sequence[Any]) -> list[ListedAgent]:
    """Return agents from `find_agents` as rows of the list."""
    runs = team.runs.in_bulk([agent.last_run_id for agent in agents if agent.last_run_id])
    tests = gate.test_counts([agent.pk for agent in agents])
    return [_listed(agent, runs.get(agent.last_run_id), tests.get(agent.pk, 0)) for agent in agents]


def _listed(agent: Agent, last_run: Any, tests: int) -> ListedAgent:
    found = details(agent)
    queues = sorted((row.queue for row in found.consumes), key=lambda queue: queue.name)
    return ListedAgent(found, queues, last_run, tests)


# --- Deleted agents --------------------------------------------------------------------------

DELETED_ORDER = ("-deleted_at", "id")


@dataclass(frozen=True)
class DeletedAgent:
    """`mentioned_by`: the live agents that it holds up."""

    agent: Agent
    mentioned_by: list[Agent]


def deleted(team: Team) -> QuerySet[Agent]:
    return Agent.objects.filter(team=team).exclude(deleted_at=None)


def with_mentioning(agents: Sequence[Agent]) -> list[DeletedAgent]:
    mentions = Mention.objects.filter(
        target__in=[agent.pk for agent in agents],
        revision__status=Revision.Status.LIVE,
        revision__agent__deleted_at=None,
    )
    rows = list(mentions.select_related("revision__agent").order_by(Lower("revision__agent__name")))
    return [DeletedAgent(one, [row.revision.agent for row in rows if row.target_id == one.pk]) for one in agents]


@dataclass(frozen=True)
class Replacements:
    """Who could take an agent's place in the mentions: by name, those first that work all of its queues. `more`: there
    are other agents, which have to be typed.
    """

    close: list[Agent]
    others: list[Agent]
    people: list[PeopleTarget]
    more: bool


def replacements(agent: Agent) -> Replacements:
    mine = queues_of(agent)
    found = Agent.objects.live().filter(team=agent.team_id).exclude(pk=agent.pk).order_by(Lower("name"))
    rows = list(found.prefetch_related("queue_connections")[: CANDIDATES + 1])
    close = [row for row in rows[:CANDIDATES] if mine and mine <= consumed(row.queue_connections.all())]
    others = [row for row in rows[:CANDIDATES] if row not in close]
    return Replacements(close, others, all_people(agent.team), len(rows) > CANDIDATES)


# --- The page --------------------------------------------------------------------------------


def detailed(agent: Agent) -> AgentDetails:
    return details(with_details(Agent.objects.filter(pk=agent.pk)).get())


@dataclass(frozen=True)
class Candidate:
    """An agent that one could mention, as the mentioning one would see it, and the text that mentions it."""

    target: Target
    token: str


def candidates(team: Team, agent: Agent | None = None) -> list[Candidate]:
    """Return at most CANDIDATES agents by name, without the agent itself."""
    others = Agent.objects.live().filter(team=team).order_by(Lower("name"))
    if agent is None:
        found = [Target(other, OK) for other in others[:CANDIDATES]]
    else:
        others = others.exclude(pk=agent.pk).prefetch_related("queue_connections")
        found = judge(agent, queues_of(agent), [Mention(target=other) for other in others[:CANDIDATES]])
    return [Candidate(target, mentions.token(target.agent.pk, target.agent.name)) for target in found]


def agents_of_provider(team: Team, provider: str) -> AgentQuerySet:
    """Return the agents that use a model of a provider such as `anthropic`, if only as their fallback."""
    uses = Q(model__startswith=f"{provider}:") | Q(fallback__startswith=f"{provider}:")
    live = Revision.objects.filter(uses, team=team, status=Revision.Status.LIVE)
    return Agent.objects.live().filter(team=team, pk__in=live.values("agent"))


def models_in_use(team: Team) -> list[str]:
    """The names of models that the team's agents have, in order."""
    live = Revision.objects.filter(team=team, status=Revision.Status.LIVE, agent__deleted_at=None)
    return list(live.order_by("model").values_list("model", flat=True).distinct())
