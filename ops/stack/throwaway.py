"""Servers for tests: fast, without durability, and stopped with the process that started them."""

import atexit
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import home, postgres, processes, valkey
from .home import CannotStart, Home
from .processes import Program


def start_postgres(*, durable: bool = False) -> str:
    """Return its address. With `durable` commits reach the disk, for measurements."""
    place = _make_home()
    cluster = postgres.open_cluster(place, durable=durable)
    sockets = home.make_socket_folder(place, "postgres", cluster.account)
    program = postgres.program(cluster, sockets)
    _start(program, place, [place.path, place.spare, sockets], lambda: postgres.answers(cluster, sockets))
    postgres.close(cluster, sockets)
    postgres.create_database(cluster, sockets)
    return postgres.url(cluster, sockets)


def start_valkey() -> str:
    """Return its address. It has a database for each of many test processes."""
    place = _make_home()
    sockets = home.make_socket_folder(place, "valkey")
    address = valkey.url(sockets, place.password("valkey"))
    program = valkey.program(valkey.find_binary(), sockets, place.password("valkey"), databases=256)
    _start(program, place, [place.path, sockets], lambda: valkey.answers(address))
    return address


def _make_home() -> Home:
    return Home(Path(tempfile.mkdtemp(prefix="baton-test-")))


def _start(program: Program, place: Home, folders: list[Path], ready: Callable[[], bool]) -> None:
    with (place.path / "output").open("w") as output:
        server = subprocess.Popen(program.command, stdout=output, stderr=output, **processes.options(program))  # noqa: S603

    def stop() -> None:
        server.send_signal(program.stop_signal)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGKILL)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    if not processes.wait_until(lambda: server.poll() is not None or ready(), 60) or server.returncode is not None:
        said = processes.telling_line((place.path / "output").read_text().splitlines())
        raise CannotStart(f"{program.name} did not start for the tests: {said}")
