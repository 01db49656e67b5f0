"""manage.py resume --team SLUG, or --everything"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from teams.audit import audit
from teams.audit.actors import COMMAND_LINE
from teams.management.arguments import add_team, team_of
from teams.settings import pausing


class Command(BaseCommand):
    help = "Let work continue after `pause`. A team that was paused by its slug is resumed by its slug."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        add_team(which, required=False)
        which.add_argument("--everything", action="store_true", help="All teams.")

    def handle(self, *args: Any, **options: Any) -> None:
        with audit.acting(COMMAND_LINE):
            if options["everything"]:
                pausing.resume_everything()
            else:
                pausing.resume_team(team_of(options))
        self.stdout.write("Resumed.")
