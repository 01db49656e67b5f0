"""Gives pending cases to the agents that consume their queue, by the rules of `runs/opening/giving.py`: team by team,
queue by queue, until as many are given as were asked for.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import DatabaseError, transaction

from cases.models import Case, Queue
from data import rows
from runs.models import Run
from runs.opening import giving
from runs.opening.giving import Consumer
from runs.record import claims
from runs.record.claims import Claim
from teams.settings import pausing

type Queues = dict[UUID, list[UUID]]


def dispatch_and_claim(worker: str, limit: int) -> list[Claim]:
    """Give out cases, and claim up to `limit` runs for the worker: in one transaction, unless others wait for it."""
    [[(is_due,)], waiting] = rows.read(claims.DUE, giving.QUEUES_WITH_WORK)
    if not is_due:
        return [Claim.of(run, made=run) for run in _give_out(_by_team(waiting), limit, worker)]
    _give_out(_by_team(waiting), limit)
    return claims.claim_runs(worker, limit)


def dispatch(limit: int) -> int:
    """Give out up to `limit` cases, and return how many."""
    return len(_give_out(_queues_with_work(), limit))


def _give_out(teams: Queues, limit: int, worker: str = "") -> list[Run]:
    """Return the new runs, which the worker has claimed if there is one.

    Teams take turns. Who begins is drawn by lot, so that nobody is always last where many workers have one free place
    each.
    """
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
    """Give out cases from the first queues that have some, until so many are given. Queues without more are taken off
    the list.
    """
    while queues and len(given) < until:
        given += dispatch_queue(queues[0], until - len(given), worker)
        if len(given) < until:
            queues.pop(0)


def _queues_with_work() -> Queues:
    [found] = rows.read(giving.QUEUES_WITH_WORK)
    return _by_team(found)


def _by_team(found: Iterable[tuple[UUID, UUID]]) -> Queues:
    teams: Queues = {}
    for team_id, queue_id in found:
        teams.setdefault(team_id, []).append(queue_id)
    return teams


@transaction.atomic
def dispatch_queue(queue_id: UUID, limit: int, worker: str = "") -> list[Run]:
    _, held, found = rows.read(pausing.HOLD_OFF, giving.hold(queue_id), giving.consumers(queue_id))
    if not held:
        return []
    [(queue, first)] = held
    consumers = giving.able(found)
    given: list[Run] = []
    while len(given) < limit and (free := {pk: consumer for pk, consumer in consumers.items() if consumer.room > 0}):
        wanted = limit - len(given)
        batch = giving.lock_cases(queue.pk, free, first, wanted)
        taken = _give_all(queue, batch, free, first, worker)
        given += taken
        if not taken or len(batch) < wanted:
            break
    return given


def _give_all(
    queue: Queue, cases: list[Case], consumers: dict[UUID, Consumer], first: UUID | None, worker: str
) -> list[Run]:
    """Give these cases out as far as the consumers have room."""
    runs: list[Run] = []
    with rows.at_once() as batch:
        for case in cases:
            if consumer := giving.choose(case.assignee_id or first, consumers):
                case.queue = queue
                runs.append(giving.make_run(case, consumer))
                consumer.turn = 1 + max(item.turn for item in consumers.values())
        if runs:
            takers = {run.agent_id for run in runs}
            giving.write_runs(runs, [consumers[taker] for taker in takers], worker)
        # Else some had no room, and there may be more for the others.
        batch.commits = len(runs) == len(cases)
    return runs


def has_work() -> bool:
    """Return whether there is a case that a consumer with a free place could take."""
    return any(first_cases())


def first_cases() -> Iterator[list[UUID]]:
    """Yield, for each queue, the case that a consumer with a free place takes next, if there is one."""
    ids = [queue_id for queues in _queues_with_work().values() for queue_id in queues]
    for queue, first in rows.join("from cases_queue queue where id = any(%s)", [ids], queue=Queue, first=giving.FIRST):
        [found] = rows.read(giving.consumers(queue.pk))
        free = [pk for pk, consumer in giving.able(found).items() if consumer.room > 0]
        heads = rows.read(giving.first_case(queue.pk, free, first))[0] if free else []
        yield [pk for pk, *_ in heads]
