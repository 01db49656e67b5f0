"""The open streams of pages: who listens, what each is told, and when a stream ends.

A browser keeps one stream for all of its pages (static/js/live-connection.js), so a session needs few. A stream ends
when its time is over, when its session opens too many others, and when the person behind it loses access: at once by
a signal, and at the latest at the next check, which needs no Redis.
"""

import asyncio
import contextlib
import logging
import random
import signal
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple, cast
from uuid import UUID

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET
from redis.exceptions import RedisError

from teams.models import User

from .live import CHANNEL, ENDINGS
from .live_access import Holder, holder_of, still_allowed
from .permissions import lacks_second_step, memberships

logger = logging.getLogger(__name__)

PER_SESSION = 8  # a browser needs one; those that cannot share a stream need one for each visible page
CHECK_SECONDS = 15
_PING_SECONDS = 15
_STREAM_SECONDS = 300  # then the page connects again, and its session is checked again
_WAITING_SIGNALS = 200
_REMEMBERED_SIGNALS = 5000
_RENDERING_SECONDS = 2  # between what a page read and the moment it names, and between the clocks of two hosts


class Signal(NamedTuple):
    """`at`: when this process heard it, by its clock. The page names the latest one when it connects again."""

    subject: str
    id: str
    at: float = 0


_EVERYTHING = "refresh", "all"
# The stream ends: the process stops, the person may have lost access, or the session has opened too many others.
_CLOSE, _ENDED, _ENOUGH = "close", "ended", "enough"


@dataclass(eq=False)
class Stream:
    """One open connection, and the signals that wait to be sent on it."""

    team_id: UUID
    holder: Holder | None = None
    signals: asyncio.Queue[Signal] = field(default_factory=lambda: asyncio.Queue(_WAITING_SIGNALS))

    def send(self, signal: Signal) -> None:
        """A page that is too slow to take its signals gets one that stands for all of them."""
        if self.signals.full():
            self._forget()
            signal = Signal(*_EVERYTHING, signal.at)
        self.signals.put_nowait(signal)

    def end(self, why: str) -> None:
        """Nothing that still waits is sent: the person may have lost access to it."""
        self._forget()
        self.signals.put_nowait(Signal(why, "", time.time()))

    def _forget(self) -> None:
        while not self.signals.empty():
            self.signals.get_nowait()


class Hub:
    """Hands the signals of one Redis subscription to all streams of this process.

    It remembers the latest ones for pages that were drawn before a change and connect after it.
    """

    def __init__(self) -> None:
        # Weak: an answer that nobody reads is never closed.
        self._streams: weakref.WeakKeyDictionary[Stream, None] = weakref.WeakKeyDictionary()
        self._tasks: list[asyncio.Task[None]] = []
        self._latest: deque[tuple[str, Signal]] = deque(maxlen=_REMEMBERED_SIGNALS)
        self._complete_since = float("inf")
        self._closes = False

    def join(self, stream: Stream, drawn_at: float | None = None) -> Stream:
        """`drawn_at`: the time (seconds, this host's clock) since when the page may have missed signals."""
        if drawn_at is not None:
            for missed in self._missed(str(stream.team_id), drawn_at - _RENDERING_SECONDS):
                stream.send(missed)
        self._streams[stream] = None
        self._make_room(stream)
        self._start()
        return stream

    def leave(self, stream: Stream) -> None:
        self._streams.pop(stream, None)

    def close(self) -> None:
        """End all streams: the web process is stopping, and waits for them."""
        self._end(lambda stream: True, _CLOSE)

    def _start(self) -> None:
        if not self._closes:
            self._closes = True
            _before_stopping(self.close)
        self._tasks = [task for task in self._tasks if not task.done()]
        if len(self._tasks) < 2:
            for task in self._tasks:
                task.cancel()
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._check())]

    def _make_room(self, stream: Stream) -> None:
        """The oldest streams of the same session give way."""
        if stream.holder is None:
            return
        key = stream.holder.session_key
        same = [other for other in self._open() if other.holder and other.holder.session_key == key]
        for other in same[:-PER_SESSION]:
            other.end(_ENOUGH)
            self.leave(other)

    def _open(self) -> list[Stream]:
        """In the order in which they were opened."""
        return list(self._streams)

    def _missed(self, team: str, since: float) -> list[Signal]:
        if since < self._complete_since:
            return [] if self._complete_since == float("inf") else [Signal(*_EVERYTHING, time.time())]
        missed = [told for whose, told in self._latest if told.at >= since and whose == team]
        return sorted({told[:2]: told for told in missed}.values(), key=lambda told: told.at)

    # --- What is told ---------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                async with redis.asyncio.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
                    await subscription.psubscribe(f"{CHANNEL}*")
                    self._begin()
                    async for message in subscription.listen():
                        if message["type"] == "pmessage":
                            self._pass_on(message)
            except (RedisError, OSError) as error:
                logger.warning("Live updates pause: %s", error)
                await asyncio.sleep(1 + random.random())  # noqa: S311

    def _begin(self) -> None:
        """Whatever was missed while nobody listened is fetched."""
        for stream in self._open():
            stream.send(Signal(*_EVERYTHING, time.time()))
        self._latest.clear()
        self._complete_since = time.time()

    def _pass_on(self, message: dict[str, bytes]) -> None:
        team, words = message["channel"].decode().removeprefix(CHANNEL), message["data"].decode()
        if team == ENDINGS:
            self._end(lambda stream: stream.holder is not None and str(stream.holder.user_id) == words, _ENDED)
            return
        subject, _, id = words.partition(" ")
        told = Signal(subject, id, time.time())
        if len(self._latest) == _REMEMBERED_SIGNALS:
            self._complete_since = self._latest[1][1].at
        self._latest.append((team, told))
        for stream in self._open():
            if str(stream.team_id) == team:
                stream.send(told)

    # --- Who may still listen -------------------------------------------------------------------

    def _end(self, which: Callable[[Stream], bool], why: str) -> None:
        for stream in filter(which, self._open()):
            stream.end(why)
            self.leave(stream)

    async def _check(self) -> None:
        """Whatever took access away, and whether or not Redis told of it."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            held = {stream.holder for stream in self._open() if stream.holder}
            try:
                allowed = await sync_to_async(_with_connection_given_back)(still_allowed, held) if held else set()
            except DatabaseError as error:
                logger.warning("Open streams could not be checked: %s", error)
                continue
            gone = held - allowed
            self._end(lambda stream, gone=gone: stream.holder in gone, _ENDED)  # type: ignore[misc]


def _before_stopping(close: Callable[[], None]) -> None:
    """uvicorn waits for open streams when it is told to stop, and tells the application only afterwards."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError):  # not the main thread, as in tests
            stop = signal.getsignal(number)

            def close_and_stop(number: int, frame: FrameType | None, stop: Any = stop) -> None:
                with contextlib.suppress(RuntimeError):  # its loop is closed
                    loop.call_soon_threadsafe(close)
                if callable(stop):
                    stop(number, frame)

            signal.signal(number, close_and_stop)


