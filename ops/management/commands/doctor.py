"""manage.py doctor [--call] [--json]: check this installation and say how to fix each problem."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ops.doctor.checkup import look_at_all
from ops.doctor.findings import Finding, State


class Command(BaseCommand):
    help = (
        "Check settings, database, Redis, models, email, disk, clock, workers and invariants."
        " The exit status is 1 if one is broken."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--call",
            action="store_true",
            help="Send each model provider one request per key, and sign in to each mailbox.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object: {healthy, findings}.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = look_at_all(call=options["call"])
        is_healthy = all(finding.state != State.BROKEN for finding in found)
        if options["json"]:
            self.stdout.write(
                json.dumps({"healthy": is_healthy, "findings": [item.as_json() for item in found]}, indent=2)
            )
        else:
            for finding in found:
                self._write(finding)
            self.stdout.write("\nBaton is healthy." if is_healthy else "\nSomething is broken; see above.")
        if not is_healthy:
            sys.exit(1)

    def _write(self, finding: Finding) -> None:
        style = {State.OK: self.style.SUCCESS, State.WARNING: self.style.WARNING, State.BROKEN: self.style.ERROR}
        self.stdout.write(f"{style[finding.state](f'{finding.state:8}')} {finding.name}: {finding.said}")
        if finding.fix:
            self.stdout.write(f"{'':8}   → {finding.fix}")
