"""Giving a case to an agent: who consumes a queue and has room, which cases come first, and the run that comes of it.

The dispatcher gives what waits, and a handover gives its own case to its target where that passes nobody over; both by
these rules. Both first lock the row of the queue, so a consumer never gets more than its concurrency, and the next one
sees what the one before did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from builder.models import STARTABLE, Agent, QueueConnection, Revision
from builder.usage.limits import overspent
from cases.models import Case, Queue
from cases.work import lifecycle as case_lifecycle
from data import rows
from data.redis import bell
from runs.models import Run
from runs.record import claims
from teams.access import live
from teams.models import Team
from teams.settings import pausing

# --- The queues ------------------------------------------------------------------------------


def hold(queue_id: UUID, *, waits: bool = True) -> rows.Joined:
    """Return the statement that locks the queue's row, unless its team is paused, and reads its first agent. Without
    `waits` it finds no queue that another transaction holds.
    """
    locked = _HOLD if waits else f"{_HOLD} skip locked"
    return rows.Joined(locked, [queue_id], {"queue": Queue, "first": FIRST})


_HOLD = f"""
    from cases_queue queue join teams_team on teams_team.id = queue.team_id
    where queue.id = %s and queue.deleted_at is null and queue.paused_at is null and {pausing.AT_WORK}
    for no key update of queue
"""
# Who takes the cases that are assigned to nobody; null: any consumer.
FIRST = """(
    select agent.id from builder_queueconnection connected join builder_agent agent on agent.id = connected.agent_id
    where connected.queue_id = queue.id and agent.id = queue.first_agent_id and connected.role = 'consumer'
        and agent.deleted_at is null
)"""

# Both walk from queue to queue through an index of pending cases, whatever their number.
_QUEUES_WITH_WORK = f"""
    with recursive nobodys (queue_id) as (
        (select queue_id from cases_case where status = 'pending' and deleted_at is null and assignee_id is null
         order by queue_id limit 1)
        union all
        select (select queue_id from cases_case where status = 'pending' and deleted_at is null and assignee_id is null
                and queue_id > nobodys.queue_id order by queue_id limit 1)
        from nobodys where queue_id is not null
    ), somebodys (queue_id) as (
        (select queue_id from cases_case where status = 'pending' and deleted_at is null and assignee_id is not null
         order by queue_id limit 1)
        union all
        select (select queue_id from cases_case where status = 'pending' and deleted_at is null
                and assignee_id is not null and queue_id > somebodys.queue_id order by queue_id limit 1)
        from somebodys where queue_id is not null
    )
    select team_id, id from cases_queue
    where id in (select queue_id from nobodys union select queue_id from somebodys)
        and deleted_at is null and paused_at is null
        and exists (select from teams_team where teams_team.id = cases_queue.team_id and {pausing.AT_WORK})
        and exists (
            select from builder_queueconnection consumer
            where consumer.queue_id = cases_queue.id and role = 'consumer' and concurrency > (
                select count(*) from runs_run
                where agent_id = consumer.agent_id and queue_id = cases_queue.id and status in ('queued', 'running')
            )
        )
    order by random()
"""  # noqa: S608
# By their teams, in an order drawn by lot, the queues with pending cases and a consumer that is not at its limit.
QUEUES_WITH_WORK = rows.Selected(_QUEUES_WITH_WORK)

# --- Its consumers ---------------------------------------------------------------------------


@dataclass
class Consumer:
    """An agent that may take cases of a queue now."""

    connection: QueueConnection
    agent: Agent
    revision: Revision
    load: int
    turn: int = 0  # of those who were given something at this time, the first has 1

    @property
    def room(self) -> int:
        return self.connection.concurrency - self.load

    @property
    def idle_since(self) -> datetime | None:
        return self.connection.last_given_at


def consumers(queue_id: UUID, agent_id: UUID | None = None) -> rows.Joined:
    """Return the statement that reads who consumes the queue, or whether this agent does, and may start: live, not
    paused, and not blocked by a mention of a deleted agent. See `able`.
    """
    statement = _CONSUMERS if agent_id is None else f"{_CONSUMERS} and connection.agent_id = %s"
    tables = {"connection": QueueConnection, "builder_agent": Agent, "team": Team, "revision": Revision}
    about = [queue_id, *([agent_id] if agent_id else [])]
    return rows.Joined(f"{statement} order by connection.id", about, {**tables, "load": _LOAD})


def able(found: Iterable[Sequence[Any]]) -> dict[UUID, Consumer]:
    """Return, by agent, those of the consumers who have something left of what they may spend today."""
    read = []
    for connected, agent, agent.team, revision, load in found:
        read.append(Consumer(connected, agent, revision, load))
    spent = overspent(consumer.agent for consumer in read)
    return {consumer.agent.pk: consumer for consumer in read if consumer.agent.pk not in spent}


_CONSUMERS = f"""
    from builder_queueconnection connection
    join builder_agent on builder_agent.id = connection.agent_id
    join teams_team team on team.id = connection.team_id
    join builder_revision revision on revision.agent_id = connection.agent_id and revision.status = 'live'
    where connection.queue_id = %s and connection.role = 'consumer' and {STARTABLE}
