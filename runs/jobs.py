"""What RQ runs. The job carries no data: a shift finds its work in the database."""

import os
import socket

from rq import get_current_job

from .workers.shift import run_shift


def shift() -> None:
    job = get_current_job()
    run_shift(horse_name((job and job.worker_name) or socket.gethostname(), os.getpid()))


def horse_name(worker_name: str, pid: int) -> str:
    """Return who holds a lease: the worker and its horse, so that the worker knows the runs of a horse that died."""
    return f"{worker_name[:80]}/{pid}"
