"""manage.py password_link EMAIL [--end-two-step]"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from teams.audit.actors import COMMAND_LINE
from teams.models import User
from teams.people import accounts


class Command(BaseCommand):
    help = "Print a link for setting a new password, alone on the last line. It works once, for one day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--end-two-step",
            action="store_true",
            help="Turn off two-step sign-in for someone who lost both the app and the recovery codes.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no account for {options['email']}.")
        if not user.is_active:
            raise CommandError(f"{user.email} is deactivated. Reactivate the account on its page in /admin/.")
        if options["end_two_step"]:
            accounts.end_two_step(user, COMMAND_LINE)
            self.stdout.write(f"Two-step sign-in of {user.email} is off.")
        self.stdout.write(f"Anyone who opens this signs in as {user.email}:")
        self.stdout.write(accounts.password_link(user, COMMAND_LINE))
