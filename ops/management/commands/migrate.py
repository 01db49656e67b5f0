"""manage.py migrate: Django's command, with short waits for locks on a busy database.

The first time it also creates the administrator named in BATON_ADMIN_EMAIL. It refuses a database of a version before
1.0.0 and leaves it as it is.
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
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import LockNotAvailable

from cases.queues.administrators import first_administrator
from data.errors import Refused

_LOCK = 0x4D_49_47_52_41_54_45
_TRIES = 20
_PAUSE_SECONDS = 1.0
# Migrations started over with 1.0.0. These are of before, the second of each app, which no later version has.
_BEFORE_1_0 = {
    ("teams", "0002_answer_hours"),
    ("builder", "0002_initial"),
    ("cases", "0002_initial"),
    ("runs", "0002_initial"),
}
_TOO_OLD = (
    "This database belongs to a version of Baton before 1.0.0 and cannot be upgraded. Nothing was changed. Export the"
    " agents with the version that made it (manage.py export_agents), start this version with an empty database"
    " (another DATABASE_URL or BATON_HOME), and import them (manage.py import_agents). See docs/upgrading.md."
)


class Command(migrate.Command):
    help = "Migrate the database to this version. On a busy database, wait for locks only briefly and try again."

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        connection.SchemaEditorClass = ShortWaits
        with _one_at_a_time(connection):
            if _BEFORE_1_0 & MigrationRecorder(connection).applied_migrations().keys():
                raise CommandError(_TOO_OLD)
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
                    "The database stayed busy. Completed migrations are kept and the others have not started: run this"
                    " again at a quiet time, or end the long transactions that pg_stat_activity shows."
                )
        if not any(options[name] for name in ("app_label", "plan", "check_unapplied", "fake", "prune")):
            self._create_first_administrator()

    def _create_first_administrator(self) -> None:
        try:
            if said := first_administrator():
                self.stdout.write(said)
        except Refused as refusal:
            raise CommandError(f"BATON_ADMIN_EMAIL or BATON_ADMIN_PASSWORD: {refusal.message}") from refusal


@contextmanager
def _one_at_a_time(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Make all but one of several commands wait; the others then find nothing to do.

    The lock belongs to a transaction on its own connection, because a session lock would stay behind in PgBouncer.
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
    """A schema editor that waits only briefly for a table's lock, since all later queries would wait behind it.

    The limit is set for each transaction, because PgBouncer gives a session to other clients afterwards.
    """

    def __enter__(self) -> Self:
        super().__enter__()
        if self.atomic_migration:
            with self.connection.cursor() as cursor:
                milliseconds = f"{settings.MIGRATION_LOCK_SECONDS * 1000:.0f}ms"
                cursor.execute("select set_config('lock_timeout', %s, true)", [milliseconds])
        return self
