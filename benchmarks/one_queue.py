"""How cases a second grow with the workers, on one queue and on eight, and how long statements wait for locks.

    python -m benchmarks.one_queue [--quick]

A dispatcher holds the row of its queue. What that costs is told by the waiting for locks, which the load of the machine
changes less than the cases a second, of which it has no more than its processors give.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import counts
from benchmarks.contest import BATON, Crew, Servers, at_work, prepare
from benchmarks.figures import Notes
from benchmarks.provider import provider

_LOOK_SECONDS = 0.01
_WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = %s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--to", type=Path)
    chosen = parser.parse_args()
    notes, cases = Notes("one_queue", chosen.to), 160 if chosen.quick else 640
    with provider() as standing:
        servers = Servers(standing)
        for queues in (1, 8):
            environment = servers.environment(queues, BATON) | {"QUEUES": str(queues)}
            crew = Crew(BATON, environment, sys.executable)
            prepare(servers, crew)
            first, alone = 1, 0.0
            for workers in (1, 2, 4, 8):
                rate = _measure(notes, servers, crew, queues, workers, first, cases, alone)
                alone, first = alone or rate, first + cases + 80
            servers.connection.execute('drop database "contest_baton" with (force)')


def _measure(
    notes: Notes, servers: Servers, crew: Crew, queues: int, workers: int, first: int, cases: int, alone: float
) -> float:
    crew.processes.clear()
    with at_work(servers, crew, workers) as do:
        do(first, 80)
        pids = [process.pid for process in crew.processes[:workers]]
        cpu = counts.cpu(pids)
        with _watched(servers) as waited:
            took = do(first + 80, cases)
        used = counts.cpu(pids) - cpu
    kind = f"{queues} queue{'s' if queues > 1 else ''}, {workers} worker{'s' if workers > 1 else ''}"
    rate = cases / took
    notes.note(f"{kind}: cases", rate, "a second", floor=("one worker", alone or rate))
    notes.note(f"{kind}: CPU of the workers per case", used * 1000 / cases, "ms")
    notes.note(f"{kind}: waiting for locks per case", sum(waited) * 1000 / cases, "ms")
    return rate


@contextmanager
def _watched(servers: Servers) -> Iterator[list[float]]:
    """Seconds that statements waited for locks of others, by looks at short intervals."""
    seen, over = [0.0], threading.Event()

    def watch() -> None:
        with psycopg.connect(servers.address, autocommit=True) as connection:
            last = time.monotonic()
            while not over.wait(_LOOK_SECONDS):
                row = connection.execute(_WAITING, ["contest_baton"]).fetchone()
                now = time.monotonic()
                seen.append((row[0] if row else 0) * (now - last))
                last = now

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
