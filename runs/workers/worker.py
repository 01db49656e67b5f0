"""The RQ worker: forks a work horse for each shift, and takes its runs back when the horse dies."""

import ctypes
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import Error as DatabaseError
from django.db import connections
from django.db.models import Q
from redis.exceptions import RedisError
from rq import Queue
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import HorseMonitorTimeoutException
from rq.worker import Worker

from builder.models import Agent, Revision, ToolServer
from builder.tools import sessions
from runs import jobs

# With all that these import, so that a shift begins at once.
from runs.offline import embeddings
from runs.providers import providers
from runs.telemetry import tracing

from . import lost_runs

logger = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1


class ShiftWorker(Worker):
    """Notices a dead horse at once, passes a shutdown on to the shift so that it can hand in its runs, and outlives
    Redis.
    """

    max_connection_wait_time = 1.0
    _end: tuple[int | None, int | None, Any] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        own = {"serializer": JSONSerializer, "worker_ttl": 30, "maintenance_interval": 10}
        super().__init__(*args, **{**options, **own})
        _load_what_is_used()

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        connections.close_all()  # a child must not share its parent's connection
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with_parent()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def execute_job(self, job: Job, queue: Queue) -> None:
        try:
            super().execute_job(job, queue)
        except RedisError as error:
            logger.warning("Redis went away while a shift was at work: %s", error)

    def monitor_work_horse(self, job: Job, queue: Queue, execution: Execution) -> None:
        """Wait for the horse before RQ does. If it died its runs go back at once, whether Redis answers or not."""
        pid, self._end = self.horse_pid, None
        while True:
            try:
                with self.death_penalty_class(self.job_monitoring_interval, HorseMonitorTimeoutException):
                    self._end = super().wait_for_horse()
                break
            except HorseMonitorTimeoutException:
                self.maintain_heartbeats(job, execution)
        if self._end and self._end[1] != os.EX_OK:
            _take_back_from(jobs.horse_name(self.name, pid))
        super().monitor_work_horse(job, queue, execution)
        with suppress(DatabaseError):
            _load_what_is_used()

    def wait_for_horse(self) -> Any:
        return self._end or super().wait_for_horse()

    def heartbeat(self, *args: Any, **options: Any) -> None:
        with _without_redis():
            super().heartbeat(*args, **options)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        with _without_redis():
            super().maintain_heartbeats(job, execution)

    def set_shutdown_requested_date(self) -> None:
        with _without_redis():
            super().set_shutdown_requested_date()  # type: ignore[no-untyped-call]

    def request_stop(self, signum: int, frame: Any) -> None:
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def _load_what_is_used() -> None:
    """What shifts of this installation need, before the fork: each would load it again. What came to be used since
    then a shift loads for itself, and its worker when it has ended.
    """
    providers.import_providers()
    tracing.load()
    is_offline = Q(revisions__model=providers.OFFLINE) | Q(revisions__fallback=providers.OFFLINE)
    if Agent.objects.live().filter(is_offline, revisions__status=Revision.Status.LIVE).exists():
        embeddings.load()
    if ToolServer.objects.present().exists():
        sessions.load()
    connections.close_all()
    # A shift's collector would write into every object that it was forked with, and so get a copy of all of them.
    gc.collect()
    gc.freeze()


@contextmanager
def _without_redis() -> Iterator[None]:
    """RQ's worker leaves when it cannot tell Redis how it is, and takes a shift with it that needs no Redis."""
    try:
        yield
    except RedisError as error:
        logger.debug("Redis does not answer: %s", error)


def _take_back_from(horse: str) -> None:
    try:
        lost_runs.take_back_from(horse)
    except DatabaseError as error:
        logger.warning("the runs of %s wait for their leases to lapse: %s", horse, error)
    finally:
        connections.close_all()


def die_with_parent() -> None:
    """An orphaned shift would run on beside the worker that takes over. Linux only; elsewhere the lease sees to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
