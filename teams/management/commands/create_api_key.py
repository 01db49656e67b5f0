"""manage.py create_api_key --team SLUG --name NAME [--scope SCOPE ...]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from teams.audit.actors import COMMAND_LINE
from teams.keys.api_keys import make_key
from teams.management.arguments import add_team, team_of
from teams.models import every_scope


class Command(BaseCommand):
    help = "Create an API key for a team, and print it once, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        add_team(parser)
        parser.add_argument("--name", required=True, help="What the key is for, to recognise it by.")
        parser.add_argument(
            "--scope",
            action="append",
            choices=every_scope(),
            metavar="SCOPE",
            help=f"What the key may do, once for each: {', '.join(every_scope())}. Default: all of them.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        _, secret = make_key(
            team_of(options), options["name"][:80], options["scope"] or every_scope(), None, COMMAND_LINE
        )
        self.stdout.write("Copy this key now; it is not shown again:")
        self.stdout.write(secret)
