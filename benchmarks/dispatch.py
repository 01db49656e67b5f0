"""How long giving out one case takes with a million pending ones, and how long it takes to add a thousand.

    python -m benchmarks.dispatch [cases]

The worst case beside the plain one: all but a few of the pending cases wait for an agent that is at its limit. Counted
is the time that the server says it spent. Makes a database of its own beside the one of the settings, and drops it.
"""

import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django
import psycopg

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from builder.agents import Consumes, connect, create_agent  # noqa: E402
from builder.models import Agent  # noqa: E402
from cases.creation import BATCH_LIMIT, NewCase, add_cases  # noqa: E402
from cases.models import Case, Queue  # noqa: E402
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from runs import dispatcher  # noqa: E402
from teams.actors import BATON  # noqa: E402
from teams.models import Team  # noqa: E402

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
OTHER_TEAMS = 200
ROUNDS = 100

_FILL = """
    insert into cases_case (id, team_id, queue_id, number, title, data, priority, labels, external_digest, status,
        reason, detail, assignee_id, rank, hops, fence, last_seq, created_at, moved_at)
    select gen_random_uuid(), %(team)s, %(queue)s, n, 'Case ' || n, '{}', n %% 3, '[]', '', 'pending', '',
        '', %(assignee)s, 2, 0, 0, 0, now() - n * interval '1 second', now()
    from generate_series(%(first)s, %(last)s) n
"""


def main() -> None:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        _measure()
    finally:
        teardown_databases(old, verbosity=0)


def _measure() -> None:
    queue, busy = _team("ours")
    _fill(queue, None, 1, CASES)
    for number in range(OTHER_TEAMS):
        other, _ = _team(f"team-{number}")
        _fill(other, None, 1, 20)
    dispatcher.dispatch(300)
    _vacuum()
    print(f"{CASES:,} pending cases in one queue, {OTHER_TEAMS} other teams with some; milliseconds")
    print(f"{'':42}{'median':>8}{'p95':>8}")
    _tell("give out a case of that queue", lambda: dispatcher.dispatch_queue(queue.pk, 1))
    _tell("look at all queues, and give out one case", lambda: dispatcher.dispatch(1))
    _occupy(busy, queue)
    Case.objects.filter(queue=queue, number__lte=CASES - 1000).update(assignee=busy)
    _vacuum()
    _tell("the same, nearly all waiting for one agent", lambda: dispatcher.dispatch_queue(queue.pk, 1))
    items = [NewCase(f"Mail {number}", {"message": "Please help. " * 20}) for number in range(BATCH_LIMIT)]
    began = time.perf_counter()
    add_cases(queue, items, by=BATON)
    print(f"adding {BATCH_LIMIT:,} cases in one call takes {time.perf_counter() - began:.2f} s in all")


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
    with connection.cursor() as cursor:
        about = {"team": queue.team_id, "queue": queue.pk, "assignee": assignee and assignee.pk}
        cursor.execute(_FILL, about | {"first": first, "last": last})
    Team.objects.filter(pk=queue.team_id).update(last_case_number=last)


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def _tell(what: str, act: Callable[[], Any]) -> None:
    times = sorted(_time_of_the_database(act) for _ in range(ROUNDS))
    print(f"{what:42}{statistics.median(times):8.2f}{times[int(ROUNDS * 0.95)]:8.2f}")


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
    main()
