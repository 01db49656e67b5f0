"""manage.py export_agents --team SLUG [--agent NAME] --to DIR"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from builder.files.exporting import export_agents
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import COMMAND_LINE
from teams.management.arguments import add_team, team_of


class Command(BaseCommand):
    help = "Write a team's agents as Markdown files."

    def add_arguments(self, parser: CommandParser) -> None:
        add_team(parser)
        parser.add_argument("--agent", default="", help="Only the agent with this name.")
        parser.add_argument("--to", required=True, type=Path, help="The folder to write to; it is created if needed.")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["to"]
        try:
            team = team_of(options)
            files = export_agents(team, options["agent"])
            folder.mkdir(parents=True, exist_ok=True)
            for file in files:
                (folder / file.name).write_text(file.text, encoding="utf-8", newline="\n")
            audit.record(team.pk, "agents_exported", f"{len(files)} agents", by=COMMAND_LINE)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{folder} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Wrote {len(files)} agent{'' if len(files) == 1 else 's'} to {folder}.")