"""
# Runs that wait for a person hold no place.
_LOAD = """(
    select count(*) from runs_run
    where agent_id = connection.agent_id and queue_id = connection.queue_id and status in ('queued', 'running')
)"""

# --- Its cases -------------------------------------------------------------------------------

IN_ORDER = "order by rank, priority desc, created_at, id"


def _heads(takers: str) -> str:
    """One look into an index for each who may take, however many cases wait for others."""
    return f"""
    select * from (
        select mine.* from {takers} cross join lateral (
            select id, rank, priority, created_at from cases_case
            where queue_id = %(queue)s and assignee_id = taker and status = 'pending' and deleted_at is null
            {IN_ORDER} limit %(limit)s
        ) mine
        union all (
            select id, rank, priority, created_at from cases_case
            where queue_id = %(queue)s and assignee_id is null and status = 'pending' and deleted_at is null
                and %(anybodys)s
            {IN_ORDER} limit %(limit)s
        )
    ) heads
    {IN_ORDER} limit %(limit)s
"""  # noqa: S608


_HEADS = _heads("unnest(%(takers)s::uuid[]) taker")
_HEADS_OF_ALL = _heads(
    "(select agent_id as taker from builder_queueconnection where queue_id = %(queue)s and role = 'consumer') consumer"
)
# Someone may hold some of them at this moment: they are left to the next dispatcher.
_LOCK_HEADS = f"""
    where id = any(array(select id from ({_HEADS}) first_ones)) and status = 'pending' and deleted_at is null
    {IN_ORDER} limit %(wanted)s for no key update skip locked
"""  # noqa: S608
# Cases that are looked at beyond those wanted, since other workers may hold some of them.
_SPARE = 10


def first_case(queue_id: UUID, takers: Iterable[UUID] | None, first: UUID | None) -> rows.Selected:
    """Return the statement that reads which case one of the takers takes next: its own, and those of no one unless they
    have a first agent. Without takers: any consumer, whether it has room or not.
    """
    takers, statement = ([], _HEADS_OF_ALL) if takers is None else (list(takers), _HEADS)
    about = {"takers": takers, "queue": queue_id, "limit": 1, "anybodys": first is None or first in takers}
    return rows.Selected(statement, about)


def is_awaited(queue_id: UUID, agent_id: UUID) -> rows.Selected:
    """Return the statement that reads whether the agent is at its limit while a case waits that it could take."""
    return rows.Selected(_IS_AWAITED, {"queue": queue_id, "agent": agent_id})


_IS_AWAITED = f"""
    select exists (
        select from builder_queueconnection connection
        where queue_id = %(queue)s and agent_id = %(agent)s and role = 'consumer' and concurrency <= {_LOAD}
    ) and (
        exists (select from cases_case
                where queue_id = %(queue)s and assignee_id = %(agent)s and status = 'pending' and deleted_at is null)
        or exists (select from cases_case
                   where queue_id = %(queue)s and assignee_id is null and status = 'pending' and deleted_at is null)
    )
"""  # noqa: S608


def goes_first(case: Case, rank: int, others: Iterable[Sequence[Any]]) -> bool:
    """Return whether the case comes, with that rank, before the cases that `first_case` found."""
    own = (rank, -case.priority, case.created_at, case.pk)
    return all(own < (rank, -priority, created_at, pk) for pk, rank, priority, created_at in others)


def lock_cases(queue_id: UUID, takers: Iterable[UUID], first: UUID | None, wanted: int) -> list[Case]:
    """Lock and return the next cases of the takers, in the order of dispatch."""
    takers = list(takers)
    about = {"takers": takers, "queue": queue_id, "limit": wanted + _SPARE, "wanted": wanted}
    return rows.fetch_all(Case, _LOCK_HEADS, {**about, "anybodys": first is None or first in takers})


# --- The run ---------------------------------------------------------------------------------


def choose(taker: UUID | None, consumers: Mapping[UUID, Consumer]) -> Consumer | None:
    """Return the consumer that is to take a case; without one the least loaded, of these the longest idle. None: there
    is no room.
    """
    if taker:
        candidates = [consumers[taker]]
    else:
        candidates = sorted(
            consumers.values(),
            key=lambda item: (item.load, item.turn, item.idle_since is not None, item.idle_since or timezone.now()),
        )
    return next((item for item in candidates if item.room > 0), None)


def make_run(case: Case, consumer: Consumer) -> Run:
    """Start the consumer's work on the case, which is locked. The run is still to be written by `write_runs`."""
    run = Run(
        team_id=case.team_id,
        agent=consumer.agent,
        revision=consumer.revision,
        case=case,
        queue_id=case.queue_id,
        trigger=Run.Trigger.HANDOVER if case.rank == Case.Rank.HANDED_OVER else Run.Trigger.DISPATCH,
    )
    case_lifecycle.start(case, consumer.agent, run.pk, consumer.revision.number)
    run.case_fence = case.fence
    consumer.load += 1
    return run


def start_afresh(target: Agent, source: Run) -> Run:
    """Create a run of the target without any context: no input, no note."""
    bell.ring()  # the worker of the source may be about to leave
    return Run.objects.create(
        team_id=source.team_id,
        agent=target,
        revision=target.live_revision,
        parent=source,
        root_id=source.root_id or source.pk,
        hop=source.hop + 1,
        trigger=Run.Trigger.HANDOVER,
    )


def write_runs(runs: Sequence[Run], consumers: Iterable[Consumer], worker: str) -> None:
    """Write the runs of the consumers, claimed by the worker if there is one."""
    # Written as claimed, the runs need no second transaction before they are worked.
    if worker:
        claims.claim_new_runs(runs, worker)
    rows.insert(runs)
    # Who is not connected any more is nobody whose turn it could be.
    rows.write(_GIVEN, [[consumer.connection.pk for consumer in consumers]], may_miss=True)
    for run in runs:
        live.announce(run.team_id, "run", run.pk)


# By the database's clock: who is idle longest is asked on other machines too.
_GIVEN = "update builder_queueconnection set last_given_at = statement_timestamp() where id = any(%s)"
