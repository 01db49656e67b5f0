"""What servers count of their work, and processes of theirs: differences between two moments, and no clocks."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psutil
import psycopg
from redis import Redis

type Counts = dict[str, float]

# `pg_snapshot_xmax` reads how many transactions have got a number, without taking one: those that wrote something,
# and savepoints within them that did. Statistics come late, so the reader flushes them.
_POSTGRES = """
    select pg_snapshot_xmax(pg_current_snapshot())::text::bigint, pg_current_wal_insert_lsn() - '0/0',
        (select sum(xact_commit + xact_rollback) from pg_stat_database)
"""
# Live signals to open pages.
_LIVE = ("publish",)
# What belongs to time and to connections: the counters of /metrics are added once a second, each time as a transaction.
_BY_TIME = ("hincrbyfloat", "multi", "exec", "info", "ping", "hello", "select", "client|setinfo", "config|get")


def postgres(connection: psycopg.Connection[Any]) -> Counts:
    connection.execute("select pg_stat_force_next_flush()")
    connection.execute("select pg_stat_clear_snapshot()")
    row = connection.execute(_POSTGRES).fetchone()
    assert row
    written, wal, transactions = row
    return {"write transactions": float(written), "transactions": float(transactions), "WAL": float(wal) / 1000}


def redis(client: Redis) -> Counts:
    calls = commands(client)
    signals = sum(calls.get(name, 0) for name in _LIVE)
    others = sum(count for name, count in calls.items() if name not in (*_LIVE, *_BY_TIME))
    return {"Redis commands": float(others), "live signals": float(signals)}


def commands(client: Redis) -> dict[str, int]:
    told: Any = client.info("commandstats")
    return {name.removeprefix("cmdstat_"): row["calls"] for name, row in told.items()}


def difference(after: Counts, before: Counts, share: int = 1) -> Counts:
    return {name: (value - before.get(name, 0)) / share for name, value in after.items()}


# --- Processes -------------------------------------------------------------------------------


def cpu(pids: Iterable[int]) -> float:
    """Seconds that these processes and all that they ever started have computed."""
    total = 0.0
    for process in _family(pids):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory(pids: Iterable[int]) -> float:
    """MB of memory that would be free without these processes and their children: what several share is divided."""
    total = 0
    for process in _family(pids):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / 1e6


def _family(pids: Iterable[int]) -> list[psutil.Process]:
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            found |= {one.pid: one for one in [process, *process.children(recursive=True)]}
    return list(found.values())


def postmaster(connection: psycopg.Connection[Any]) -> int:
    """The process that started the server's one for this connection."""
    return psutil.Process(connection.info.backend_pid).ppid()
