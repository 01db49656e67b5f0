"""Live updates: thin signals ("case X changed") from commits to open pages, which fetch the part anew.

A signal names a subject, never its content: what a person may see stays the business of ordinary views.
"""

import asyncio
import atexit
import contextlib
import logging
import os
import random
import signal
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from types import FrameType
from typing import Any
from uuid import UUID

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET
from redis.exceptions import RedisError

from .access import membership
from .redis_pool import shared_redis

logger = logging.getLogger(__name__)

_CHANNEL = "baton:live:"
_PING_SECONDS = 15
_GATHER_SECONDS = 0.01
_STREAM_SECONDS = 300  # then the page connects again, and its session is checked anew
_WAITING_SIGNALS = 200
_REMEMBERED_SIGNALS = 5000
_RENDERING_SECONDS = 2  # between what a page read and the moment it names, and between the clocks of two hosts

type Signal = tuple[str, str]

_EVERYTHING: Signal = ("refresh", "all")


def announce(team_id: UUID, subject: str, id: UUID | str) -> None:
    """Tells the team's open pages, once the transaction commits, that e.g. `case` `<id>` has changed."""
    transaction.on_commit(partial(_post.take, f"{_CHANNEL}{team_id}", f"{subject} {id}"), robust=True)


def send() -> None:
    """Sends now what is on its way: for a process that is about to end without a word."""
    _post.send()


class Post:
    """Signals on their way to Redis. They are gathered for a moment, so that the same one is told once, and sent by a
    thread, so that nobody who works waits for Redis.
    """

    def __init__(self) -> None:
        self._gathered: dict[tuple[str, str], None] = {}
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, channel: str, words: str) -> None:
        with self._lock:
            self._gathered[channel, words] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="live", daemon=True)
                self._thread.start()
        self._due.set()

    def _work(self) -> None:
        while self._due.wait():
            self._due.clear()
            time.sleep(_GATHER_SECONDS)
            try:
                self.send()
            except Exception:  # whatever it was, later signals must still go out
                logger.exception("open pages were not told of a change")

    def send(self) -> None:
        with self._lock:
            signals, self._gathered = self._gathered, {}
        if not signals:
            return
        try:
            with shared_redis().pipeline(transaction=False) as pipe:
                for channel, words in signals:
                    pipe.publish(channel, words)
                pipe.execute()
        except RedisError as error:
            logger.warning("Open pages were not told of a change (%s); they will find it by polling.", error)


def _after_fork() -> None:
    """What the parent has to tell, it tells itself; and its thread is not here."""
    global _post  # noqa: PLW0603
    _post = Post()


_post = Post()
os.register_at_fork(after_in_child=_after_fork)
atexit.register(send)


class Hub:
    """Hands the signals of one Redis subscription to all streams of this process.

    It remembers the latest ones for pages that were drawn before a change and connect after it.
    """

    def __init__(self) -> None:
        self._streams: dict[str, set[asyncio.Queue[Signal]]] = {}
        self._listener: asyncio.Task[None] | None = None
        self._latest: deque[tuple[float, str, Signal]] = deque(maxlen=_REMEMBERED_SIGNALS)
        self._complete_since = float("inf")

    def join(self, team_id: UUID, drawn_at: float | None = None) -> asyncio.Queue[Signal]:
        """`drawn_at`: the time (seconds, this host's clock) since when the page may have missed signals."""
        stream: asyncio.Queue[Signal] = asyncio.Queue(_WAITING_SIGNALS)
        if drawn_at is not None:
            for missed in self._missed(str(team_id), drawn_at - _RENDERING_SECONDS):
                _put(stream, missed)
        self._streams.setdefault(str(team_id), set()).add(stream)
        if self._listener is None:
            _before_stopping(self.close)
        if self._listener is None or self._listener.done():
            self._listener = asyncio.create_task(self._listen())
        return stream

    def _missed(self, team: str, since: float) -> list[Signal]:
        if since < self._complete_since:
            return [] if self._complete_since == float("inf") else [_EVERYTHING]
        return list(dict.fromkeys(told for at, whose, told in self._latest if at >= since and whose == team))

    def close(self) -> None:
        """Ends all streams: the web process is stopping, and waits for them."""
        self._tell_all(("close", ""))

    def leave(self, team_id: UUID, stream: asyncio.Queue[Signal]) -> None:
        self._streams.get(str(team_id), set()).discard(stream)

    async def _listen(self) -> None:
        while True:
            try:
                async with redis.asyncio.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
                    await subscription.psubscribe(f"{_CHANNEL}*")
                    self._tell_all(_EVERYTHING)  # whatever was missed while nobody listened
                    self._latest.clear()
                    self._complete_since = time.time()
                    async for message in subscription.listen():
                        if message["type"] == "pmessage":
                            self._pass_on(message)
            except (RedisError, OSError) as error:
                logger.warning("Live updates pause: %s", error)
                await asyncio.sleep(1 + random.random())  # noqa: S311

    def _pass_on(self, message: dict[str, bytes]) -> None:
        team = message["channel"].decode().removeprefix(_CHANNEL)
        subject, _, id = message["data"].decode().partition(" ")
        if len(self._latest) == _REMEMBERED_SIGNALS:
            self._complete_since = self._latest[1][0]
        self._latest.append((time.time(), team, (subject, id)))
        for stream in self._streams.get(team, ()):
            _put(stream, (subject, id))

    def _tell_all(self, signal: Signal) -> None:
        for streams in self._streams.values():
            for stream in streams:
                _put(stream, signal)


def _put(stream: asyncio.Queue[Signal], signal: Signal) -> None:
    """A page that is too slow to take its signals gets one that stands for all of them."""
    if stream.full():
        while not stream.empty():
            stream.get_nowait()
        signal = _EVERYTHING
    stream.put_nowait(signal)


def _before_stopping(close: Callable[[], None]) -> None:
    """uvicorn waits for open streams when it is told to stop, and tells the application only afterwards."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError):  # not the main thread, as in tests
            stop = signal.getsignal(number)

            def close_and_stop(number: int, frame: FrameType | None, stop: Any = stop) -> None:
                loop.call_soon_threadsafe(close)
                if callable(stop):
                    stop(number, frame)

            signal.signal(number, close_and_stop)


_hub = Hub()


async def _signals(team_id: UUID, drawn_at: float | None) -> AsyncIterator[str]:
    stream = _hub.join(team_id, drawn_at)
    ends = time.monotonic() + _STREAM_SECONDS * (1 + random.random() / 4)  # noqa: S311
    try:
        yield "retry: 2000\n\n"
        while time.monotonic() < ends:
            try:
                async with asyncio.timeout(_PING_SECONDS):
                    subject, id = await stream.get()
                if subject == "close":
                    return
                yield f"event: {subject}\ndata: {id}\n\n"
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        _hub.leave(team_id, stream)


@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: `event: <subject>`, `data: <id>`; `refresh all` after a gap.

    `?drawn=` is when the page was, by the server's clock: what has changed since is told at once.
    """
    user = await request.auser()
    member = await sync_to_async(membership)(request) if user.is_authenticated else None
    if member is None:
        return HttpResponse(status=403)
    # A request keeps its connection until its answer is over, and twenty streams would keep all of the pool's.
    await sync_to_async(_give_connection_back)()
    response = StreamingHttpResponse(_signals(member.team_id, _drawn_at(request)), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


def _give_connection_back() -> None:
    if not connection.in_atomic_block:  # a test's transaction goes on
        close_old_connections()


def _drawn_at(request: HttpRequest) -> float | None:
    try:
        return float(request.GET.get("drawn", ""))
    except ValueError:
        return None
