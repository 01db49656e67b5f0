"""Start the programs of one installation in order, wait for a signal to stop, and stop them."""

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from django.contrib.auth.hashers import check_password

from . import home, postgres, processes, valkey
from .home import CannotStart, Home
from .processes import Program
from .supervisor import Output, Supervisor

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
JSON = "rq.serializers.JSONSerializer"  # django-rq's worker does not take it from the queue's settings
DEMO, KNOWN_PASSWORD = "demo@example.com", "demo"
SAME_WISH = 0.5  # seconds within which a second signal is the first one, passed on twice


@dataclass(frozen=True)
class Plan:
    """The programs to run. An installation without its own database or Redis gets the embedded ones."""

    home: Home
    host: str = "127.0.0.1"
    port: int = 8000  # 0: any free port
    workers: int = 2
    database: Mapping[str, Any] = field(default_factory=dict)  # arguments of psycopg.connect
    redis_url: str = ""

    @property
    def reachable_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def address(self) -> str:
        host = self.reachable_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def web_answers(self) -> bool:
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection(self.reachable_host, self.port)
                writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
                answer = await reader.readline()
                writer.close()
        except OSError:  # TimeoutError is one
            return False
        return answer.startswith(b"HTTP/")


def programs(plan: Plan, environment: Mapping[str, str]) -> list[Program]:
    """Return the programs that use the servers, in starting order. The web server comes first: people wait for it."""
    manage = [sys.executable, str(MANAGE)]
    web = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--app-dir", str(MANAGE.parent)]
    web += ["--host", plan.host, "--port", str(plan.port), "--timeout-graceful-shutdown", "3", "--log-level", "warning"]
    web += ["--no-proxy-headers"]  # BATON_PROXIES says which proxies to trust
    # macOS refuses a fork once certain libraries are in use, unless told otherwise; RQ forks for each job.
    forking = {**environment, "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}
    # Without system checks, which import every page.
    worker = [*manage, "rqworker", "default", "--serializer", JSON, "--verbosity", "0", "--skip-checks"]
    workers = [f"worker {number}" for number in range(1, plan.workers + 1)]
    return [
        Program("prepare", [*manage, "prepare"], environment, once=True),
        Program("web", web, environment, ready=plan.web_answers),
        *(Program(name, worker, forking) for name in workers),
        Program("clock", [*manage, "clock"], environment),
    ]


type MakePrograms = Callable[[Plan, Mapping[str, str]], list[Program]]


def launch(plan: Plan, make_programs: MakePrograms = programs) -> int:
    """Run the installation until a signal stops it. Return the exit status: 1, after the reason, if it cannot start."""
    try:
        asyncio.run(Launch(plan, make_programs).run())
    except CannotStart as problem:
        print(f"Baton cannot start. {problem}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


class Launch:
    def __init__(self, plan: Plan, make_programs: MakePrograms) -> None:
        self.plan = plan
        self.make_programs = make_programs
        self.told_to_stop = asyncio.Event()
        self.supervisor = Supervisor(plan.home.processes, Output(closed=self.told_to_stop.set))
        self.folders: list[Path] = []  # temporary ones
        self.embedded: dict[str, str] = {}  # the addresses of the embedded servers, for other commands too

    async def run(self) -> None:
        lock = home.claim(self.plan.home)
        self._heed_signals()
        start = asyncio.create_task(self._start(lock))
        told = asyncio.create_task(self.told_to_stop.wait())
        try:
            await asyncio.wait([start, told], return_when=asyncio.FIRST_COMPLETED)
            if start.done():
                await start
                self.supervisor.output.print(self._welcome())
            await told
            self.supervisor.say("stopping")
        except OSError as error:
            raise CannotStart(f"{error.filename or self.plan.home.path}: {error.strerror}.") from error
        finally:
            start.cancel()
            await asyncio.gather(start, return_exceptions=True)
            with contextlib.suppress(OSError):
                self.plan.home.servers.unlink(missing_ok=True)
            await self.supervisor.stop()
            for folder in self.folders:
                shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)

    def _heed_signals(self) -> None:
        loop, first = asyncio.get_running_loop(), 0.0

        def heed() -> None:
            nonlocal first
            if not first:
                first = loop.time()
                self.told_to_stop.set()
            elif loop.time() - first > SAME_WISH:
                self.supervisor.hurry()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
                loop.add_signal_handler(number, heed)

    async def _start(self, lock: int) -> None:
        processes.stop_recorded(self.plan.home.processes)
        self.plan = replace(self.plan, port=free_port(self.plan.host, self.plan.port))
        home.announce(lock, self.plan.address)
        self.embedded["port"] = str(self.plan.port)
        if self.plan.database:
            check_database(self.plan.database)
        else:
            await self._start_postgres()
        if self.plan.redis_url:
            valkey.check(self.plan.redis_url)
        else:
            await self._start_valkey()
        home.write_json(self.plan.home.servers, self.embedded)

        for program in self.make_programs(self.plan, self._environment()):
            if not program.once:
                await self.supervisor.start(program)
            elif status := await self.supervisor.run(program):
                raise CannotStart(f"{program.name} ended with status {status}; what it said is above.")

    async def _start_postgres(self) -> None:
        self.supervisor.say("starting PostgreSQL")
        self.folders.append(self.plan.home.spare)
        cluster = postgres.open_cluster(self.plan.home)
        sockets = home.make_socket_folder(self.plan.home, "postgres", cluster.account)
        self.folders.append(sockets)
        await self.supervisor.start(postgres.program(cluster, sockets))
        try:
            postgres.close(cluster, sockets)
            postgres.create_database(cluster, sockets)
        except psycopg.Error as error:
            raise CannotStart(f"PostgreSQL refuses: {str(error).splitlines()[0]}") from None
        self.embedded["database_url"] = postgres.url(cluster, sockets)
        self.plan = replace(self.plan, database={"conninfo": postgres.url(cluster, sockets)})

    async def _start_valkey(self) -> None:
        self.supervisor.say("starting Valkey")
        binary = valkey.find_binary()
        sockets = home.make_socket_folder(self.plan.home, "valkey")
        self.folders.append(sockets)
        password = self.plan.home.password("valkey")
        await self.supervisor.start(valkey.program(binary, sockets, password))
        self.embedded["redis_url"] = valkey.url(sockets, password)

    def _environment(self) -> dict[str, str]:
        # Compiled modules make every later start faster, whatever the caller's shell says.
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        ours = {name.upper(): address for name, address in self.embedded.items()}
        return {**inherited, **ours, "BATON_HOME": str(self.plan.home.path), "PYTHONUNBUFFERED": "1"}

    def _welcome(self) -> str:
        lines = [f"Baton is ready: {self.plan.address}"]
        people = people_of(self.plan.database)
        if DEMO in people:
            lines += ["", *_how_to_enter_the_demo(people[DEMO])]
            lines += ["  Open the Support queue and watch its cases find the right agent."]
        elif not people:
            command = ".venv/bin/python manage.py create_administrator"
            lines += ["", f"  Nobody can sign in yet. Create the first administrator in a second window: {command}"]
        return "\n".join(["", *lines, "  Ctrl-C stops everything.", ""])


def free_port(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family) as listening:
            return int(listening.getsockname()[1])
    except PermissionError:
        raise CannotStart(
            f"Port {port} needs rights that this account does not have. Choose one from 1024 on."
        ) from None
    except OverflowError:
        raise CannotStart(f"PORT must be between 0 and 65535, not {port}.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"Port {port} is in use by another program. Stop that, or set PORT to another.") from None
        raise CannotStart(f"HOST {host} is no address of this machine: {error.strerror}.") from None


def check_database(arguments: Mapping[str, Any]) -> None:
    try:
        psycopg.connect(**{"connect_timeout": 5, **arguments}).close()
    except psycopg.Error as error:
        raise CannotStart(f"The database of DATABASE_URL cannot be reached: {str(error).splitlines()[0]}") from None


def people_of(database: Mapping[str, Any]) -> dict[str, str]:
    """Return the addresses and password hashes of two people who can sign in, the demo's account first."""
    ask = "select email, password from teams_user where is_active order by email <> %s limit 2"
    try:
        with psycopg.connect(**database) as connection:
            return dict(connection.execute(ask, [DEMO]).fetchall())
    except psycopg.Error:
        return {"someone": ""}


def _how_to_enter_the_demo(password_hash: str) -> list[str]:
    if check_password(KNOWN_PASSWORD, password_hash):
        return [f"  Sign in as {DEMO}, password {KNOWN_PASSWORD}."]
    command = f".venv/bin/python manage.py password_link {DEMO}"
    return [
        f"  Sign in as {DEMO}. Its password was shown once, when it was made.",
        f"  To set another one, run this in a second window: {command}",
    ]
