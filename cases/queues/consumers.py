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
    """`load`: how many cases of the queue are in its hands. `blocked`: its procedure mentions a deleted agent.
    `overspent`: what it may spend in a day is spent.
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
    """Return the live consumers of each queue, by name, with three queries, and one more if spending is limited."""
    connections = list(
        QueueConnection.objects.filter(queue__in=queue_ids, role=QueueConnection.Role.CONSUMER, agent__deleted_at=None)
        .select_related("agent__team")
        .order_by("agent__name")
    )
    agent_ids = {connection.agent_id for connection in connections}
    blocked = set(Agent.objects.blocked().filter(pk__in=agent_ids).values_list("pk", flat=True))
    loads, spent = _loads(queue_ids), overspent(connection.agent for connection in connections)
    found: dict[UUID, list[Consumer]] = defaultdict(list)
    for connection in connections:
        load = loads.get((connection.queue_id, connection.agent_id), 0)
        agent = connection.agent
        consumer = Consumer(agent, connection.concurrency, load, agent.pk in blocked, spent.get(agent.pk))
        found[connection.queue_id].append(consumer)
    return found


def _loads(queue_ids: Collection[UUID]) -> dict[tuple[UUID, UUID | None], int]:
    working = Case.objects.present().filter(queue__in=queue_ids, status=Status.IN_PROGRESS)
    counted = working.values_list("queue_id", "assignee_id").annotate(cases=Count("pk")).order_by()
    return {(queue, agent): cases for queue, agent, cases in counted}
