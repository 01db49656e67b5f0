"""manage.py check_routes --team SLUG [FILES...] [--junit FILE] [--strict] [--work]"""

import os
import socket
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from builder.files import importing, plans
from builder.files.archives import unpack
from builder.files.flaws import Flawed
from builder.files.planned import Choices
from builder.files.test_files import is_tests
from builder.management import agent_files
from cases.imports.agent_views import made_queue
from data.errors import Refused
from routes.checks import candidates, results
from routes.models import Check, RoutingTest, Verdict
from routes.test_files.junit import Result, junit
from runs import jobs
from runs.workers.shift import run_shift
from teams.audit import audit
from teams.audit.actors import COMMAND_LINE
from teams.management.arguments import add_team, team_of
from teams.models import Team

_SECONDS, _LOOK = 600, 0.2
# The exit status for what cannot be checked at all.
_UNREADABLE = 2


class Command(BaseCommand):
    requires_system_checks = []  # system checks would import every page of the web process
    help = (
        "Checks agents in files against a team's routing tests and its live agents, and changes nothing. Without files:"
        " what is live. The exit status is 1 if a test is broken or could not be run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_team(parser)
        parser.add_argument("files", nargs="*", type=Path, help=agent_files.HELP)
        parser.add_argument("--junit", type=Path, metavar="FILE", help="Write the results as JUnit XML.")
        parser.add_argument(
            "--strict", action="store_true", help="Also exit with 1 if a test fails before and with the change."
        )
        parser.add_argument(
            "--work", action="store_true", help="Do due work in this process, for a machine without a worker."
        )
        parser.add_argument(
            "--wait", type=int, default=_SECONDS, metavar="SECONDS", help="Give up after this many seconds."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        team = team_of(options)
        try:
            check = _of_files(team, options["files"]) if options["files"] else _of_live(team)
        except (Flawed, Refused) as error:
            raise CommandError(str(error), returncode=_UNREADABLE) from error
        if check is not None:
            _wait(check, options["wait"], works=options["work"])
        rows = _results(check) if check else []
        self._write(options["junit"], junit(rows, strict=options["strict"]))
        self._say(rows)
        wrong = {Verdict.BROKEN, Verdict.UNTESTED} | ({Verdict.FAILING} if options["strict"] else set())
        if held := sum(row.verdict in wrong for row in rows):
            raise CommandError(f"{results.tests(held)} of {len(rows):,} did not pass.", returncode=1)

    def _write(self, path: Path | None, text: str) -> None:
        if path is None:
            return
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.", returncode=_UNREADABLE) from error

    def _say(self, rows: list[Result]) -> None:
        for row in rows:
            if row.verdict not in (Verdict.PASSING, Verdict.VOID):
                self.stdout.write(f"{row.verdict}: {row.agent}: {row.name} ({row.words})")
        counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in Verdict}
        told = ", ".join(f"{number:,} {verdict}" for verdict, number in counts.items() if number)
        self.stdout.write(told or "No routing test applies.")


def _of_files(team: Team, paths: list[Path]) -> Check | None:
    """The check of what an import of the files would change; with all tests of the agents in them."""
    texts = unpack(agent_files.contents(paths))
    files, tests = importing.read_all(texts), [text for text in texts if is_tests(text)]
    seen = plans.plan(team, files).fingerprint

    def save() -> None:
        about: dict[str, Any] = {"seen": seen, "create_queue": made_queue, "tests": tests, "whole": True}
        importing.apply(team, files, Choices(), **about)

    with audit.acting(COMMAND_LINE):
        held = candidates.look(save)
        return Check.objects.get(pk=held.start(COMMAND_LINE)) if held.agents else None


def _of_live(team: Team) -> Check | None:
    """The check of everything as it is."""
    found = RoutingTest.objects.filter(team=team, agent__deleted_at=None).order_by("agent", "created_at", "id")
    tests = list(found.select_related("agent__team", "queue", "team"))
    return candidates.check_tests(tests[0].agent, tests, COMMAND_LINE) if tests else None


def _wait(check: Check, seconds: int, *, works: bool) -> None:
    ends = time.monotonic() + seconds
    while check.is_open and time.monotonic() < ends:
        if works:
            run_shift(jobs.horse_name(f"check-{socket.gethostname()}", os.getpid()), linger=0)
        time.sleep(_LOOK)
        check.refresh_from_db()


def _results(check: Check) -> list[Result]:
    rows = list(check.results.select_related("test__agent").order_by("test__agent__name", "id"))
    names = results.names_in(rows)
    return [
        Result(
            row.test.agent.name,
            row.test.name,
            row.verdict or Verdict.UNTESTED,
            results.expected_in_words(row, names),
            *results.decisions_in_words(row, names),
        )
        for row in rows
    ]
