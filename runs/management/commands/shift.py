"""manage.py shift: do all due work and end, as a worker does when the bell rings."""

import os
import socket
from typing import Any

from django.core.management.base import BaseCommand

from runs import jobs
from runs.workers.shift import run_shift


class Command(BaseCommand):
    help = "Work until nothing is left to do. This needs no Redis."

    def handle(self, *args: Any, **options: Any) -> None:
        run_shift(jobs.horse_name(f"shift-{socket.gethostname()}", os.getpid()), linger=0)
