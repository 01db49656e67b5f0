from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Brings the database to this version and fills an empty one with the demo; `serve` calls it at every start."
    requires_system_checks = []  # they would import every page of the web process

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.BATON_DEMO:
            call_command("seed_demo")
        elif not settings.BATON_IS_LOCAL:
            call_command("seed_demo", only_secure=True)  # of an earlier start
