"""How long giving out one case takes with a million pending ones, and how long it takes to add a thousand.

    python -m benchmarks.dispatch [--quick]

The worst case beside the plain one: all but a few of the pending cases wait for an agent that is at its limit. Counted
is the time that the server says it spent. The floor is one statement that takes the next pending case of a queue, and
does nothing with it.
"""

import re
import statistics
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection, transaction

from benchmarks.figures import Notes, p95_ms, timed
from benchmarks.ground import execute, run, vacuum
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team
from cases.work.creation import BATCH_LIMIT, NewCase, add_cases
from runs.workers import dispatcher
from teams.audit.actors import BATON
from teams.models import Team

OTHER_TEAMS = 200
ROUNDS = 100

_TAKE_NEXT = """
    select id from cases_case where queue_id = %s and assignee_id is null and status = 'pending' and deleted_at is null
    order by rank, priority desc, created_at, id limit 1 for no key update skip locked
"""

_FILL = """
    insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status,
        reason, detail, assignee_id, rank, hops, fence, last_seq, created_at, moved_at)
    select gen_random_uuid(), %(team)s, %(queue)s, n, 'Case ' || n, '{}', n %% 3, '[]', '', 'pending', '',
        '', %(assignee)s, 2, 0, 0, 0, now() - n * interval '1 second', now()
    from generate_series(%(first)s, %(last)s) n
"""


def measure(notes: Notes, quick: bool) -> None:
    cases = 20_000 if quick else 1_000_000
    queue, busy = _team("ours")
    _fill(queue, None, 1, cases)
    for number in range(OTHER_TEAMS):
        other, _ = _team(f"team-{number}")
        _fill(other, None, 1, 20)
    dispatcher.dispatch(300)
    vacuum()
    notes.note("pending cases", cases, "cases")
    floor = "take the next case", statistics.median(_times(lambda: _take_next(queue)))

    def tell(what: str, act: Callable[[], Any]) -> None:
        times = _times(act)
        p95 = p95_ms([time / 1000 for time in times])
        notes.note(what, statistics.median(times), "ms", p95=p95, floor=floor)

    tell("give out a case of that queue", lambda: len(dispatcher.dispatch_queue(queue.pk, 1)))
    tell("look at all queues, and give out one case", lambda: dispatcher.dispatch(1))
    _occupy(busy, queue)
    Case.objects.filter(queue=queue, number__lte=cases - 1000).update(assignee=busy)
    vacuum()
    tell("the same, nearly all waiting for one agent", lambda: len(dispatcher.dispatch_queue(queue.pk, 1)))
    items = [NewCase(f"Mail {number}", {"message": "Please help. " * 20}) for number in range(BATCH_LIMIT)]
    notes.times(f"{BATCH_LIMIT:,} cases added in one call", [timed(lambda: add_cases(queue, items, by=BATON))])


def _take_next(queue: Queue) -> int:
    with transaction.atomic():
        return len(execute(_TAKE_NEXT, [queue.pk]))


def _team(slug: str) -> tuple[Queue, Agent]:
    """Its queue with two consumers, one of them with a single place."""
    team = create_team(slug, slug)
    queue = create_queue(team, "Support")
    busy = create_agent(team, "Busy")
    connect(busy, [Consumes(queue.pk, 1)])
    connect(create_agent(team, "Free"), [Consumes(queue.pk, 1000)])
    return queue, busy


def _occupy(busy: Agent, queue: Queue) -> None:
    Case.objects.filter(queue=queue, number=1).update(assignee=busy)
    while dispatcher.dispatch_queue(queue.pk, 1) and not busy.runs.exists():
        pass


def _fill(queue: Queue, assignee: Agent | None, first: int, last: int) -> None:
    about = {"team": queue.team_id, "queue": queue.pk, "assignee": assignee and assignee.pk}
    execute(_FILL, about | {"first": first, "last": last})
    Team.objects.filter(pk=queue.team_id).update(last_case_number=last)


def _times(act: Callable[[], Any]) -> list[float]:
    return [_time_of_the_database(act) for _ in range(ROUNDS)]


def _time_of_the_database(act: Callable[[], Any]) -> float:
    """Milliseconds that the server says it spent on all statements: parsing, planning, executing and committing."""
    spent: list[float] = []

    def note(told: psycopg.errors.Diagnostic) -> None:
        if told.message_primary and (found := re.match(r"duration: ([\d.]+) ms", told.message_primary)):
            spent.append(float(found[1]))

    assert connection.connection
    connection.connection.add_notice_handler(note)
    with connection.cursor() as cursor:
        cursor.execute("set client_min_messages = log")
        cursor.execute("set log_min_duration_statement = 0")
        spent.clear()
        assert act() == 1
        total = sum(spent)
        cursor.execute("reset log_min_duration_statement")
    connection.connection.remove_notice_handler(note)
    return total


if __name__ == "__main__":
    run(measure, "dispatch")
