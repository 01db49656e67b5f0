"""Live updates: thin signals ("case X changed") from commits to open pages, which fetch the part again.

A signal names a subject, never its content: what a person may see stays the business of ordinary views.
"""

import atexit
import logging
import os
import threading
import time
from functools import partial
from uuid import UUID

from django.db import transaction
from redis.exceptions import RedisError

from data.redis.redis_pool import shared_redis

logger = logging.getLogger(__name__)

CHANNEL = "baton:live:"
# Not a team's channel: the ids of people whose streams end, because what they may see has changed.
ENDINGS = "endings"
_GATHER_SECONDS = 0.01


def announce(team_id: UUID, subject: str, id: UUID | str) -> None:
    """Tell the team's open pages, once the transaction commits, that e.g. `case` `<id>` has changed."""
    transaction.on_commit(partial(_post.add, f"{CHANNEL}{team_id}", f"{subject} {id}"), robust=True)


def end_streams(user_id: UUID | int) -> None:
    """End the open streams of a person in all web processes, once the transaction commits.

    Call it wherever someone loses access: a session, a password, a membership, a role. Pages that may still listen
    connect again within a second, and are checked like any request.
    """
    transaction.on_commit(partial(_post.add, f"{CHANNEL}{ENDINGS}", str(user_id)), robust=True)


def send() -> None:
    """Send now what is on its way: for a process that is about to end without a word."""
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

    def add(self, channel: str, words: str) -> None:
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
