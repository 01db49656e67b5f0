"""What long runs write: 100 steps against 10, and heartbeats while a model takes its time.

python -m benchmarks.endurance [--quick]
"""

from django.conf import settings
from django.db import connection

from benchmarks import counts
from benchmarks.figures import Notes
from benchmarks.ground import execute, run
from benchmarks.provider import provider
from benchmarks.staff import add_mails, desk
from benchmarks.two_stages import ask
from runs.workers.shift import run_shift

_UPDATES = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'runs_run'"


def measure(notes: Notes, quick: bool) -> None:
    cases = 3 if quick else 10
    settings.RUN_REQUEST_LIMIT = 0
    with provider() as standing:
        ask(standing)
        queue = desk()
        numbers = iter(range(1, 100))

        def work(count: int) -> counts.Counts:
            connection.ensure_connection()
            before = counts.postgres(connection.connection)
            for _ in range(count):
                add_mails(queue, next(numbers), 1)
            run_shift("benchmark/1", 20, linger=0.05)
            return counts.difference(counts.postgres(connection.connection), before, count)

        work(2)
        found = {}
        for steps in (10, 100):
            standing.work(steps)
            found[steps] = work(cases)
        for what, unit in {"WAL": "kB", "write transactions": "a case"}.items():
            floor = "10 steps", found[10][what]
            notes.note(f"{what} of a case, 10 steps", found[10][what], unit)
            notes.note(f"{what} of a case, 100 steps", found[100][what], unit, floor=floor)
        standing.work(0)
        standing.take(5)
        settings.BATON_LEASE_SECONDS = 1.0
        before = _updates()
        work(20)
        after = _updates()
        updates, hot = (now - then for now, then in zip(after, before, strict=True))
        notes.note("updates of 20 runs' rows in 2 × 5 s, a lease of 1 s", updates, "updates")
        notes.note("of these heap-only", 100 * hot / updates, "%")


def _updates() -> tuple[int, int]:
    execute("select pg_stat_force_next_flush()")
    execute("select pg_stat_clear_snapshot()")
    [row] = execute(_UPDATES)
    return row


if __name__ == "__main__":
    run(measure, "endurance")
