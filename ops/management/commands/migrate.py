"""manage.py migrate: Django's, which on a busy database waits for a lock only for a moment, and tries again.

The first time it also makes the administrator whom BATON_ADMIN_EMAIL names.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from psycopg.errors import LockNotAvailable

from cases.queues.administrators import first_administrator
from data.errors import Refused

_LOCK = 0x4D_49_47_52_41_54_45
_TRIES = 20
_PAUSE_SECONDS = 1.0


class Command(migrate.Command):
    help = "Brings the database to this version. On a busy one it waits for a lock only for a moment, and tries again."

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        connection.SchemaEditorClass = ShortWaits
        with _one_at_a_time(connection):
            for number in range(1, _TRIES + 1):
                try:
                    super().handle(*args, **options)
                    break
                except OperationalError as error:
                    if not isinstance(error.__cause__, LockNotAvailable):
                        raise
                    seconds = settings.MIGRATION_LOCK_SECONDS
                    self.stderr.write(f"A table was in use for more than {seconds:g} s ({number} of {_TRIES} tries).")
                    time.sleep(_PAUSE_SECONDS)
            else:
                raise CommandError(
                    "The database stayed busy. What was done is whole, the rest is not begun: run this again in a quiet"
                    " moment, or end the long transactions that pg_stat_activity shows."
                )
        if not any(options[name] for name in ("app_label", "plan", "check_unapplied", "fake", "prune")):
            self._let_somebody_in()

    def _let_somebody_in(self) -> None:
        try:
            if said := first_administrator():
                self.stdout.write(said)
        except Refused as refusal:
            raise CommandError(f"BATON_ADMIN_EMAIL or BATON_ADMIN_PASSWORD: {refusal.message}") from refusal


@contextmanager
def _one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Of several that are started at once, the others wait and then find nothing left to do.

    The lock is that of a transaction, on a connection of its own: one of a session would stay behind in PgBouncer.
    """
    own = connection.copy()
    try:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        yield
    finally:
        own.close()


class ShortWaits(DatabaseSchemaEditor):
    """Whoever waits for a table's lock makes everybody who comes later wait behind it: so that is kept short.

    Each transaction says so for itself, and nothing is left in a session that behind PgBouncer is anybody's next.
    """

    def __enter__(self) -> Self:
        super().__enter__()
        if self.atomic_migration:
            with self.connection.cursor() as cursor:
                milliseconds = f"{settings.MIGRATION_LOCK_SECONDS * 1000:.0f}ms"
                cursor.execute("select set_config('lock_timeout', %s, true)", [milliseconds])
        return self
