"""The same two-stage cases by Baton, by floors and by peers, side by side.

    python -m benchmarks.contest [--quick] [--rounds N] [--delay MS] [--only NAME...]

Everybody has a database of its own on one PostgreSQL that flushes its commits, and asks the same provider, over HTTP.
They take turns, so that what else the machine does hits all alike: each ratio is to the floor of the same round. The
floors run in Baton's own environment, peers in one made from `peers-requirements.txt`. Full page images are off, so
that WAL does not depend on when the last checkpoint was. With a delay their database is on another machine, so to say.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict
from redis import Redis

from benchmarks import counts
from benchmarks.figures import Notes, median_ms
from benchmarks.provider import Standing, provider
from benchmarks.proxy import delaying
from ops.stack import throwaway

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(__file__).parent / "peers"
PEERS = Path(__file__).parent / "peers-requirements.txt"
PLACES = 50
_PATIENCE = 300


@dataclass(frozen=True)
class Contender:
    name: str
    program: str
    is_peer: bool = True
    has_queue: bool = True


PSYCOPG, IN_PROCESS = "bare psycopg", "bare pydantic-ai"
BATON = Contender("Baton", "baton", is_peer=False)
CONTENDERS = [
    Contender(PSYCOPG, "bare_psycopg", is_peer=False),
    Contender(IN_PROCESS, "bare_pydantic_ai", is_peer=False, has_queue=False),
    BATON,
    Contender("bare RQ", "bare_rq", is_peer=False),
    Contender("LangGraph, Postgres", "langgraph_postgres", has_queue=False),
    Contender("langgraph-swarm", "langgraph_handoffs", has_queue=False),
    Contender("DBOS", "dbos_queues"),
    Contender("procrastinate", "procrastinate_tasks"),
    Contender("Celery", "celery_tasks"),
]
# What is compared with whom, and how it is told.
FIGURES = {
    "handover latency": ("ms", PSYCOPG),
    "cases a second, 4 workers": ("/s", PSYCOPG),
    "cases a second, 1 worker": ("/s", PSYCOPG),
    "CPU of the workers per case, 4 workers": ("ms", IN_PROCESS),
    "CPU of the workers per case, 1 worker": ("ms", IN_PROCESS),
    "CPU of PostgreSQL per case": ("ms", PSYCOPG),
    "write transactions per case": ("", PSYCOPG),
    "WAL per case": ("kB", PSYCOPG),
    "Redis commands per case": ("", PSYCOPG),
    "memory of a worker": ("MB", IN_PROCESS),
}


class Servers:
    """PostgreSQL and Valkey, for all in turn."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.address = throwaway.start_postgres(durable=True)
        self.host = conninfo_to_dict(self.address)["host"]  # where contenders find it
        self.valkey = throwaway.start_valkey()
        self.connection = psycopg.connect(self._database("postgres"), autocommit=True)
        self.connection.execute("alter system set full_page_writes = off")
        self.connection.execute("select pg_reload_conf()")
        self.redis = Redis.from_url(self.valkey)
        self.home = tempfile.mkdtemp(prefix="baton-contest-")

    def _database(self, name: str) -> str:
        """As all libraries understand it."""
        parts = conninfo_to_dict(self.address)
        return f"postgresql://{parts['user']}:{parts['password']}@/{name}?host={self.host}"

    def environment(self, number: int, contender: Contender) -> dict[str, str]:
        if contender.program == "baton":
            parts = conninfo_to_dict(self.address)
            server = f"{parts['user']}:{parts['password']}@{quote(self.host, safe='')}:{parts['port']}"
            database = f"postgresql://{server}/contest_{contender.program}"
        else:
            database = self._database(f"contest_{contender.program}")
        own = {
            "DATABASE_URL": database,
            "REDIS_URL": f"{self.valkey}?db={number + 1}",
            "PLACES": str(PLACES),
            "RUNS_PER_WORKER": str(PLACES),
            "BATON_DEFAULT_MODEL": "openai-chat:scripted",
            "BATON_HOME": self.home,
            "SECRET_KEY": "contest",
            "LOG_LEVEL": "WARNING",
            "PYTHONPATH": "" if contender.is_peer else str(ROOT),
            "DBOS__APPVERSION": "1",
        }
        kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        return kept | self.standing.environment | own

    def counted(self) -> counts.Counts:
        return counts.postgres(self.connection) | counts.redis(self.redis)


