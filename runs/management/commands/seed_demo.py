"""manage.py seed_demo: the demo team, on an empty database."""

from typing import Any

from django.core.management.base import BaseCommand

from runs.seeding import seed_demo


class Command(BaseCommand):
    help = "Makes the demo team, its agents and its waiting cases, unless there is a team already."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Made the demo team." if seed_demo() else "There is a team already; nothing was changed.")
