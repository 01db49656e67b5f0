"""One trial: an installation, its client, its saboteur, and in the end the judgement."""

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.checker import Findings, Watch, check, unfinished
from benchmarks.chaos.client import Client
from benchmarks.chaos.faults import Saboteur, plan
from benchmarks.chaos.installation import Installation, wait_for

LEASE, WORKERS = 2.0, 2


@dataclass
class Report:
    """`drained_after`: seconds from the last fault until every case was done; None when `patience` was over before."""

    seed: int
    faults: dict[str, int]
    missed: dict[str, int]
    cases: int
    drained_after: float | None
    sent_again: dict[str, int]
    looks: int
    found: Findings
    load: tuple[float, float, float]

    @property
    def number_of_faults(self) -> int:
        return sum(self.faults.values())

    def line(self) -> dict[str, Any]:
        return {**asdict(self), "found": self.found.counts(), "number_of_faults": self.number_of_faults}


def run(folder: Path, *, seed: int, seconds: float, rate: float = 3, patience: float = 180) -> Report:
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
        is_done = wait_for(lambda: _ask(house, unfinished) == 0, patience)
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
        dict(client.sent_again),
        watch.looks,
        found,
        os.getloadavg(),
    )


def _ask[T](house: Installation, question: Callable[[Any], T]) -> T:
    with house.connect() as connection:
        return question(connection)