@dataclass
class Crew:
    """A contender at work: its workers, and who gives them cases."""

    contender: Contender
    environment: dict[str, str]
    python: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, verb: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [self.python, f"{self.contender.program}.py", verb],
            env=self.environment,
            cwd=PROGRAMS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if not os.environ.get("CONTEST_STDERR") else None,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def hear(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if line.strip() == word:
            return
    raise RuntimeError(f"it ended with status {process.wait()} before it said {word!r}")


@contextmanager
def at_work(servers: Servers, crew: Crew, workers: int) -> Iterator[Callable[[int, int], float]]:
    """Gives what works so many mails, from a first number on, and returns the seconds that took."""
    try:
        team = [crew.start("work") for _ in range(workers)]
        drivers = team if not crew.contender.has_queue else [crew.start("submit")]
        if crew.contender.program == "baton":
            client = Redis.from_url(crew.environment["REDIS_URL"])
            while client.scard("rq:workers") < workers:
                time.sleep(0.1)
        for process in {*team, *drivers} if crew.contender.program != "baton" else drivers:
            hear(process, "ready")

        def do(first: int, count: int) -> float:
            shares = [count // len(drivers) + (number < count % len(drivers)) for number in range(len(drivers))]
            began = time.perf_counter()
            busy = []
            for driver, share in zip(drivers, shares, strict=True):
                if share:
                    assert driver.stdin
                    print(first, share, file=driver.stdin, flush=True)
                    busy.append(driver)
                first += share
            # Who does not come to an end is left out.
            watch = threading.Timer(_PATIENCE, crew.stop)
            watch.start()
            for driver in busy:
                hear(driver, "done")
            watch.cancel()
            return time.perf_counter() - began

        crew.processes = [*team, *(one for one in drivers if one not in team)]
        yield do
    finally:
        crew.stop()


def prepare(servers: Servers, crew: Crew) -> None:
    servers.connection.execute(f'create database "contest_{crew.contender.program}"'.encode())
    if crew.start("prepare").wait(_PATIENCE):
        raise RuntimeError("its tables could not be made")
    crew.processes.clear()


class Contest:
    def __init__(self, servers: Servers, quick: bool, pythons: dict[bool, str]) -> None:
        self.servers = servers
        self.postmaster = counts.postmaster(servers.connection)
        self.one_by_one, self.many = (8, 60) if quick else (30, 150)
        self.crews = {
            one.name: Crew(one, servers.environment(number, one), pythons[one.is_peer])
            for number, one in enumerate(CONTENDERS)
            if one.is_peer in pythons
        }
        self.next_mail = 1

    def measure(self, name: str) -> dict[str, float]:
        return self._of_one_worker(self.crews[name]) | self._of_four_workers(self.crews[name])

    def _of_one_worker(self, crew: Crew) -> dict[str, float]:
        with at_work(self.servers, crew, 1) as do:
            workers = [crew.processes[0].pid]
            do(self._mails(5), 5)
            first = self.next_mail
            for _ in range(self.one_by_one):
                do(self._mails(1), 1)
            handovers = self.servers.standing.handovers(first, self.one_by_one)
            before, cpu, own = self.servers.counted(), counts.cpu(workers), counts.cpu([self.postmaster])
            took = do(self._mails(self.many), self.many)
            cost = counts.difference(self.servers.counted(), before, self.many)
            used = (counts.cpu(workers) - cpu) * 1000 / self.many
            of_postgres = (counts.cpu([self.postmaster]) - own) * 1000 / self.many
            return {
                "handover latency": median_ms(handovers),
                "cases a second, 1 worker": self.many / took,
                "CPU of the workers per case, 1 worker": used,
                "CPU of PostgreSQL per case": of_postgres,
                "write transactions per case": cost["write transactions"],
                "WAL per case": cost["WAL"],
                "Redis commands per case": cost["Redis commands"],
                "memory of a worker": counts.memory(workers),
            }

    def _of_four_workers(self, crew: Crew) -> dict[str, float]:
        with at_work(self.servers, crew, 4) as do:
            workers = [process.pid for process in crew.processes[:4]]
            do(self._mails(40), 40)
            cpu = counts.cpu(workers)
            took = do(self._mails(self.many), self.many)
            used = (counts.cpu(workers) - cpu) * 1000 / self.many
        return {"cases a second, 4 workers": self.many / took, "CPU of the workers per case, 4 workers": used}

    def _mails(self, count: int) -> int:
        self.next_mail += count
        return self.next_mail - count


def peers_python() -> str | None:
    """Of an environment that has the peers; None, and a line that says so, when they cannot be installed."""
    home = ROOT / ".baton" / "peers"
    python = home / "bin" / "python"
    uv = ROOT / "script" / "uv"
    try:
        if not python.exists():
            subprocess.run([uv, "venv", "-q", "--python", sys.executable, home], check=True)
        install = [uv, "pip", "install", "-q", "--python", python, "-r", PEERS]
        subprocess.run(install, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The peers are left out, as they cannot be installed: {error}", flush=True)
        return None
    return str(python)


def tell(notes: Notes, found: dict[str, dict[str, float]]) -> None:
    """Of one round."""
    for figure, (unit, floor) in FIGURES.items():
        for name, own in found.items():
            compared = found.get(floor, {}).get(figure)
            notes.note(figure, own[figure], unit, who=name, floor=(floor, compared) if compared else None)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--to", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delay", type=float, default=0, help="Milliseconds that each round trip to PostgreSQL takes.")
    parser.add_argument("--only", nargs="*", default=[one.name for one in CONTENDERS])
    chosen = parser.parse_args()
    notes = Notes("contest", chosen.to)
    wanted = [one for one in CONTENDERS if one.name in chosen.only]
    pythons = {False: sys.executable}
    if any(one.is_peer for one in wanted) and (python := peers_python()):
        pythons[True] = python
    with provider() as standing, ExitStack() as stack:
        servers = Servers(standing)
        if chosen.delay:
            servers.host = stack.enter_context(delaying(f"{servers.host}/.s.PGSQL.5432", chosen.delay / 1000))
        contest = Contest(servers, chosen.quick, pythons)
        names = [one.name for one in wanted if one.name in contest.crews]
        for name in list(names):
            if not _succeeds(name, lambda: prepare(contest.servers, contest.crews[name])):  # noqa: B023
                names.remove(name)
        for number in range(1 if chosen.quick else chosen.rounds):
            print(f"round {number + 1}", flush=True)
            found: dict[str, dict[str, float]] = {}
            for name in names:
                _succeeds(name, lambda: found.update({name: contest.measure(name)}))  # noqa: B023
            tell(notes, found)


def _succeeds(name: str, act: Callable[[], object]) -> bool:
    try:
        act()
    except (RuntimeError, subprocess.TimeoutExpired, statistics.StatisticsError) as error:
        print(f"{name} is left out: {error}", flush=True)
        return False
    return True


if __name__ == "__main__":
    main()
