"""How many cases a second are completed beside other programs that want the processors, with faults and without.

    python -m benchmarks.bend [--quick]

The whole installation, as `script/server` runs it, with two workers and more cases than it can work. Its fair share of
the processors is what as many processes get beside so many others: with two cores and four busy programs a third. The
goals are that share of what is completed with no program beside it, and never ten seconds without a completed case.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psycopg  # noqa: E402

from benchmarks.chaos.client import Client  # noqa: E402
from benchmarks.chaos.faults import Fault, Saboteur, plan  # noqa: E402
from benchmarks.chaos.installation import Installation  # noqa: E402
from benchmarks.chaos.provider import title  # noqa: E402
from benchmarks.figures import Notes  # noqa: E402

WORKERS, LEASE, BATCH, BATCHES = 2, 5.0, 1000, 8
PROGRAMS = (0, 2, 4, 8)
# Those that hit who works; what the supervisor or Valkey does is told elsewhere.
FAULTS = ("kill a work horse", "stop a work horse beyond its lease", "kill a worker", "end a database session")
_DONE = "select count(*) from cases_case where status = 'completed'"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="Short rounds with few programs.")
    parser.add_argument("--to", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    notes, seconds = Notes("bend", chosen.to), 20 if chosen.quick else chosen.seconds
    house = Installation(Path(tempfile.mkdtemp(prefix="baton-bend-")), workers=WORKERS, lease=LEASE, pace=0.05)
    try:
        house.start()
        house.make_key()
        client = Client(house, 0, 1)
        client.set_up()
        _fill(house, client)
        for faults in (False, True):
            alone = 0.0
            for number in PROGRAMS[:3] if chosen.quick else PROGRAMS:
                rate, pause = _round(house, client, number, seconds, faults=faults)
                alone = alone or rate
                kind = f"{number} programs beside it{', faults' if faults else ''}"
                share = (os.cpu_count() or 1) / ((os.cpu_count() or 1) + number)
                notes.note(f"{kind}: completed", rate, "a second", floor=("its fair share", alone * share))
                notes.note(f"{kind}: longest time without a completed case", pause, "s")
    finally:
        house.stop()


def _fill(house: Installation, client: Client) -> None:
    for batch in range(BATCHES):
        # Every fifth case would ask a person.
        cases = [{"title": title(number)} for number in range(batch * BATCH, (batch + 1) * BATCH) if number % 5]
        house.insist("POST", f"/queues/{client.queue}/cases", {"cases": cases})


def _round(house: Installation, client: Client, programs: int, seconds: float, *, faults: bool) -> tuple[float, float]:
    """Return the cases completed in a second, and the longest time in which none was."""
    with _busy(programs):
        time.sleep(2)
        if faults:
            saboteur = Saboteur(house, client, LEASE, WORKERS)
            some = [fault for fault in plan(programs, seconds) if fault.kind in FAULTS]
            sabotage = threading.Thread(target=_sabotage, args=(saboteur, some, seconds))
            sabotage.start()
        first, began = _done(house, 0), time.monotonic()
        done, moved, longest = first, began, 0.0
        while time.monotonic() < began + seconds:
            if (now := _done(house, done)) > done:
                done, moved = now, time.monotonic()
            longest = max(longest, time.monotonic() - moved)
            time.sleep(0.2)
        took = time.monotonic() - began
        if faults:
            sabotage.join()
    return (done - first) / took, longest


def _sabotage(saboteur: Saboteur, faults: list[Fault], seconds: float) -> None:
    began = time.monotonic()
    for fault in faults:
        time.sleep(max(0, began + fault.at - time.monotonic()))
        if time.monotonic() - began < seconds:
            saboteur.hit(fault)


def _done(house: Installation, otherwise: int) -> int:
    with suppress(psycopg.Error, OSError, ValueError), house.connect() as connection:
        row = connection.execute(_DONE).fetchone()
        return int(row[0]) if row else otherwise
    return otherwise


@contextmanager
def _busy(number: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
