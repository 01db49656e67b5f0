"""A whole installation as `script/server` runs it, in a folder of its own, with a scripted provider beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import redis

from ops.stack import processes
from ops.stack.launch import free_port
from tests import children
from tests.ops.stack.harness import CHECKOUT, Started

_SERVE = [sys.executable, str(CHECKOUT / "manage.py"), "serve"]
_KEY = """
from cases.queues.queues import create_team
from teams.keys.api_keys import create_key
print(create_key(create_team("Chaos", "chaos"), "chaos")[1])
"""
_NOT_OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE", "EMAIL_URL")

type Json = dict[str, Any]


class NoAnswer(Exception):
    """The API did not answer, or not with what it was asked for; the caller may ask again."""


class Installation:
    """`lease` in seconds, `pace`: about how many the provider takes for an answer. `provider`: the module of its
    script. `more`: further variables of the environment.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 2,
        lease: float = 2,
        pace: float = 0.2,
        provider: str = "benchmarks.chaos.provider",
        more: Mapping[str, str] | None = None,
    ) -> None:
        self.home = folder / "home"
        self.log = folder / "provider.jsonl"
        self.provider = children.start(
            [sys.executable, "-m", provider, str(self.log), str(pace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
        )
        assert self.provider.stdout
        address = self.provider.stdout.readline().strip()
        port = free_port("127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{port}"
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        self.environment = inherited | {
            "BATON_HOME": str(self.home),
            "BATON_DEMO": "0",
            "BATON_WORKERS": str(workers),
            "BATON_LEASE_SECONDS": str(lease),
            "BATON_DEFAULT_MODEL": "openai-chat:scripted",
            "MODEL_TOTAL_SECONDS": "3",
            "PORT": str(port),
            "OPENAI_BASE_URL": f"{address}/v1",
            "OPENAI_API_KEY": "test",
            **(more or {}),
        }
        self.supervisors: list[Started] = []
        self.key = ""

    # --- Its processes -----------------------------------------------------------------------

    def start(self) -> None:
        """Returns when it is ready. Also after its supervisor was killed."""
        self.supervisors.append(Started(self.home, _SERVE, self.environment))
        self.supervisor.patience = 120
        self.supervisor.ready()

    @property
    def supervisor(self) -> Started:
        return self.supervisors[-1]

    def pid(self, name: str) -> int | None:
        """Of what runs under that name now: `worker 1`, `clock`, `postgres`, ..."""
        with suppress(OSError, ValueError):
            return self.supervisor.pids().get(name)
        return None

    def horse(self, worker: str) -> int | None:
        """The process that works the runs of this worker, when it has one."""
        pid = self.pid(worker)
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return int(children[0]) if children else None
        return None

    def said(self) -> str:
        return "".join(one.heard() for one in self.supervisors)

    def stop(self) -> None:
        for one in self.supervisors[-1:]:
            if one.process.poll() is None:
                with suppress(Exception):
                    one.stop()
                one.process.kill()
            processes.stop_recorded(self.home / "processes.json")
        self.provider.kill()
        self.provider.wait()

    def connect(self) -> psycopg.Connection[Any]:
        return self.supervisor.connect()

    def valkey(self) -> redis.Redis:
        address = json.loads((self.home / "servers.json").read_text())["redis_url"]
        return redis.Redis.from_url(address, socket_timeout=2)

    def fail_next(self, how: str) -> None:
        assert self.provider.stdin
        self.provider.stdin.write(f"{how}\n")
        self.provider.stdin.flush()

    # --- Its API -----------------------------------------------------------------------------

    def make_key(self) -> None:
        servers = json.loads((self.home / "servers.json").read_text())
        addresses = {name.upper(): address for name, address in servers.items()}
        command = [sys.executable, str(CHECKOUT / "manage.py"), "shell", "--no-imports", "--verbosity", "0", "-c", _KEY]
        self.key = subprocess.check_output(command, env=self.environment | addresses, text=True).split()[-1]

    def ask(self, method: str, path: str, body: Json | None = None, timeout: float = 5) -> tuple[int, Any]:
        """Status and body. NoAnswer when there is none, or the server says that it cannot just now."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.address}/api/v1{path}", content, headers, method=method)
        try:
            with urlopen(request, timeout=timeout) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as error:
            if error.code < 500:
                return error.code, json.loads(error.read() or b"null")
            raise NoAnswer(f"{error.code}") from error
        except (OSError, ValueError) as error:
            raise NoAnswer(str(error)) from error

    def insist(self, method: str, path: str, body: Json | None = None, seconds: float = 90) -> tuple[int, Any]:
        """Asks until there is an answer."""
        ends = time.monotonic() + seconds
        while True:
            try:
                return self.ask(method, path, body)
            except NoAnswer:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.2)


def wait_for(condition: Callable[[], Any], seconds: float) -> bool:
    """Also of conditions that cannot be asked just now."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(psycopg.Error, OSError, ValueError, NoAnswer):
            if condition():
                return True
        time.sleep(0.05)
    return False


def send(pid: int | None, number: signal.Signals) -> bool:
    """False when there is nobody to send it to."""
    if pid is None:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
