"""A new team, with what every team has from the start."""

from django.db import transaction

from teams.audit import audit
from teams.models import Team

from .queues import DEFAULT_QUEUE, create_queue


@transaction.atomic
def create_team(name: str, slug: str, *, is_demo: bool = False) -> Team:
    team = Team.objects.create(name=name, slug=slug, is_demo=is_demo)
    audit.record(team.pk, "team_made", team)
    create_queue(team, DEFAULT_QUEUE)
    return team
