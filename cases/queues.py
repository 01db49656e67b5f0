"""The verbs of queues: create, change, pause, delete."""

from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from builder.models import Agent, QueueConnection
from teams import bell, live
from teams.errors import Refused
from teams.models import Team
from teams.refusals import refusing_a_taken_name
from teams.text import one_line

from .models import DEFAULT_HOP_LIMIT, Queue
from .schemas import check_schema

DEFAULT_QUEUE = "Default"


class Unchanged(Enum):
    """What an argument says that is not given, where None means something."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED


def create_queue(
    team: Team,
    name: str,
    description: str = "",
    hop_limit: int = DEFAULT_HOP_LIMIT,
    *,
    default_priority: int | None = None,
    data_schema: dict[str, Any] | None = None,
) -> Queue:
    return save_queue(
        Queue(team=team),
        name=name,
        description=description,
        hop_limit=hop_limit,
        default_priority=default_priority,
        data_schema=data_schema,
    )


@transaction.atomic
def save_queue(
    queue: Queue,
    *,
    name: str | None = None,
    description: str | None = None,
    hop_limit: int | None = None,
    first_agent: Agent | Unchanged | None = UNCHANGED,
    default_priority: int | None = None,
    data_schema: dict[str, Any] | Unchanged | None = UNCHANGED,
) -> Queue:
    """Saves what is given. `first_agent` must consume the queue; None: new cases go to any consumer.

    `data_schema` holds for cases that are added from now on; None: any data.
    """
    queue.name = one_line(queue.name if name is None else name, "name", 80)
    queue.description = one_line(
        queue.description if description is None else description, "description", 200, required=False
    )
    queue.hop_limit = queue.hop_limit if hop_limit is None else hop_limit
    if not 1 <= queue.hop_limit <= 50:
        raise Refused("Please choose between 1 and 50 handovers.", "invalid", {"hop_limit": "Between 1 and 50."})
    if not isinstance(first_agent, Unchanged):
        if first_agent:
            check_consumes(first_agent, queue, "first_agent_id")
        queue.first_agent = first_agent
    queue.default_priority = queue.default_priority if default_priority is None else default_priority
    if not isinstance(data_schema, Unchanged):
        queue.data_schema = None if data_schema is None else check_schema(data_schema)
    with refusing_a_taken_name("live_queue_names_are_unique", "A queue", queue.name):
        queue.save()
    live.announce(queue.team_id, "queue", queue.pk)
    bell.ring()  # another first agent may be free
    return queue


def check_consumes(agent: Agent, queue: Queue, field: str) -> None:
    """Refused, at that field, when the agent does not work the queue."""
    if agent.is_deleted or not queue.connections.filter(agent=agent, role=QueueConnection.Role.CONSUMER).exists():
        message = f"{agent.name} does not work this queue."
        raise Refused(message, "not_a_consumer", {field: message})


def pause_queue(queue: Queue) -> None:
    """Nothing is given out of the queue any more; what is being worked goes on. The reverse is `resume_queue`."""
    Queue.objects.filter(pk=queue.pk, paused_at=None).update(paused_at=Now())
    live.announce(queue.team_id, "queue", queue.pk)


def resume_queue(queue: Queue) -> None:
    Queue.objects.filter(pk=queue.pk).update(paused_at=None)
    live.announce(queue.team_id, "queue", queue.pk)
    bell.ring()


@transaction.atomic
def delete_queue(queue: Queue) -> None:
    """Soft, and only when no open case would be lost with it."""
    from_db = Queue.objects.select_for_update(no_key=True).get(pk=queue.pk)
    open_cases = from_db.cases.present().exclude(status__in=["completed", "failed"]).count()
    if open_cases:
        raise Refused(f"{from_db.name} holds {open_cases} open cases. Close or move them first.", "queue_not_empty")
    Queue.objects.filter(pk=queue.pk).update(deleted_at=Now())
    from_db.connections.all().delete()
    live.announce(queue.team_id, "queue", queue.pk)
