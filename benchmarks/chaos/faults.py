"""What goes wrong, when: a plan drawn by lot from a seed, and the doing of it."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import psycopg
import redis

from benchmarks.chaos.client import Client
from benchmarks.chaos.installation import Installation, NoAnswer, send, wait_for

# How many of each in 40 seconds.
WEIGHTS = {
    "kill a work horse": 12,
    "stop a work horse beyond its lease": 5,
    "kill a worker": 1,
    "deploy: tell a worker to leave": 2,
    "kill the clock": 1,
    "kill the supervisor": 1,
    "end a database session": 30,
    "restart Postgres at once": 1,
    "wipe Valkey": 16,
    "kill Valkey": 1,
    "stop Valkey for a while": 1,
    "provider: 500": 18,
    "provider: hang": 8,
    "provider: half an answer": 12,
    "create a case several times": 20,
}


@dataclass(frozen=True)
class Fault:
    """`lot` decides whom it hits; `at` in seconds from the beginning."""

    at: float
    kind: str
    lot: float


def plan(seed: int, seconds: float, weights: Mapping[str, float] = WEIGHTS) -> list[Fault]:
    lots = random.Random(seed)
    found = []
    for kind, weight in weights.items():
        for _ in range(max(1, round(weight * seconds / 40))):
            found.append(Fault(lots.uniform(0.02, 1) * seconds, kind, lots.random()))
    return sorted(found, key=lambda fault: fault.at)


@dataclass
class Saboteur:
    house: Installation
    client: Client
    lease: float
    workers: int
    done: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._later: list[threading.Timer] = []

    def work(self, faults: list[Fault]) -> None:
        """Does all of it, in order. A fault that found nobody to hit is not counted; each kind hits someone once."""
        began = time.monotonic()
        for fault in faults:
            time.sleep(max(0, began + fault.at - time.monotonic()))
            before = time.monotonic()
            if not self.hit(fault):
                self.missed[fault.kind] += 1
            if fault.kind == "kill the supervisor":
                began += time.monotonic() - before  # nothing else can go wrong while nothing runs
        for fault in {fault.kind: fault for fault in faults if fault.kind not in self.done}.values():
            wait_for(partial(self.hit, fault), 20)
        for timer in self._later:
            timer.join()

    def hit(self, fault: Fault) -> bool:
        """Return whether it found someone."""
        with suppress(OSError, psycopg.Error, redis.RedisError, NoAnswer):
            if self._do(fault):
                self.done[fault.kind] += 1
                return True
        return False

    def _do(self, fault: Fault) -> bool:
        match fault.kind.split(": "):
            case ["provider", how]:
                self.house.fail_next({"half an answer": "half"}.get(how, how))
                return True
            case ["kill a work horse"]:
                return any(send(pid, signal.SIGKILL) for pid in self._one_of(fault, self.house.horse))
            case ["stop a work horse beyond its lease"]:
                return any(self._pause(pid, self.lease + 1.5) for pid in self._one_of(fault, self.house.horse))
            case ["kill a worker"]:
                return any(send(pid, signal.SIGKILL) for pid in self._one_of(fault, self.house.pid))
            case ["deploy", _]:
                return any(send(pid, signal.SIGTERM) for pid in self._one_of(fault, self.house.pid))
            case ["kill the clock"]:
                return send(self.house.pid("clock"), signal.SIGKILL)
            case ["kill the supervisor"]:
                self.house.supervisor.process.kill()
                self.house.supervisor.process.wait()
                self.house.start()
                return True
            case ["end a database session"]:
                return self._end_a_session(fault.lot)
            case ["restart Postgres at once"]:
                return send(self.house.pid("postgres"), signal.SIGQUIT)
            case ["wipe Valkey"]:
                with self.house.valkey() as valkey:
                    valkey.flushall()
                return True
            case ["kill Valkey"]:
                return send(self.house.pid("valkey"), signal.SIGKILL)
            case ["stop Valkey for a while"]:
                return self._pause(self.house.pid("valkey"), 1.5)
            case ["create a case several times"]:
                self.client.create_several_times()
                return True
        raise AssertionError(fault)

    def _one_of(self, fault: Fault, find: Callable[[str], int | None]) -> Iterator[int]:
        """The first of the workers, from the one drawn on, that has what is looked for."""
        first = int(fault.lot * self.workers)
        for step in range(self.workers):
            if pid := find(f"worker {(first + step) % self.workers + 1}"):
                yield pid

    def _pause(self, pid: int | None, seconds: float) -> bool:
        if not send(pid, signal.SIGSTOP):
            return False
        self._later.append(threading.Timer(seconds, send, [pid, signal.SIGCONT]))
        self._later[-1].start()
        return True

    def _end_a_session(self, lot: float) -> bool:
        with self.house.connect() as connection:
            sessions = connection.execute(
                "select pid from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'checker'"
                " order by backend_start"
            ).fetchall()
            if sessions:
                connection.execute("select pg_terminate_backend(%s)", sessions[int(lot * len(sessions))])
        return bool(sessions)
