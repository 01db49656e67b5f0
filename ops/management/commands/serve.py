import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from ops.stack.home import CannotStart, Home
from ops.stack.launch import Plan, launch


class Command(BaseCommand):
    help = "Run Baton until Ctrl-C: the servers it needs, the web server, the workers and the clock."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = plan_from_environment()
        except CannotStart as problem:
            sys.exit(f"Baton cannot start. {problem}")
        sys.exit(launch(plan))


def plan_from_environment() -> Plan:
    own_database = bool(os.environ.get("DATABASE_URL"))
    return Plan(
        home=Home(settings.BATON_HOME),
        host=settings.HOST,
        port=_number("PORT", 8000),
        workers=_number("BATON_WORKERS", 2),
        database=connections["default"].get_connection_params() if own_database else {},
        redis_url=os.environ.get("REDIS_URL", ""),
    )


def _number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal():
        raise CannotStart(f"{name} must be a number, not {value!r}.")
    return int(value)
