"""Long work that the clock starts, each task on a thread of its own, so that it does not hold up the clock."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from django.db import DatabaseError, connections

logger = logging.getLogger(__name__)

_TIDY_SECONDS = 3600


class Task(Protocol):
    def start_if_due(self) -> None:
        """Called by the clock that ticks, about once a second."""


class BackgroundTask:
    """Work that runs on one thread at a time while something is due.

    `tidy` runs once an hour, in the clock itself; and again at the next tick as long as it returns True, since there is
    more than it wanted to do at a time.
    """

    def __init__(
        self,
        name: str,
        is_due: Callable[[], bool] = lambda: False,
        work: Callable[[], object] = lambda: None,
        tidy: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._name, self._is_due, self._work, self._tidy = name, is_due, work, tidy
        self._thread: threading.Thread | None = None
        self._tidied = 0.0

    def start_if_due(self) -> None:
        if time.monotonic() - self._tidied > _TIDY_SECONDS and not self._tidy():
            self._tidied = time.monotonic()
        if (self._thread is None or not self._thread.is_alive()) and self._is_due():
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except DatabaseError as error:
            logger.warning("the %s lost the database: %s", self._name, error)
        finally:
            connections.close_all()
