"""Gives pending cases to the agents that consume their queue.

One dispatcher at a time works a queue: it holds the queue's row, so a consumer never gets more than its concurrency,
and whoever waits for the row sees what the one before did.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from builder.limits import overspent
from builder.models import Agent, QueueConnection, Revision
from cases import lifecycle as case_lifecycle
from cases.models import Case, CaseQuerySet, Queue
from teams import live

from .models import Run, Status

# Runs that wait for a person hold no place.
_WORKING = (Status.QUEUED, Status.RUNNING)


@dataclass
class Consumer:
    """An agent that may take cases of a queue now."""

    connection: QueueConnection
    revision: Revision
    load: int

    @property
    def room(self) -> int:
        return self.connection.concurrency - self.load

    @property
    def idle_since(self) -> datetime | None:
        return self.connection.last_given_at


def dispatch(limit: int) -> int:
    """Gives out up to `limit` cases of all queues, those of the longest waiting queue first; says how many."""
    given = 0
    for queue_id in _queues_with_work():
        if given >= limit:
            break
        given += dispatch_queue(queue_id, limit - given)
    return given


def _queues_with_work() -> Iterable[UUID]:
    waiting = Case.objects.present().pending().filter(queue=OuterRef("pk"))
    return (
        Queue.objects.live()
        .filter(Exists(waiting), paused_at=None)
        .annotate(oldest=waiting.order_by("rank", "-priority", "created_at", "id").values("moved_at")[:1])
        .order_by("oldest")
        .values_list("pk", flat=True)
    )


@transaction.atomic
def dispatch_queue(queue_id: UUID, limit: int) -> int:
    queue = Queue.objects.live().select_for_update(no_key=True).filter(pk=queue_id, paused_at=None).first()
    if queue is None:
        return 0
    consumers = {consumer.connection.agent_id: consumer for consumer in _consumers(queue)}
    first = _first(queue)
    given = 0
    while given < limit and (free := {pk: consumer for pk, consumer in consumers.items() if consumer.room > 0}):
        batch = _next_cases(queue, free, limit - given)
        taken = sum(_give(case, case.assignee_id or first, free) for case in batch)
        if not taken:
            break
        given += taken
    return given


def has_work() -> bool:
    """Is there a case that a consumer with a free place could take?"""
    for queue in Queue.objects.filter(pk__in=list(_queues_with_work())):
        free = [consumer.connection.agent_id for consumer in _consumers(queue) if consumer.room > 0]
        if free and _takeable(queue, free).exists():
            return True
    return False


def _takeable(queue: Queue, free: Iterable[UUID]) -> CaseQuerySet:
    free = list(free)
    mine = Q(assignee__in=free)
    first = _first(queue)
    anybodys = Q(assignee=None) if first is None or first in free else Q(pk__in=[])
    return Case.objects.present().pending().filter(mine | anybodys, queue=queue)


def _first(queue: Queue) -> UUID | None:
    """Who takes the cases that are assigned to nobody; None: any consumer."""
    connected = QueueConnection.objects.filter(queue=queue, role=QueueConnection.Role.CONSUMER)
    found = connected.filter(agent=queue.first_agent_id, agent__deleted_at=None) if queue.first_agent_id else None
    return queue.first_agent_id if found and found.exists() else None


def _next_cases(queue: Queue, free: Iterable[UUID], limit: int) -> list[Case]:
    cases = _takeable(queue, free).in_dispatch_order()
    return list(cases.select_for_update(no_key=True, skip_locked=True)[:limit])


def _consumers(queue: Queue) -> list[Consumer]:
    """Who consumes the queue and may start: live, not paused, not held up by a mention of a deleted agent, and with
    something left of what it may spend today.
    """
    connections = list(
        QueueConnection.objects.filter(
            queue=queue, role=QueueConnection.Role.CONSUMER, agent__in=Agent.objects.startable()
        )
        .select_related("agent__team")
        .order_by("pk")
    )
    spent = overspent(connection.agent for connection in connections)
    connections = [connection for connection in connections if connection.agent_id not in spent]
    ids = [connection.agent_id for connection in connections]
    revisions = {
        revision.agent_id: revision for revision in Revision.objects.filter(agent__in=ids, status=Revision.Status.LIVE)
    }
    working = Run.objects.filter(agent__in=ids, queue=queue, status__in=_WORKING).values("agent")
    loads = {row["agent"]: row["runs"] for row in working.annotate(runs=Count("pk")).order_by()}
    return [
        Consumer(connection, revisions[connection.agent_id], loads.get(connection.agent_id, 0))
        for connection in connections
    ]


def _give(case: Case, taker: UUID | None, consumers: dict[UUID, Consumer]) -> bool:
    """Starts a run of the one who is to take it, else of the least loaded consumer, of these the longest idle."""
    if taker:
        candidates = [consumers[taker]]
    else:
        candidates = sorted(
            consumers.values(),
            key=lambda item: (item.load, item.idle_since is not None, item.idle_since or timezone.now()),
        )
    consumer = next((item for item in candidates if item.room > 0), None)
    if consumer is None:
        return False
    run = Run(
        team_id=case.team_id,
        agent=consumer.connection.agent,
        revision=consumer.revision,
        case=case,
        queue_id=case.queue_id,
        trigger=Run.Trigger.HANDOVER if case.rank == Case.Rank.HANDED_OVER else Run.Trigger.DISPATCH,
    )
    case_lifecycle.start(case, consumer.connection.agent, run.pk, consumer.revision.number)
    run.case_fence = case.fence
    run.save(force_insert=True)
    consumer.load += 1
    consumer.connection.last_given_at = timezone.now()
    consumer.connection.save(update_fields=["last_given_at"])
    live.announce(run.team_id, "run", run.pk)
    return True
