"""What a case costs that Triage hands over to Billing, who completes it: with the whole product around it.

    python -m benchmarks.two_stages [--quick]
    python -m benchmarks.two_stages --expect      writes benchmarks/expected.json again

Works the cases in one shift in this process, with a scripted provider in another one that answers at once, over HTTP.
Counts what does not depend on the load of the machine: write transactions and WAL of PostgreSQL, statements, commands
of Redis, round trips to PostgreSQL and hops to the thread that makes them; of these two also those of a handover, from
the first agent's answer to the second agent's first request. One at a time, so that nothing is shared between cases,
and fifty at once, as a busy worker has them.
`tests/runs/workers/test_cost.py` compares the first of these with `expected.json`.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connection, connections
from django.db.backends.signals import connection_created
from redis import Redis

from benchmarks import counts
from benchmarks.counts import Counts
from benchmarks.figures import Notes
from benchmarks.ground import database, execute, run
from benchmarks.provider import Standing, provider
from benchmarks.proxy import Proxy, counting
from benchmarks.staff import add_mails, desk
from cases.models import Case, Queue, Status
from runs.engine import engine
from runs.models import Run
from runs.providers import model_requests
from runs.workers.shift import run_shift

EXPECTED = Path(__file__).parent / "expected.json"
# What is compared: what the machine's speed does not change.
COMPARED = (
    *("write transactions", "statements", "WAL", "Redis commands", "round trips", "thread hops"),
    *("round trips of a handover", "thread hops of a handover"),
)
UNITS = {"WAL": "kB", "CPU": "ms"}
_WARM = 5


def measure(notes: Notes, quick: bool) -> None:
    with provider() as standing:
        ask(standing)
        queue = desk()
        for places, cases in ((1, 40 if quick else 150), (50, 100 if quick else 400)):
            began = time.perf_counter()
            counted = cost(queue, cases, places)
            kind = "one at a time" if places == 1 else f"{places} at once"
            notes.note(f"{kind}: cases", cases / (time.perf_counter() - began), "a second")
            for what, value in counted.items():
                notes.note(f"{kind}: {what}", value, UNITS.get(what, "a case"))
            notes.note(f"{kind}: heap-only updates", _hot_share(), "%")


def ask(standing: Standing) -> None:
    """From now on the models of agents are this provider."""
    settings.BATON_DEFAULT_MODEL = "openai-chat:scripted"
    os.environ |= standing.environment


def cost(queue: Queue, cases: int, places: int = 1) -> Counts:
    """Of one case of that many, worked with so many places after a few that do not count."""
    _work(queue, _WARM, places)
    with _statements() as statements, _way() as way:
        before = _counts(statements) | way.counts()
        _work(queue, cases, places)
        found = counts.difference(_counts(statements) | way.counts(), before, cases)
        return found | way.of_handovers() if places == 1 else found


def _work(queue: Queue, count: int, places: int) -> None:
    first = Case.objects.filter(queue=queue).count()
    add_mails(queue, first, count)
    run_shift("benchmark/1", places, linger=0.05)
    assert not Case.objects.filter(queue=queue).exclude(status=Status.COMPLETED).exists(), "some are not completed"
    assert Run.objects.filter(queue=queue).count() == 2 * (first + count)


def _counts(statements: list[int]) -> Counts:
    connection.ensure_connection()
    times = os.times()
    asked = Redis.from_url(settings.REDIS_URL)
    with asked:
        told = {"CPU": (times.user + times.system) * 1000, "statements": float(statements[0])}
        return told | counts.postgres(connection.connection) | _rows() | counts.redis(asked)


def _rows() -> Counts:
    [(inserted, updated)] = execute("select sum(n_tup_ins), sum(n_tup_upd) from pg_stat_user_tables")
    return {"rows inserted": float(inserted), "rows updated": float(updated)}


def _hot_share() -> float:
    [(share,)] = execute("select 100.0 * n_tup_hot_upd / n_tup_upd from pg_stat_user_tables where relname = 'runs_run'")
    return float(share)


@contextmanager
def _statements() -> Iterator[list[int]]:
    """How many statements all connections of this process have sent, those to come too; without begin and commit."""
    number = [0]

    def count(execute: Any, *statement: Any) -> Any:
        number[0] += 1
        return execute(*statement)

    def watch(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(count)

    connection_created.connect(watch)
    connection.execute_wrappers.append(count)
    try:
        yield number
    finally:
        connection.execute_wrappers.remove(count)
        connection_created.disconnect(watch)


class Way:
    """From the event loop to the database and back: how often, so far, and in each handover."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.hops = 0
        self.answered: list[tuple[int, int]] = []
        self.asked: list[tuple[int, int]] = []

    def counts(self) -> Counts:
        return {"round trips": float(self.proxy.trips), "thread hops": float(self.hops)}

    def of_handovers(self) -> Counts:
        """The median of those between an answer and the next request of the same case, one case at a time."""
        ways = [
            (asked[0] - answered[0], asked[1] - answered[1])
            for answered, asked in zip(self.answered[::2], self.asked[1::2], strict=True)
        ]
        trips, hops = (float(statistics.median(column)) for column in zip(*ways, strict=True))
        return {"round trips of a handover": trips, "thread hops of a handover": hops}


@contextmanager
def _way() -> Iterator[Way]:
    """Of the connections that are opened in the meantime, and the threads that are gone to."""
    parameters = connection.settings_dict
    host, port = parameters["HOST"], parameters["PORT"] or 5432
    with counting(f"{host}/.s.PGSQL.{port}") as proxy:
        way = Way(proxy)
        hop, request = SyncToAsync.__call__, model_requests.request

        def count_hop(self: Any, *args: Any, **more: Any) -> Any:
            way.hops += 1
            return hop(self, *args, **more)

        async def mark_request(*args: Any, **more: Any) -> Any:
            way.asked.append((proxy.trips, way.hops))
            response = await request(*args, **more)
            way.answered.append((proxy.trips, way.hops))
            return response

        SyncToAsync.__call__, model_requests.request = count_hop, mark_request  # type: ignore[method-assign]
        parameters["HOST"] = connections.settings["default"]["HOST"] = proxy.folder
        try:
            yield way
        finally:
            SyncToAsync.__call__, model_requests.request = hop, request  # type: ignore[method-assign]
            parameters["HOST"] = connections.settings["default"]["HOST"] = host


# --- What is expected ------------------------------------------------------------------------


def compared(queue: Queue) -> Counts:
    """What a case costs by now, when each answer comes soon: on a slow machine, too."""
    soon, engine.SOON_SECONDS = engine.SOON_SECONDS, 60.0
    try:
        counted = cost(queue, 15)
    finally:
        engine.SOON_SECONDS = soon
    return {what: round(counted[what], 2) for what in COMPARED}


def expect() -> None:
    with database(), provider() as standing:
        ask(standing)
        EXPECTED.write_text(json.dumps(compared(desk()), indent=2) + "\n")
    print(EXPECTED.read_text())


if __name__ == "__main__":
    expect() if "--expect" in sys.argv else run(measure, "two_stages")