_hub = Hub()


async def _events(stream: Stream) -> AsyncIterator[str]:
    ends = time.monotonic() + _STREAM_SECONDS * (1 + random.random() / 4)  # noqa: S311
    try:
        yield "retry: 2000\n\n"
        while time.monotonic() < ends:
            try:
                async with asyncio.timeout(_PING_SECONDS):
                    subject, id, at = await stream.signals.get()
            except TimeoutError:
                yield f"event: beat\nid: {time.time():.3f}\ndata: \n\n"
                continue
            if subject in (_ENDED, _ENOUGH):
                yield f"event: {subject}\ndata: \n\n"
            if subject in (_ENDED, _ENOUGH, _CLOSE):
                return
            yield f"event: {subject}\nid: {at:.3f}\ndata: {id}\n\n"
    finally:
        _hub.leave(stream)


@require_GET
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events: `event: <subject>`, `data: <id>`; `refresh all` after a gap. `id` is the server's time.

    `?drawn=` is when the page was, by the server's clock, or the latest id that its browser has heard: what has changed
    since is told at once. `?team=` is the page's team, which another page may have switched away from.
    """
    user = await request.auser()
    holder = await sync_to_async(_holder)(request) if user.is_authenticated else None
    if holder is None:
        return HttpResponse(status=403)
    # Before the answer begins: what changes from now on reaches a page that fetches as soon as it does.
    joined = _hub.join(Stream(holder.team_id, holder), _drawn_at(request))
    response = StreamingHttpResponse(_events(joined), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


def _holder(request: HttpRequest) -> Holder | None:
    """A request keeps its connection until its answer is over, and twenty streams would keep all of the pool's."""
    return _with_connection_given_back(_find_holder, request)


def _find_holder(request: HttpRequest) -> Holder | None:
    wanted = request.GET.get("team")
    members = [row for row in memberships(request) if wanted in (None, str(row.team_id))]
    if not members or lacks_second_step(members[0], cast(User, request.user)):
        return None
    return holder_of(members[0], request)


def _with_connection_given_back[T, A](act: Callable[[A], T], about: A) -> T:
    try:
        return act(about)
    finally:
        if not connection.in_atomic_block:  # a test's transaction goes on
            close_old_connections()


def _drawn_at(request: HttpRequest) -> float | None:
    try:
        return float(request.GET.get("drawn", ""))
    except ValueError:
        return None
