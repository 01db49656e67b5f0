"""The agents that consume a queue, and what keeps them from taking cases."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from builder.models import Agent, QueueConnection
from builder.usage.limits import Overspent, overspent
from cases.models import Case, Queue, Status


@dataclass(frozen=True)
class Consumer:
    """An agent that takes cases of the queue. `load`: how many of them are in its hands. `blocked`: its procedure
    mentions a deleted agent. `overspent`: what it may spend in a day is spent.
    """

    agent: Agent
    concurrency: int
    load: int = 0
    blocked: bool = False
    overspent: Overspent | None = None

    @property
    def status(self) -> str:
        if self.blocked:
            return "blocked"
        return "paused" if self.agent.is_paused else "overspent" if self.overspent else "active"

    @property
    def may_start(self) -> bool:
        return self.status == "active"

    @property
    def obstacle(self) -> str:
        """Return why the agent takes no case, as words after its name; empty if it takes cases now or later."""
        return {
            "blocked": "starts nothing while its procedure mentions a deleted agent",
            "paused": "is paused",
            "overspent": "has spent what it may today",
            "active": "",
        }[self.status]

    @property
    def is_full(self) -> bool:
        return self.load >= self.concurrency


def non_consumers(queue: Queue, limit: int) -> list[Agent]:
    """Return the first of the team's agents, by name, that do not consume the queue."""
    connected = QueueConnection.objects.filter(queue=queue, role=QueueConnection.Role.CONSUMER)
    others = Agent.objects.live().filter(team=queue.team_id).exclude(pk__in=connected.values("agent"))
    return list(others.order_by("name")[:limit])


def consumers(queue_ids: Collection[UUID]) -> dict[UUID, list[Consumer]]:
    """Return the live consumers of each queue, by name, with four queries, and one more if spending is limited."""
    connections = QueueConnection.objects.filter(queue__in=queue_ids, role=QueueConnection.Role.CONSUMER)
    works: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    for agent_id, queue_id, concurrency in connections.values_list("agent_id", "queue_id", "concurrency"):
        works[agent_id].append((queue_id, concurrency))
    # An agent may work all queues of a page, and is read once.
    agents = list(Agent.objects.live().filter(pk__in=works).select_related("team").order_by("name"))
    blocked = set(Agent.objects.blocked().filter(pk__in=works).values_list("pk", flat=True))
    loads, spent = _loads(queue_ids), overspent(agents)
    found: dict[UUID, list[Consumer]] = defaultdict(list)
    for agent in agents:
        for queue_id, concurrency in works[agent.pk]:
            load = loads.get((queue_id, agent.pk), 0)
            found[queue_id].append(Consumer(agent, concurrency, load, agent.pk in blocked, spent.get(agent.pk)))
    return found


def _loads(queue_ids: Collection[UUID]) -> dict[tuple[UUID, UUID | None], int]:
    working = Case.objects.present().filter(queue__in=queue_ids, status=Status.IN_PROGRESS)
    counted = working.values_list("queue_id", "assignee_id").annotate(cases=Count("pk")).order_by()
    return {(queue, agent): cases for queue, agent, cases in counted}
