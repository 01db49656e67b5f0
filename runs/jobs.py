"""What RQ runs. The job carries no data: a shift finds its work in the database."""

from rq import get_current_job

from .shift import run_shift
from .worker import name_of_this_horse


def shift() -> None:
    job = get_current_job()
    run_shift(name_of_this_horse(job.worker_name if job else None))
