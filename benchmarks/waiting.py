"""Many runs that wait for a slow provider: how long they take, and the memory of the workers in the meantime.

    python -m benchmarks.waiting [--quick]

500 cases of two stages with a model that takes 10 s, in one worker with 500 places: 500 runs wait at once, twice. Then
500 cases with a model that takes 1 s, in 4 workers with 50 places each. The floor of a time is what the waiting alone
takes with that many places.
"""

import argparse
import math
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import counts
from benchmarks.contest import BATON, Crew, Servers, at_work, prepare
from benchmarks.figures import Notes
from benchmarks.provider import provider


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--to", type=Path)
    chosen = parser.parse_args()
    notes, cases = Notes("waiting", chosen.to), 100 if chosen.quick else 500
    with provider() as standing:
        servers = Servers(standing)
        crew = Crew(BATON, servers.environment(0, BATON), sys.executable)
        prepare(servers, crew)
        first = _measure(notes, servers, crew, cases, 1, seconds=10, workers=1, places=cases)
        _measure(notes, servers, crew, cases, first, seconds=1, workers=4, places=50)


def _measure(
    notes: Notes, servers: Servers, crew: Crew, cases: int, first: int, *, seconds: float, workers: int, places: int
) -> int:
    crew.environment["RUNS_PER_WORKER"] = str(places)
    crew.processes.clear()
    what = f"{cases} cases of two stages, model of {seconds:.0f} s, {workers} workers with {places} places"
    with at_work(servers, crew, workers) as do:
        do(first, 20)
        pids = [process.pid for process in crew.processes[:workers]]
        servers.standing.take(seconds)
        cpu = counts.cpu(pids)
        with _watched(pids) as peaks:
            took = do(first + 20, cases)
        servers.standing.take(0)
        waited = 2 * seconds * math.ceil(cases / (workers * places))
        notes.note(f"{what}: time", took, "s", floor=("waiting alone", waited))
        notes.note(f"{what}: CPU per case", (counts.cpu(pids) - cpu) * 1000 / cases, "ms")
        notes.note(f"{what}: memory of a worker", max(peaks) / workers, "MB")
        handovers = servers.standing.handovers(first + 20, cases)
        notes.times(f"{what}: handover", handovers)
    return first + 20 + cases


@contextmanager
def _watched(pids: Sequence[int]) -> Iterator[list[float]]:
    """Their memory, every half second."""
    seen, over = [counts.memory(pids)], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            seen.append(counts.memory(pids))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
