"""Listens to mailboxes whose servers tell when an email comes (IDLE, RFC 2177), so that a look follows at once.

Each has a thread in the clock that ticks, with a connection to its server and none to the database. Nothing depends on
them: a mailbox is looked at every few minutes all the same, and twice a minute while nobody listens.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, connections

from channels.models import Source
from data.secrets import Unreadable

from . import polling, tokens
from .mailbox_settings import MailboxSettings
from .mailboxes import MailboxProblem, SignInProblem, opened

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 5.0
# After this many seconds without a tick another clock has the lock, and listens itself.
_TICKS_END_SECONDS = 15.0
# Routers forget connections that are silent for longer, and servers end those of half an hour.
_SILENT_SECONDS = 9 * 60.0
# The pause between two attempts in seconds is doubled by each attempt that ends soon.
_PAUSE_SECONDS, _LONGEST_PAUSE, _LONGEST_AFTER_SIGN_IN = 5.0, 60.0, 900.0
_MOST = 200


@dataclass
class _Listener:
    """Listens to one mailbox as long as its settings are the same and the clock ticks."""

    owner: "Listeners"
    id: UUID
    known: object
    leaving: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, name="mailbox listener", daemon=True)
        self.thread.start()

    def _is_wanted(self) -> bool:
        return not self.leaving.is_set() and time.monotonic() - self.owner.ticked_at < _TICKS_END_SECONDS

    def _run(self) -> None:
        pause = _PAUSE_SECONDS
        while self._is_wanted():
            began, longest = time.monotonic(), _LONGEST_PAUSE
            try:
                self._listen()
            except (MailboxProblem, Unreadable, DatabaseError, Source.DoesNotExist) as problem:
                logger.debug("the mailbox %s is not listened to: %s", self.id, problem)
                longest = _LONGEST_AFTER_SIGN_IN if isinstance(problem, SignInProblem) else longest
            except Exception:  # whatever a server answers
                logger.exception("the mailbox %s cannot be listened to", self.id)
            finally:
                polling.listened_to.discard(self.id)
                connections.close_all()
            # One that worked for a while is tried again soon, such as after a restart of the server.
            pause = _PAUSE_SECONDS if time.monotonic() - began > _LONGEST_PAUSE else min(2 * pause, longest)
            self.leaving.wait(pause)

    def _listen(self) -> None:
        source = Source.objects.get(pk=self.id)
        try:
            secret = tokens.secret_of(source)
        finally:
            connections.close_all()
        try:
            with opened(MailboxSettings.model_validate(source.settings), secret) as mailbox:
                polling.listened_to.add(self.id)
                self._ring()  # for what came while nobody listened
                while self._is_wanted():
                    if mailbox.listen(self._is_wanted, _SILENT_SECONDS):
                        self._ring()
        except SignInProblem:
            tokens.forget(source)
            raise

    def _ring(self) -> None:
        polling.look_soon(self.id)
        connections.close_all()


class Listeners:
    """One thread per mailbox that can be listened to. Called by the clock at each tick."""

    def __init__(self) -> None:
        self.ticked_at = time.monotonic()
        self._compared_at = 0.0
        self._listeners: dict[UUID, _Listener] = {}

    def start_if_due(self) -> None:
        self.ticked_at = time.monotonic()
        if self.ticked_at - self._compared_at < _EVERY_SECONDS:
            return
        self._compared_at = self.ticked_at
        wanted = polling.can_be_listened_to(_MOST)
        for id, listener in list(self._listeners.items()):
            if wanted.get(id) != listener.known:
                listener.leaving.set()
            if not listener.thread.is_alive():
                del self._listeners[id]
        for id, known in wanted.items():
            if id not in self._listeners:
                self._listeners[id] = _Listener(self, id, known)

    def stop(self) -> None:
        for listener in self._listeners.values():
            listener.leaving.set()


def background_task() -> Listeners:
    return Listeners()
