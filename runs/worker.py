"""The RQ worker: forks a work horse for each shift, and takes its runs back when the horse dies."""

import ctypes
import logging
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, connections
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import Worker

# All of this is imported before the fork, so that a shift begins at once.
from builder import tool_sessions

from . import closeness, jobs, providers, sweeper, tracing

logger = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1


class ShiftWorker(Worker):
    """Notices a dead horse within a second, and passes a shutdown on to the shift so that it can hand in its runs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        own = {"serializer": JSONSerializer, "worker_ttl": 30, "maintenance_interval": 10}
        super().__init__(*args, **{**options, **own})
        providers.import_providers()
        closeness.load()
        tracing.load()
        tool_sessions.load()

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        connections.close_all()  # a child must not share its parent's connection
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with_parent()
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: Any) -> None:
        try:
            sweeper.take_back_from(jobs.horse_name(self.name, retpid))
        except DatabaseError as error:
            logger.warning("the runs of horse %s wait for their leases to lapse: %s", retpid, error)
        finally:
            connections.close_all()

    def request_stop(self, signum: int, frame: Any) -> None:
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def die_with_parent() -> None:
    """An orphaned shift would run on beside whoever takes over. Linux only; elsewhere the lease sees to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
