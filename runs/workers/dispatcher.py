"""Gives pending cases to the agents that consume their queue.

One dispatcher at a time works a queue: it holds the queue's row, so a consumer never gets more than its concurrency,
and whoever waits for the row sees what the one before did.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from builder.models import STARTABLE, Agent, QueueConnection, Revision
from builder.usage.limits import overspent
from cases.models import Case, Queue
from cases.work import lifecycle as case_lifecycle
from data import rows
from runs.models import Run
from runs.record import claims
from runs.record.claims import Claim
from teams.access import live
from teams.models import Team
from teams.settings import pausing

_SPARE = 10


@dataclass
class Consumer:
    """An agent that may take cases of a queue now."""

    connection: QueueConnection
    revision: Revision
    load: int
    turn: int = 0  # of those who were given something by this dispatcher, the first has 1

    @property
    def room(self) -> int:
        return self.connection.concurrency - self.load

    @property
    def idle_since(self) -> datetime | None:
        return self.connection.last_given_at


def dispatch_and_claim(worker: str, limit: int) -> list[Claim]:
    """Gives out cases, and claims up to `limit` runs for the worker: in one transaction, unless others wait for it."""
    if not claims.has_due():
        return [Claim.of(run) for run in _give_out(limit, worker)]
    dispatch(limit)
    return claims.claim_runs(worker, limit)


def dispatch(limit: int) -> int:
    """Gives out up to `limit` cases, and says how many."""
    return len(_give_out(limit))


def _give_out(limit: int, worker: str = "") -> list[Run]:
    """The runs, which the worker has claimed if there is one. Teams take turns; who begins is drawn by lot, so that
    nobody is always last where many workers have one free place each.
    """
    teams = _queues_with_work()
    given: list[Run] = []
    try:
        while teams and len(given) < limit:
            share = max(1, (limit - len(given)) // len(teams))
            for team_id, queues in list(teams.items()):
                until = min(len(given) + share, limit)
                _dispatch_some(queues, until, worker, given)
                if len(given) < until:
                    del teams[team_id]
    except DatabaseError:
        if not given:
            raise  # else the worker has claimed these
    return given


def _dispatch_some(queues: list[UUID], until: int, worker: str, given: list[Run]) -> None:
    """From the first queues that have something to give, until so many are; takes those away that have no more."""
    while queues and len(given) < until:
        given += dispatch_queue(queues[0], until - len(given), worker)
        if len(given) < until:
            queues.pop(0)


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


def _queues_with_work() -> dict[UUID, list[UUID]]:
    """By their teams, the queues with pending cases and a consumer that is not at its limit."""
    found: dict[UUID, list[UUID]] = {}
    for team_id, queue_id in rows.select(_QUEUES_WITH_WORK):
        found.setdefault(team_id, []).append(queue_id)
    return found


@transaction.atomic
def dispatch_queue(queue_id: UUID, limit: int, worker: str = "") -> list[Run]:
    pausing.hold_off()
    if not (held := rows.join(_HOLD, [queue_id], queue=Queue, first=_FIRST)):
        return []
    [(queue, first)] = held
    consumers = {consumer.connection.agent_id: consumer for consumer in _consumers(queue)}
    given: list[Run] = []
    while len(given) < limit and (free := {pk: consumer for pk, consumer in consumers.items() if consumer.room > 0}):
        wanted = limit - len(given)
        batch = _next_cases(queue, free, first, wanted)
        taken = _give_all(batch, free, first, worker)
        given += taken
        if not taken or len(batch) < wanted:
            break
    return given


@rows.at_once()
def _give_all(cases: list[Case], consumers: dict[UUID, Consumer], first: UUID | None, worker: str) -> list[Run]:
    """As far as the consumers have room."""
    runs = [run for case in cases if (run := _give(case, case.assignee_id or first, consumers))]
    if not runs:
        return []
    rows.insert(runs)
    if worker:
        claims.claim_new_runs(runs, worker)
    rows.write(_GIVEN, [[consumers[taker].connection.pk for taker in {run.agent_id for run in runs}]])
    for run in runs:
        live.announce(run.team_id, "run", run.pk)
    return runs


# By the database's clock: who is idle longest is asked on other machines too.
_GIVEN = "update builder_queueconnection set last_given_at = statement_timestamp() where id = any(%s)"
_HOLD = f"""
    from cases_queue queue join teams_team on teams_team.id = queue.team_id
    where queue.id = %s and queue.deleted_at is null and queue.paused_at is null and {pausing.AT_WORK}
    for no key update of queue
