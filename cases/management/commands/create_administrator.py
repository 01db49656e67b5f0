"""manage.py create_administrator [--email EMAIL] [--name NAME] [--password PASSWORD] [--team TEAM] [--no-input]"""

import sys
from collections.abc import Callable
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from cases.queues.administrators import FIRST_TEAM, make_administrator, refuse_a_poor_password
from data.errors import Refused
from teams.audit import audit
from teams.audit.actors import COMMAND_LINE
from teams.models import Team, User
from teams.people import accounts


class Command(BaseCommand):
    help = (
        "Create an account that can open /admin/ and administers a team. Ask for missing values; without a password"
        " print a link to set one, alone on the last line."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email")
        parser.add_argument("--name")
        parser.add_argument("--password", help="Other users of this machine may see it; it is safer to be asked.")
        parser.add_argument("--team", help="The team's name; the team is created if needed.")
        parser.add_argument("--no-input", action="store_true", help="Ask for nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if sys.stdin.isatty() and not options["no_input"]:
                self._ask(options)
            if not options["email"]:
                raise CommandError("Name the account: --email EMAIL.")
            told = {name: options[name] or "" for name in ("email", "name", "password", "team")}
            with audit.acting(COMMAND_LINE):
                made = make_administrator(**told)
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"{made.user.email} can open /admin/ and administers {made.team.name}.")
        if not made.is_new:
            self.stdout.write("The account existed already; its name and password were not changed.")
            self.stdout.write(f"To set another password, run: manage.py password_link {made.user.email}")
        elif options["password"]:
            self.stdout.write(f"Sign in at {settings.BATON_URL}{reverse('account_login')}")
        else:
            self.stdout.write("Set a password within a day at:")
            self.stdout.write(accounts.password_link(made.user, COMMAND_LINE))

    def _ask(self, options: dict[str, Any]) -> None:
        """Ask for missing values. An existing account needs neither a name nor a password."""
        options["email"] = options["email"] or self._answer("Email address: ", accounts.clean_email)
        if not User.objects.filter(email=accounts.clean_email(options["email"])).exists():
            options["name"] = options["name"] or input("Name (may be empty): ").strip()
            options["password"] = options["password"] or self._password(options)
        if not options["team"]:
            known = Team.objects.order_by("created_at").values_list("name", flat=True).first() or FIRST_TEAM
            options["team"] = input(f"Team [{known}]: ").strip() or known

    def _password(self, options: dict[str, Any]) -> str:
        while True:
            first = getpass("Password (empty: print a link to set one): ")
            if not first:
                return ""
            try:
                refuse_a_poor_password(first, options["email"], options["name"])
            except Refused as refusal:
                self.stderr.write(refusal.message)
                continue
            if getpass("The same again: ") == first:
                return first
            self.stderr.write("These were two different ones.")

    def _answer(self, question: str, clean: Callable[[str], str]) -> str:
        while True:
            try:
                return clean(input(question))
            except Refused as refusal:
                self.stderr.write(refusal.message)
