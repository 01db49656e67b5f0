from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate the database and create the demo in an empty one. `serve` calls this command at every start."
    requires_system_checks = []  # system checks would import every page of the web process

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.BATON_DEMO:
            call_command("seed_demo")
        elif not settings.BATON_IS_LOCAL:
            call_command("seed_demo", only_secure=True)  # the demo may be left from an earlier start
