"""The verbs of queues: create, change, pause, delete."""

import json
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from builder.models import Agent, QueueConnection
from cases.models import DEFAULT_HOP_LIMIT, OPEN, Case, CaseEvent, Kind, Queue, Status
from cases.timeline import timeline
from data.errors import Refused
from data.redis import bell
from data.texts.text import one_line, plain_name
from teams.access import live
from teams.audit import audit
from teams.audit.actors import BATON, Actor
from teams.models import Team
from web.forms.refusals import refusing_a_taken_name

from .data_schemas import check_data, check_schema
from .goals import Goals, amount, set_goals

DEFAULT_QUEUE = "Default"


class Unchanged(Enum):
    """The default of an argument that was not given, where None has a meaning."""

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
    goals: Goals | None = None,
    replies: bool = False,
) -> Queue:
    return save_queue(
        Queue(team=team),
        name=name,
        description=description,
        hop_limit=hop_limit,
        default_priority=default_priority,
        data_schema=data_schema,
        goals=goals,
        replies=replies,
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
    goals: Goals | None = None,
    replies: bool | None = None,
) -> Queue:
    """Save the arguments that are given. `first_agent` must consume the queue; None: new cases go to any consumer.

    `data_schema` and `goals` hold for cases that are added from now on; no schema: any data.
    """
    is_new, before = queue._state.adding, _facts(queue)
    queue.name = plain_name(queue.name if name is None else name, "name", 80)
    queue.description = one_line(
        queue.description if description is None else description, "description", 200, required=False
    )
    queue.hop_limit = queue.hop_limit if hop_limit is None else hop_limit
    if not 1 <= queue.hop_limit <= 50:
        raise Refused("Choose between 1 and 50 handovers.", "invalid", {"hop_limit": "Between 1 and 50."})
    if not isinstance(first_agent, Unchanged):
        if first_agent:
            check_consumes(first_agent, queue, "first_agent_id")
        queue.first_agent = first_agent
    queue.default_priority = queue.default_priority if default_priority is None else default_priority
    queue.replies = queue.replies if replies is None else replies
    if not isinstance(data_schema, Unchanged):
        queue.data_schema = None if data_schema is None else check_schema(data_schema)
    if goals:
        set_goals(queue, goals)
    with refusing_a_taken_name("live_queue_names_are_unique", "A queue", queue.name):
        queue.save()
    if is_new:
        audit.record(queue.team_id, "queue_made", queue)
    elif change := audit.changes((label, before[label], new) for label, new in _facts(queue).items()):
        audit.record(queue.team_id, "queue_changed", queue, change)
    live.announce(queue.team_id, "queue", queue.pk)
    bell.ring()  # another first agent may be free
    return queue


def _facts(queue: Queue) -> dict[str, Any]:
    return {
        "Name": queue.name,
        "Description": queue.description,
        "Handovers at most": queue.hop_limit,
        "First agent": queue.first_agent,
        "Priority of new cases": queue.get_default_priority_display(),
        "First look within": queue.first_look_minutes and amount(queue.first_look_minutes),
        "Done within": queue.done_minutes and amount(queue.done_minutes),
        "Working hours of": queue.hours_of,
        "Agents write to customers": queue.replies,
        "What cases must hold": queue.data_schema and json.dumps(queue.data_schema, indent=1, ensure_ascii=False),
    }


def check_consumes(agent: Agent, queue: Queue, field: str) -> None:
    """Check the first agent. Refused, at that field, if the agent does not work the queue."""
    if agent.is_deleted or not queue.connections.filter(agent=agent, role=QueueConnection.Role.CONSUMER).exists():
        message = f"{agent.name} does not work this queue."
        raise Refused(message, "not_a_consumer", {field: message})


@transaction.atomic
def pause_queue(queue: Queue) -> None:
    """Stop dispatching cases of the queue; work in progress continues. The reverse is `resume_queue`."""
    if Queue.objects.filter(pk=queue.pk, paused_at=None).update(paused_at=Now()):
        audit.record(queue.team_id, "queue_paused", queue)
    live.announce(queue.team_id, "queue", queue.pk)


@transaction.atomic
def resume_queue(queue: Queue) -> None:
    if Queue.objects.filter(pk=queue.pk, paused_at__isnull=False).update(paused_at=None):
        audit.record(queue.team_id, "queue_resumed", queue)
    live.announce(queue.team_id, "queue", queue.pk)
    bell.ring()


