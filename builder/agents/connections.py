"""What agents are connected to: queues, and tools of MCP servers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from builder.models import Agent, QueueConnection, ToolConnection
from data.redis import bell
from teams.access import live
from teams.audit import audit

# How many cases of a queue an agent works at once, unless it is set otherwise.
PLACES = 5


@dataclass(frozen=True)
class Consumes:
    queue_id: UUID
    concurrency: int = PLACES


@transaction.atomic
def connect(
    agent: Agent,
    consumes: Iterable[Consumes] | None = None,
    produces: Iterable[UUID] | None = None,
    tools: Collection[UUID] | None = None,
) -> None:
    """Replace what is given: the agent's queue connections of each role, its tools of MCP servers."""
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    before = _connections(agent)
    if consumes is not None:
        rows = {item.queue_id: {"concurrency": item.concurrency} for item in consumes}
        _replace(agent, QueueConnection.Role.CONSUMER, rows)
    if produces is not None:
        _replace(agent, QueueConnection.Role.PRODUCER, {queue: {} for queue in produces})
    if tools is not None:
        _replace_tools(agent, tools)
    _record_connections(agent, before)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()


def _connections(agent: Agent) -> dict[str, list[str]]:
    """Return the agent's connections in words, for the audit log."""
    rows = QueueConnection.objects.filter(agent=agent).values_list("role", "queue__name", "concurrency")
    tools = ToolConnection.objects.filter(agent=agent).values_list("tool__server__name", "tool__name")
    works = QueueConnection.Role.CONSUMER
    return {
        "Works": [f"{name} ({places} at once)" for role, name, places in rows if role == works],
        "Feeds": [name for role, name, _ in rows if role != works],
        "Tools": [f"{tool} of {server}" for server, tool in tools],
    }


def _record_connections(agent: Agent, before: dict[str, list[str]]) -> None:
    now = _connections(agent)
    if change := audit.changes((label, sorted(before[label]), sorted(now[label])) for label in now):
        audit.record(agent.team_id, "agent_connected", agent, change)


@transaction.atomic
def add_consumer(agent: Agent, queue_id: UUID, concurrency: int = PLACES) -> None:
    """Connect the agent to one more queue, whose cases it works from now on. The reverse is `remove_consumer`."""
    before = _connections(agent)
    fields = {"team_id": agent.team_id, "concurrency": concurrency}
    QueueConnection.objects.get_or_create(
        agent=agent, queue_id=queue_id, role=QueueConnection.Role.CONSUMER, defaults=fields
    )
    _record_connections(agent, before)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()


@transaction.atomic
def remove_consumer(agent: Agent, queue_id: UUID) -> int | None:
    """Take the queue from the agent, and return how many of its cases it worked at once; None if it did not."""
    before = _connections(agent)
    found = QueueConnection.objects.filter(agent=agent, queue_id=queue_id, role=QueueConnection.Role.CONSUMER)
    places = found.values_list("concurrency", flat=True).first()
    found.delete()
    _record_connections(agent, before)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()
    return places


def _replace(agent: Agent, role: QueueConnection.Role, rows: dict[UUID, dict[str, Any]]) -> None:
    QueueConnection.objects.filter(agent=agent, role=role).exclude(queue_id__in=rows).delete()
    for queue_id, fields in rows.items():
        QueueConnection.objects.update_or_create(
            agent=agent, queue_id=queue_id, role=role, defaults={**fields, "team_id": agent.team_id}
        )


def _replace_tools(agent: Agent, tools: Collection[UUID]) -> None:
    ToolConnection.objects.filter(agent=agent).exclude(tool__in=tools).delete()
    rows = [ToolConnection(team_id=agent.team_id, agent=agent, tool_id=tool) for tool in tools]
    ToolConnection.objects.bulk_create(rows, ignore_conflicts=True)


def copy_connections(agent: Agent, copy: Agent) -> None:
    QueueConnection.objects.bulk_create(
        QueueConnection(
            team_id=row.team_id, agent=copy, queue_id=row.queue_id, role=row.role, concurrency=row.concurrency
        )
        for row in agent.queue_connections.all()
    )
    _replace_tools(copy, list(agent.tool_connections.values_list("tool", flat=True)))
