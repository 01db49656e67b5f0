"""manage.py create_team --name NAME --slug SLUG"""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug

from cases.queues.queues import create_team
from teams.audit import audit
from teams.audit.actors import COMMAND_LINE
from teams.models import Team


class Command(BaseCommand):
    help = "Create a team, or say that it exists."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--slug", required=True, help="Short name in lower case, for addresses and commands.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["slug"]
        try:
            validate_slug(slug)
        except ValidationError as error:
            raise CommandError(f"“{slug}” cannot be a slug: use letters, digits, hyphens and underscores.") from error
        if Team.objects.filter(slug=slug).exists():
            self.stdout.write(f"The team {slug} exists already.")
            return
        with audit.acting(COMMAND_LINE):
            team = create_team(options["name"], slug)
        self.stdout.write(f"Created the team {team.name} ({team.slug}).")