@transaction.atomic
def move_case(case: Case, to: Queue, *, by: Actor) -> Case:
    """Move a case to another queue. An agent that does not work there loses it, unless it waits for an answer."""
    queue = Queue.objects.select_for_update(no_key=True).filter(pk=to.pk, deleted_at=None).first()
    row = Case.objects.select_for_update(no_key=True, of=["self"]).select_related("queue").get(pk=case.pk)
    if queue is None or queue.pk == row.queue_id:
        raise Refused("Choose another queue.", "invalid", {"queue": "Choose another queue."})
    if row.status == Status.IN_PROGRESS:
        raise Refused("An agent is working on this case. Reassign it, or wait until the agent is done.", "queue_busy")
    check_data(queue.data_schema, row.data, queue.name)
    if row.external_id and queue.cases.filter(external_id=row.external_id).exists():
        raise Refused(f"{queue.name} already holds a case with this external id.", "external_id_conflict")
    _move([row], row.queue, queue, by)
    return row


def undo_move(case: Case, event: CaseEvent, *, by: Actor) -> Case:
    """Move a case back from where that event moved it. The reverse of `move_case`."""
    before = Queue.objects.live().filter(team=case.team_id, pk=event.data["from_queue_id"]).first()
    if before is None or event.data["changes"]["queue"]["new"] != case.queue.name:
        raise Refused("It has been moved since, so this cannot be undone.", "changed_since")
    return move_case(case, before, by=by)


# At most this many open cases move to another queue when theirs is deleted.
MOVED_AT_ONCE = 1000


@transaction.atomic
def delete_queue(queue: Queue, move_to: Queue | None = None, *, by: Actor = BATON) -> None:
    """Soft, and only when no open case would be lost with it: they go to `move_to`, or are closed before."""
    from_db = Queue.objects.select_for_update(no_key=True).get(pk=queue.pk)
    found = from_db.cases.present().filter(status__in=OPEN)
    open_cases = list(found.order_by("pk").select_for_update(no_key=True)[: MOVED_AT_ONCE + 1])
    if open_cases and move_to:
        _move_all(open_cases, from_db, move_to, by)
    elif open_cases:
        number = found.count()
        held = f"{number} open case{'' if number == 1 else 's'}"
        raise Refused(f"{from_db.name} holds {held}. Close or move them first.", "queue_not_empty")
    Queue.objects.filter(pk=queue.pk).update(deleted_at=Now())
    moved = f"{len(open_cases)} open cases went to {move_to}" if open_cases and move_to else ""
    audit.record(queue.team_id, "queue_deleted", queue, moved)
    from_db.connections.all().delete()
    live.announce(queue.team_id, "queue", queue.pk)


def _move_all(cases: list[Case], queue: Queue, to: Queue, by: Actor) -> None:
    """Move locked cases. Those of an agent that does not work the other queue then wait for any of its agents."""
    if to.pk == queue.pk or to.deleted_at or to.team_id != queue.team_id:
        raise Refused("Choose another queue.", "invalid", {"move_to": "Not this one."})
    if len(cases) > MOVED_AT_ONCE:
        raise Refused(
            f"{queue.name} holds more than {MOVED_AT_ONCE:,} open cases. Close or move some first.", "queue_not_empty"
        )
    if any(case.status == Status.IN_PROGRESS for case in cases):
        message = f"Agents are working on cases of {queue.name}. Pause it, and delete it when they are done."
        raise Refused(message, "queue_busy")
    taken = to.cases.filter(external_id__in=[case.external_id for case in cases if case.external_id]).count()
    if taken:
        message = f"{to.name} already holds {taken} of the external ids of {queue.name}. Choose another queue."
        raise Refused(message, "external_id_conflict")
    _move(cases, queue, to, by)


def _move(cases: list[Case], queue: Queue, to: Queue, by: Actor) -> None:
    theirs = set(to.connections.filter(role=QueueConnection.Role.CONSUMER).values_list("agent_id", flat=True))
    events = []
    for case in cases:
        case.queue = to
        # An agent that asked a person continues when the answer comes.
        changes = {"queue": {"old": queue.name, "new": to.name}}
        data: dict[str, Any] = {"changes": changes, "from_queue_id": str(queue.pk)}
        if case.status != Status.NEEDS_INPUT and case.assignee_id not in theirs:
            case.assignee = None
            data["unassigned"] = True
        events.append(timeline.event(case, Kind.UPDATED, by=by, data=data))
        live.announce(case.team_id, "case", case.pk)
    Case.objects.bulk_update(cases, ["queue", "assignee", "last_seq"], batch_size=500)
    timeline.write(cases, events)
    live.announce(to.team_id, "queue", to.pk)
    bell.ring()


@transaction.atomic
def create_team(name: str, slug: str, *, is_demo: bool = False) -> Team:
    """Create a team with what every team has from the start."""
    team = Team.objects.create(name=name, slug=slug, is_demo=is_demo)
    audit.record(team.pk, "team_made", team)
    create_queue(team, DEFAULT_QUEUE)
    return team
