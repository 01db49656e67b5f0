"""manage.py seed_demo: create the demo team in an empty database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from ops.demo.seeding import close_demo, seed_demo
from teams.people.demo_account import EMAIL


class Command(BaseCommand):
    help = (
        "Create the demo team with its agents and cases, unless there already is a team. If other machines can reach"
        " Baton, the demo's account gets a random password and no access to the admin."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only-secure", action="store_true", help="Create nothing; only replace a well-known password."
        )

    def handle(self, *args: Any, only_secure: bool = False, **options: Any) -> None:
        made = not only_secure and seed_demo()
        if not only_secure:
            self.stdout.write("Created the demo team." if made else "There is a team already; nothing was changed.")
        if not settings.BATON_IS_LOCAL and (password := close_demo()):
            self.stdout.write("Other machines can reach this Baton, so the demo has a password of its own.")
            self.stdout.write(f"Sign in as {EMAIL}, password {password} (shown only this once).")
