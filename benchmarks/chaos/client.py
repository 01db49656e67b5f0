"""The users of the installation: they add cases, answer questions, retry parked cases, and keep a history."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from benchmarks.chaos.installation import Installation, Json, NoAnswer
from benchmarks.chaos.provider import title
from tests.model.walk import Event

_EXPECTED = {"run_lost", "run_failed"}


@dataclass
class Client:
    """`rate`: cases a second. `ids` holds what each request for a case was answered with, in the order of answers."""

    house: Installation
    rate: float
    seed: int
    ids: dict[int, list[str]] = field(default_factory=dict)
    seen: dict[str, list[Event]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    sent_again: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._number = 0
        self._lock = threading.Lock()
        self._adding, self._leaving = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(8)
        self._threads = [threading.Thread(target=chore) for chore in (self._add, self._care, self._look)]

    def set_up(self) -> None:
        """The queue, an outbox that nobody works, and two agents of which the first hands over to the second."""
        self.queue = self._made("/queues", {"name": "Support"})
        outbox = self._made("/queues", {"name": "Outbox"})
        connections = {
            "consumes": [{"queue_id": self.queue, "concurrency": 20}],
            "produces": [outbox],
            "ask_person": True,
        }
        billing = self._made("/agents", {"name": "Billing", "aop": "Complete it.", "connections": connections})
        aop = f"Hand it over to @[Billing](agent:{billing})."
        self.triage = self._made("/agents", {"name": "Triage", "aop": aop, "connections": connections})
        self.house.insist("PATCH", f"/queues/{self.queue}", {"first_agent_id": self.triage})

    def _made(self, path: str, body: Json) -> str:
        status, row = self.house.insist("POST", path, body)
        assert status == 201, row
        return str(row["id"])

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop_adding(self) -> None:
        self._adding.set()
        self._pool.shutdown()

    def stop(self) -> None:
        self.stop_adding()
        self._leaving.set()
        for thread in self._threads:
            thread.join()

    # --- Cases -------------------------------------------------------------------------------

    def _add(self) -> None:
        while not self._adding.wait(1 / self.rate):
            with suppress(RuntimeError):  # told to stop in the meantime
                self._pool.submit(self._create, self._next())

    def create_several_times(self) -> None:
        """The same request several times at once, and then another one under its id."""
        number = self._next()
        again = [self._pool.submit(self._create, number) for _ in range(3)]
        self._pool.submit(lambda: [one.result() for one in again] and self._create_otherwise(number))

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def _create(self, number: int) -> None:
        body: Json = {"title": title(number), "external_id": f"id-{number}", "data": {"number": number}}
        if number % 11 == 0:
            body["priority"] = "high"
        status, row = self.house.insist("POST", f"/queues/{self.queue}/cases", body)
        with self._lock:
            if status not in (200, 201):
                self.wrong.append(f"case {number} was answered {status}: {row}")
            else:
                self.ids.setdefault(number, []).append(row["id"])

    def _create_otherwise(self, number: int) -> None:
        body = {"title": "Something else", "external_id": f"id-{number}"}
        status, row = self.house.insist("POST", f"/queues/{self.queue}/cases", body)
        if status != 409:
            self.wrong.append(f"another case {number} was answered {status}: {row}")

    # --- People ------------------------------------------------------------------------------

    def _care(self) -> None:
        self._until_told(self._answer, 0.3)

    def _answer(self) -> None:
        _, page = self.house.ask("GET", "/human-requests?status=open&limit=50")
        for row in page["items"]:
            for _ in range(2):  # the second answer comes too late, or the first one got lost
                self.house.ask("POST", f"/human-requests/{row['id']}/respond", {"answer": "The first"})
        self.retry_what_is_parked()

    def retry_what_is_parked(self) -> None:
        _, page = self.house.ask("GET", "/cases?status=needs_input&limit=50")
        for case in page["items"]:
            if case["reason"] not in ("question", "approval"):
                self.sent_again[case["reason"]] += 1
                if case["reason"] not in _EXPECTED:
                    self.wrong.append(f"{case['title']} was parked: {case['reason']}, {case['detail']}")
                self.house.ask("POST", f"/cases/{case['id']}/reprocess", {})

    def _look(self) -> None:
        """What a case's timeline once said, it always says."""
        lots = random.Random(self.seed)

        def look() -> None:
            with self._lock:
                known = sorted(ids[0] for ids in self.ids.values())
            if known:
                self.read(lots.choice(known[-40:]))

        self._until_told(look, 0.1)

    def read(self, case: str) -> list[Event]:
        _, row = self.house.ask("GET", f"/cases/{case}")
        said = [(item["run_id"] or "", item["actor"] or "", item) for item in row["events"]]
        events = [Event(item["seq"], item["kind"], item["status"], run, actor) for run, actor, item in said]
        before = self.seen.get(case, [])
        if events[: len(before)] != before:
            self.wrong.append(f"the timeline of case {case} was {before} and is {events}")
        self.seen[case] = events
        if row["status"] != events[-1].status or row["events_truncated"]:
            self.wrong.append(f"case {case} is {row['status']} after {events}")
        return events

    def _until_told(self, chore: Callable[[], None], seconds: float) -> None:
        while not self._leaving.wait(seconds):
            with suppress(NoAnswer):
                chore()
