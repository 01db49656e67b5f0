"""What a case costs that Triage hands over to another agent, who completes it: with the whole product around it.

    python -m benchmarks.two_stages [cases]

Works the cases in one shift in this process, with a scripted provider in another one that answers at once, over HTTP.
Counts what does not depend on the load of the machine: CPU time of this process, transactions and WAL of PostgreSQL,
commands of Redis. Makes a database of its own beside the one of the settings, and drops it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
os.environ["LOG_LEVEL"] = "WARNING"
django.setup()

import django_rq  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from builder import mentions  # noqa: E402
from builder.agents import Consumes, connect, create_agent  # noqa: E402
from cases.creation import NewCase, add_cases  # noqa: E402
from cases.models import Case, Queue, Status  # noqa: E402
from cases.queues import create_queue, save_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from runs.models import Run  # noqa: E402
from runs.shift import run_shift  # noqa: E402
from teams.actors import BATON  # noqa: E402

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 300
_WARM = 20


def main() -> None:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        with _provider():
            queue = _team()
            _work(queue, _WARM)
            before = _counts()
            began = time.perf_counter()
            _work(queue, CASES)
            took = time.perf_counter() - began
            after = _counts()
        requests = sum(run.requests for run in Run.objects.order_by("-created_at")[: 2 * CASES])
        print(f"{CASES} cases of two stages, {requests / CASES:.1f} requests each, {CASES / took:.0f} cases a second")
        for what, count in after.items():
            print(f"{what:28}{(count - before[what]) / CASES:10.2f} a case")
    finally:
        teardown_databases(old, verbosity=0)


@contextmanager
def _provider() -> Iterator[None]:
    """A process of its own, whose CPU time is not counted."""
    command = [sys.executable, "-m", "tests.provider", json.dumps({"refund": "billing"})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        os.environ["OPENAI_API_KEY"] = "none"
        os.environ["OPENAI_BASE_URL"] = process.stdout.readline().strip()
        try:
            yield
        finally:
            process.terminate()


def _team() -> Queue:
    settings.BATON_DEFAULT_MODEL = "openai-chat:scripted"
    team = create_team("Ours", "ours")
    queue = create_queue(team, "Support")
    billing = create_agent(team, "Billing", aop="Refund what was paid twice, then complete the case.")
    triage = create_agent(team, "Triage", aop=f"Refunds go to {mentions.token(billing.pk, billing.name)}.")
    for agent in (billing, triage):
        connect(agent, [Consumes(queue.pk, 1000)])
    save_queue(queue, first_agent=triage)
    return queue


def _work(queue: Queue, count: int) -> None:
    add_cases(queue, [NewCase("Paid twice", {"message": "I want a refund. " * 20}) for _ in range(count)], by=BATON)
    run_shift("benchmark/1", linger=0.2)
    assert not Case.objects.exclude(status=Status.COMPLETED).exists(), "not all cases were completed"
    assert Run.objects.count() == 2 * Case.objects.count()


def _counts() -> dict[str, float]:
    times = os.times()
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_force_next_flush()")
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute(
            "select xact_commit + xact_rollback, pg_current_wal_lsn() - '0/0'"
            " from pg_stat_database where datname = current_database()"
        )
        transactions, wal = cursor.fetchone()
        cursor.execute("select coalesce(sum(n_tup_ins), 0), coalesce(sum(n_tup_upd), 0) from pg_stat_user_tables")
        inserted, updated = cursor.fetchone()
    return {
        "CPU of this process, ms": (times.user + times.system) * 1000,
        "transactions": float(transactions),
        "rows inserted": float(inserted),
        "rows updated": float(updated),
        "WAL, kB": float(wal) / 1000,
        "Redis commands": float(django_rq.get_connection("default").info("stats")["total_commands_processed"]),
    }


if __name__ == "__main__":
    main()
