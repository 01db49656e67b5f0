"""manage.py clock: recover what was lost and start what is due, every second and when a lease ends."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from runs.workers.clock import run_clock


class Command(BaseCommand):
    help = "Recover lost runs, wake due cases and start background tasks, every second. Only one clock works at a time."
    requires_system_checks = []  # system checks would import every page of the web process

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        run_clock(stopped)
