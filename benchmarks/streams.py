"""How long a signal takes to 500 open pages of a team, and what the web process needs for them.

    python -m benchmarks.streams [--quick]

The floor is the same with one open page.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from redis import Redis

from benchmarks import counts
from benchmarks.figures import Notes, median_ms
from benchmarks.ground import member, run
from cases.queues.queues import create_team
from teams.access.live_streams import PER_SESSION
from teams.models import User

ROUNDS = 30


def measure(notes: Notes, quick: bool) -> None:
    pages = 100 if quick else 500
    team = create_team("Ours", "ours")
    client, _ = member(team)
    # A session may keep only a few streams.
    cookies = [_another_session(client.session["_auth_user_id"]) for _ in range(1 + pages // PER_SESSION)]
    channel = f"baton:live:{team.pk}"
    with web() as (port, pid):
        alone = asyncio.run(_listen(port, cookies, channel, 1))
        idle, closed = counts.memory([pid]), counts.cpu([pid])
        began = time.perf_counter()
        opened: list[tuple[float, float]] = []
        look = lambda: opened.append((counts.memory([pid]), counts.cpu([pid])))  # noqa: E731
        crowd = asyncio.run(_listen(port, cookies, channel, pages, look))
        memory, cpu = opened[0]
        floor = "one open page", median_ms(alone)
        notes.times("a signal to one open page", alone)
        notes.times(f"a signal to the last of {pages}", crowd, floor)
        notes.note(f"memory of an open page, of {pages}", (memory - idle) / pages * 1000, "kB")
        notes.note("CPU of opening one", (cpu - closed) * 1000 / pages, "ms")
        notes.note("CPU of a signal to all", (counts.cpu([pid]) - cpu) * 1000 / ROUNDS, "ms")
        notes.note("opening and all signals", time.perf_counter() - began, "s")


def _another_session(user_id: str) -> str:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=user_id))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


async def _listen(
    port: int, cookies: list[str], channel: str, pages: int, when_open: Callable[[], None] = lambda: None
) -> list[float]:
    """Seconds until the last page had heard of each signal."""
    readers = [await open_page(port, cookies[number // PER_SESSION]) for number in range(pages)]
    told = Redis.from_url(settings.REDIS_URL)
    await asyncio.sleep(1)
    when_open()
    times = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        told.publish(channel, f"case signal-{number}")
        await asyncio.gather(*(_hear(reader, b"signal-%d\n" % number) for reader, _ in readers))
        times.append(time.perf_counter() - began)
    for _, writer in readers:
        writer.close()
    return times


async def open_page(port: int, cookie: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {reverse('live')} HTTP/1.1\r\nHost: localhost\r\nCookie: {settings.SESSION_COOKIE_NAME}={cookie}"
    writer.write(f"{request}\r\n\r\n".encode())
    line = await reader.readline()
    assert b" 200 " in line, line
    await _hear(reader, b"retry: 2000\n")
    return reader, writer


async def _hear(reader: asyncio.StreamReader, words: bytes) -> None:
    while not (line := await reader.readline()).endswith(words):
        assert line, "the stream ended"


@contextmanager
def web() -> Iterator[tuple[int, int]]:
    """Its port and process."""
    database = os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    own = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database, "REDIS_URL": settings.REDIS_URL}
    # It listens from here on: another program cannot take the port before the process has started.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", str(listener.fileno())]
        command += ["--log-level", "error"]
        port = listener.getsockname()[1]
        with subprocess.Popen(command, env=os.environ | own, pass_fds=[listener.fileno()]) as process:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").close()  # answered once it is up
                yield port, process.pid
            finally:
                process.terminate()


if __name__ == "__main__":
    run(measure, "streams")
