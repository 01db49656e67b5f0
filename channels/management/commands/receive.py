"""manage.py receive FILE.eml ... (--source NAME | --queue NAME) [--team SLUG]"""

import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.models import Queue
from channels.email import intake, mail_folder
from channels.mime import reading
from channels.models import Arrival, Source
from data.errors import Refused
from data.ids import parse_uuid
from teams.management.arguments import add_team, team_of
from teams.models import Team


class Command(BaseCommand):
    help = "Take in emails from files, as if a mailbox had received them, and print what became of each."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="+", help="Files with one email each, as email programs save them; - reads standard input."
        )
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--source", help="Name or id of the source that receives them.")
        where.add_argument("--queue", help="Name or id of the queue in which they become cases.")
        add_team(parser, required=False)

    def handle(self, *args: Any, **options: Any) -> None:
        source = _source(options)
        for file in options["files"]:
            self.stdout.write(f"{file}: {_said(intake.take_in(source, _read(file)))}")


def _read(file: str) -> bytes:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    if len(content) > reading.LIMIT:
        raise CommandError(f"{file} is larger than 50 MB.")
    return content


def _said(arrival: Arrival) -> str:
    if arrival.case is None:
        return f"{arrival.get_status_display().lower()}. {arrival.error}"
    again = " (it was taken in before)" if arrival.status == Arrival.Status.REPEATED else ""
    return f"case {arrival.case}{again}"


def _source(options: dict[str, Any]) -> Source:
    team = team_of(options) if options["team"] else None
    if name := options["source"]:
        sources = Source.objects.present().filter(**({"team": team} if team else {}))
        return _one([row for row in sources if _is_called(row.pk, row.name, name)], "source", name)
    try:
        queue = _queue(team, options["queue"]) if options["queue"] else mail_folder.default_queue()
        return mail_folder.source_of(queue)
    except Refused as refusal:
        raise CommandError(refusal.message) from refusal


def _queue(team: Team | None, name: str) -> Queue:
    queues = Queue.objects.live().select_related("team").filter(**({"team": team} if team else {}))
    return _one([row for row in queues if _is_called(row.pk, row.name, name)], "queue", name)


def _is_called(pk: UUID, known: str, name: str) -> bool:
    return pk == parse_uuid(name) or known.casefold() == name.strip().casefold()


def _one[M: (Source, Queue)](found: list[M], kind: str, name: str) -> M:
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"Several teams have a {kind} “{name}”. Name the team: --team SLUG.")
    raise CommandError(f"There is no {kind} “{name}”.")
