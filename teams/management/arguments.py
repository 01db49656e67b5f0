"""What several commands are told."""

import argparse
from typing import Any

from django.core.management.base import CommandError

from teams.models import Team


def add_team(parser: argparse._ActionsContainer, *, required: bool = True) -> None:
    parser.add_argument("--team", required=required, help="The team's slug.")


def team_of(options: dict[str, Any]) -> Team:
    team = Team.objects.filter(slug=options["team"]).first()
    if team is None:
        known = ", ".join(Team.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no team “{options['team']}”. Teams: {known}.")
    return team