"""
# Who takes the cases that are assigned to nobody; null: any consumer.
_FIRST = """(
    select agent.id from builder_queueconnection connected join builder_agent agent on agent.id = connected.agent_id
    where connected.queue_id = queue.id and agent.id = queue.first_agent_id and connected.role = 'consumer'
        and agent.deleted_at is null
)"""


def has_work() -> bool:
    """Is there a case that a consumer with a free place could take?"""
    return any(first_cases())


def first_cases() -> Iterator[list[UUID]]:
    """Of each queue, the case that a consumer with a free place takes next, if there is one."""
    ids = [queue_id for queues in _queues_with_work().values() for queue_id in queues]
    for queue, first in rows.join("from cases_queue queue where id = any(%s)", [ids], queue=Queue, first=_FIRST):
        free = [consumer.connection.agent_id for consumer in _consumers(queue) if consumer.room > 0]
        yield _heads(queue, free, first, 1) if free else []


def _next_cases(queue: Queue, free: Iterable[UUID], first: UUID | None, limit: int) -> list[Case]:
    # Somebody may hold some of them at this moment: they are left to the next dispatcher.
    ids = _heads(queue, free, first, limit + _SPARE)
    return rows.fetch_all(Case, _LOCK_HEADS, [ids, limit])


_IN_ORDER = "order by rank, priority desc, created_at, id"
_LOCK_HEADS = f"""
    where id = any(%s) and status = 'pending' and deleted_at is null
    {_IN_ORDER} limit %s for no key update skip locked
"""


# One look into an index for each who may take, however many cases wait for others.
_HEADS = f"""
    select id from (
        select mine.* from unnest(%(takers)s::uuid[]) taker cross join lateral (
            select id, rank, priority, created_at from cases_case
            where queue_id = %(queue)s and assignee_id = taker and status = 'pending' and deleted_at is null
            {_IN_ORDER} limit %(limit)s
        ) mine
        union all (
            select id, rank, priority, created_at from cases_case
            where queue_id = %(queue)s and assignee_id is null and status = 'pending' and deleted_at is null
                and %(anybodys)s
            {_IN_ORDER} limit %(limit)s
        )
    ) heads
    {_IN_ORDER} limit %(limit)s
"""  # noqa: S608


def _heads(queue: Queue, free: Iterable[UUID], first: UUID | None, limit: int) -> list[UUID]:
    """The next cases that one of these may take: its own, and those of nobody unless they have a first agent."""
    takers = list(free)
    anybodys = first is None or first in takers
    about = {"takers": takers, "queue": queue.pk, "limit": limit, "anybodys": anybodys}
    return [id for (id,) in rows.select(_HEADS, about)]


def _consumers(queue: Queue) -> list[Consumer]:
    """Who consumes the queue and may start: live, not paused, not held up by a mention of a deleted agent, and with
    something left of what it may spend today.
    """
    found = []
    for connected, agent, agent.team, revision, load in rows.join(
        _CONSUMERS,
        [queue.pk],
        **{"connection": QueueConnection, "builder_agent": Agent, "team": Team, "revision": Revision},
        load=_LOAD,
    ):
        connected.agent = agent
        found.append(Consumer(connected, revision, load))
    spent = overspent(consumer.connection.agent for consumer in found)
    return [consumer for consumer in found if consumer.connection.agent_id not in spent]


_CONSUMERS = f"""
    from builder_queueconnection connection
    join builder_agent on builder_agent.id = connection.agent_id
    join teams_team team on team.id = connection.team_id
    join builder_revision revision on revision.agent_id = connection.agent_id and revision.status = 'live'
    where connection.queue_id = %s and connection.role = 'consumer' and {STARTABLE}
    order by connection.id
"""
# Runs that wait for a person hold no place.
_LOAD = """(
    select count(*) from runs_run
    where agent_id = connection.agent_id and queue_id = connection.queue_id and status in ('queued', 'running')
)"""


def _give(case: Case, taker: UUID | None, consumers: dict[UUID, Consumer]) -> Run | None:
    """A run, to be written yet, of the one who is to take the case, else of the least loaded consumer, of these the
    longest idle.
    """
    if taker:
        candidates = [consumers[taker]]
    else:
        candidates = sorted(
            consumers.values(),
            key=lambda item: (item.load, item.turn, item.idle_since is not None, item.idle_since or timezone.now()),
        )
    consumer = next((item for item in candidates if item.room > 0), None)
    if consumer is None:
        return None
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
    consumer.load += 1
    consumer.turn = 1 + max(item.turn for item in consumers.values())
    return run
