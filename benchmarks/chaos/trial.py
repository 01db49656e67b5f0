"""One trial: an installation, its client, its saboteur, and in the end the judgement."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.chaos.checker import Findings, Watch, check, unfinished
from benchmarks.chaos.client import Client
from benchmarks.chaos.faults import Saboteur, plan
from benchmarks.chaos.installation import Installation

LEASE, WORKERS = 2.0, 2


@dataclass
class Report:
    """`drained_after`: seconds from the last fault until every case was done; None when for `patience` seconds none
    was. `longest_pause`: seconds in the meantime in which none was.
    """

    seed: int
    faults: dict[str, int]
    missed: dict[str, int]
    cases: int
    drained_after: float | None
    longest_pause: float
    sent_again: dict[str, int]
    looks: int
    found: Findings
    load: tuple[float, float, float]

    @property
    def number_of_faults(self) -> int:
        return sum(self.faults.values())

    def line(self) -> dict[str, Any]:
        return {**asdict(self), "found": self.found.counts(), "number_of_faults": self.number_of_faults}


def run(folder: Path, *, seed: int, seconds: float, rate: float = 3, patience: float = 60) -> Report:
    house = Installation(folder, workers=WORKERS, lease=LEASE)
    try:
        house.start()
        house.make_key()
        return _trouble(house, seed, seconds, rate, patience)
    finally:
        house.stop()
        (folder / "said.txt").write_text(house.said())


def _trouble(house: Installation, seed: int, seconds: float, rate: float, patience: float) -> Report:
    client = Client(house, rate, seed)
    client.set_up()
    saboteur, watch = Saboteur(house, client, LEASE, WORKERS), Watch(house)
    client.start()
    try:
        saboteur.work(plan(seed, seconds))
        last = time.monotonic()
        client.stop_adding()
        is_done, pause = _drain(house, patience)
        drained = time.monotonic() - last
    finally:
        client.stop()
        watch.stop()
    found = _ask(house, lambda connection: check(connection, client, watch, house.log))
    return Report(
        seed,
        dict(saboteur.done),
        dict(saboteur.missed),
        len(client.ids),
        round(drained, 1) if is_done else None,
        round(pause, 1),
        dict(client.sent_again),
        watch.looks,
        found,
        os.getloadavg(),
    )


def _drain(house: Installation, patience: float) -> tuple[bool, float]:
    """Wait as long as cases get done: a busy machine takes its time. Return whether all are, and the longest pause."""
    left, moved, longest = -1, time.monotonic(), 0.0
    while left:
        with suppress(psycopg.Error, OSError, ValueError):
            if (now := _ask(house, unfinished)) != left:
                left, moved = now, time.monotonic()
        longest = max(longest, time.monotonic() - moved)
        if longest > patience:
            return False, longest
        time.sleep(0.05)
    return True, longest


def _ask[T](house: Installation, question: Callable[[Any], T]) -> T:
    with house.connect() as connection:
        return question(connection)
