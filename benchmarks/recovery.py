"""How soon work continues when the process that did it is gone.

    python -m benchmarks.recovery [--quick] [--to FILE]

The real installation, with leases as they are by default and a provider that answers in about a second. Three things
happen, again and again: the process that works runs is killed and its worker is not; a worker and all its processes are
killed at once, as with their host; a worker is told to leave, as by a deploy. Of each case in its hands it is measured
when its model is asked again; a case is one sample.
"""

import argparse
import json
import signal
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.chaos.client import Client
from benchmarks.chaos.installation import Installation, send, wait_for
from benchmarks.chaos.provider import case_in, delay, title
from benchmarks.figures import Notes

IN_HAND = 8
# How often each thing happens: cases that are hit together fare alike.
EVENTS = 10
PACE = 1.0
_HELD = """
    select run.id, item.title, run.losses from runs_run run join cases_case item on item.id = run.case_id
    where run.status = 'running' and run.worker like %s
"""
_IN_SUPPORT = """
    select count(*) from cases_case item join cases_queue queue on queue.id = item.queue_id
    where queue.name = 'Support' and item.status in ('pending', 'in_progress')
"""
_OPEN = "select count(*) from cases_case where title = any(%s) and status <> 'completed'"


class Trial:
    def __init__(self, folder: Path) -> None:
        self.house = Installation(folder, workers=2, lease=15, pace=PACE)
        self.client = Client(self.house, 1, 0)
        self.number = 0

    def start(self) -> None:
        self.house.start()
        self.house.make_key()
        self.client.set_up()

    def samples(self, how: str, times: int) -> tuple[list[float], int]:
        """Seconds until each of the cases in hand went on, and how many attempts they were charged for."""
        waits: list[float] = []
        charged = 0
        for _ in range(times):
            worker, held = self._busy_worker()
            began = time.time()
            getattr(self, f"_{how}")(worker)
            asked = self._asked_again({case for _, case, _ in held}, began)
            # Who is told to leave waits for the answers first: these are no loss of time.
            since = self._answers(set(asked), began) if how == "deploy" else {}
            waits += [at - since.get(case, began) for case, at in asked.items()]
            charged += self._losses(held)
        return waits, charged

    # --- What happens to a worker ------------------------------------------------------------

    def _kill_horse(self, worker: str) -> None:
        send(self.house.horse(worker), signal.SIGKILL)

    def _kill_all(self, worker: str) -> None:
        """Its horse dies with it, so nobody is left to tell of it."""
        send(self.house.pid(worker), signal.SIGKILL)

    def _deploy(self, worker: str) -> None:
        send(self.house.pid(worker), signal.SIGTERM)

    # --- What becomes of its cases -----------------------------------------------------------

    def _busy_worker(self) -> tuple[str, list[tuple[Any, int, int]]]:
        """With so many cases in hand that each wait for their model."""
        found: list[tuple[str, list[tuple[Any, int, int]]]] = []

        def is_busy() -> bool:
            self._add_cases()
            found[:] = [(worker, self._held(worker)) for worker in ("worker 1", "worker 2")]
            # Not those that were just lost: who is lost three times goes to a person.
            found[:] = [one for one in found if len(one[1]) >= IN_HAND and not any(losses for *_, losses in one[1])]
            return bool(found)

        assert wait_for(is_busy, 120), "no worker has enough to do"
        return max(found, key=lambda one: len(one[1]))

    def _add_cases(self) -> None:
        with self.house.connect() as connection:
            [open_cases] = connection.execute(_IN_SUPPORT).fetchone() or [0]
        if open_cases > 4 * IN_HAND:
            return
        first, self.number = self.number + 1, self.number + IN_HAND
        # Every fifth case has a question, and would wait for a person.
        numbers = [number for number in range(first, self.number + 1) if number % 5]
        cases = [{"title": title(number)} for number in numbers]
        self.house.insist("POST", f"/queues/{self.client.queue}/cases", {"cases": cases})

    def _held(self, worker: str) -> list[tuple[Any, int, int]]:
        pid = self.house.horse(worker)
        with self.house.connect() as connection:
            rows = connection.execute(_HELD, [f"%/{pid}"]).fetchall() if pid else []
        return [(run, case_in(name), losses) for run, name, losses in rows]

    def _asked_again(self, cases: set[int], since: float) -> dict[int, float]:
        """When the provider was first asked about each of them again, but for those that had just come to their end."""
        asked: dict[int, float] = {}

        def all_are() -> bool:
            for line in self.house.log.read_text().splitlines():
                entry = json.loads(line)
                if entry["at"] > since and entry["case"] in cases:
                    asked.setdefault(entry["case"], entry["at"])
            return self._have_ended(cases - set(asked))

        assert wait_for(all_are, 90), f"some of {sorted(cases - set(asked))} were left behind"
        return asked

    def _have_ended(self, cases: set[int]) -> bool:
        with self.house.connect() as connection:
            row = connection.execute(_OPEN, [[title(case) for case in cases]]).fetchone()
        return row == (0,)

    def _answers(self, cases: set[int], before: float) -> dict[int, float]:
        """When the provider answers what it was asked about each of them before that moment."""
        entries = [json.loads(line) for line in self.house.log.read_text().splitlines()]
        asked = {entry["case"]: entry["at"] for entry in entries if entry["at"] <= before and entry["case"] in cases}
        return {case: at + delay(case, PACE) for case, at in asked.items()}

    def _losses(self, held: list[tuple[Any, int, int]]) -> int:
        before = {run: losses for run, _, losses in held}
        with self.house.connect() as connection:
            rows = connection.execute("select id, losses from runs_run where id = any(%s)", [list(before)]).fetchall()
        return sum(losses - before[run] for run, losses in rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="Each happens twice, for a look.")
    parser.add_argument("--to", type=Path, help="A file that the figures are added to, as JSON lines.")
    chosen = parser.parse_args()
    notes, times = Notes("recovery", chosen.to), 2 if chosen.quick else EVENTS
    trial = Trial(Path(tempfile.mkdtemp(prefix="baton-recovery-")))
    try:
        trial.start()
        for how, name in [
            ("kill_horse", "a horse is killed, its worker goes on"),
            ("deploy", "a worker is told to leave"),
            ("kill_all", "a worker is gone with all it had"),
        ]:
            waits, charged = trial.samples(how, times)
            notes.times(f"{name}: until a case goes on", waits)
            notes.note(f"{name}: 99 of 100 cases within", statistics.quantiles(waits, n=100)[-1] * 1000, "ms")
            notes.note(f"{name}: attempts charged for a case", charged / len(waits), "")
    finally:
        trial.house.stop()


if __name__ == "__main__":
    main()
