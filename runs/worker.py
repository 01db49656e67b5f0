"""The RQ worker: forks a work horse for each shift, and takes its runs back when the horse dies."""

import ctypes
import logging
import os
import signal
import socket
import sys
from typing import Any

from django.db import DatabaseError, connections
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import Worker

# Imported before the fork, so that a shift begins at once.
from . import engine, sweeper

logger = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1


def name_of_this_horse(worker_name: str | None) -> str:
    """Who holds a lease: the worker and its horse, so that the parent knows the runs of a horse that died."""
    return _horse_name(worker_name or socket.gethostname(), os.getpid())


def _horse_name(worker_name: str, pid: int) -> str:
    return f"{worker_name[:80]}/{pid}"


class ShiftWorker(Worker):
    """Notices a dead horse within a second, and passes a shutdown on to the shift so that it can hand in its runs."""

    def __init__(self, *args: Any, **options: Any) -> None:
        own = {"serializer": JSONSerializer, "worker_ttl": 30, "maintenance_interval": 10}
        super().__init__(*args, **{**options, **own})

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
            sweeper.take_back_from(_horse_name(self.name, retpid))
        except DatabaseError as error:
            logger.warning("the runs of horse %s wait for their leases to lapse: %s", retpid, error)
        finally:
            connections.close_all()

    def request_stop(self, signum: int, frame: Any) -> None:
        if self.horse_pid:
            try:
                os.kill(self.horse_pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def die_with_parent() -> None:
    """An orphaned shift would run on beside whoever takes over. Linux only; elsewhere the lease sees to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


__all__ = ["ShiftWorker", "die_with_parent", "engine", "name_of_this_horse"]
