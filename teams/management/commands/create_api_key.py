"""manage.py create_api_key --team SLUG --name NAME"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.keys import create_key
from teams.models import Team


class Command(BaseCommand):
    help = "Makes an API key for a team and prints it, once, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--team", required=True, help="The team's slug.")
        parser.add_argument("--name", required=True, help="What the key is for, to recognise it by.")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            known = ", ".join(Team.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no team “{options['team']}”. Teams: {known}.")
        _, secret = create_key(team, options["name"][:80])
        self.stdout.write("Keep this key now; it is not shown again:")
        self.stdout.write(secret)
