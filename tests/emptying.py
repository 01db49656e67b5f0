"""What a test has committed is deleted after it, at a twentieth of the work of Django's flush.

Django truncates all tables, each with its indexes a new file, and makes content types and permissions again. Here a
test's few rows are deleted, without what the database would do for each. As with a flush, those who still write
are waited for.
"""

from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg.errors import DeadlockDetected

_TRIES = 5
_KEPT = {ContentType._meta.db_table, Permission._meta.db_table}
_CASE: Any = TransactionTestCase
_flush = _CASE._fixture_teardown


def _empty(test: TransactionTestCase) -> None:
    if test.available_apps is not None or not _is_superuser():
        _flush(test)
        return
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    tables = [connection.ops.quote_name(name) for name in names if name not in _KEPT]
    deletes = "".join(f"delete from {table};" for table in tables)
    for left in range(_TRIES - 1, -1, -1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"lock table {', '.join(tables)} in exclusive mode")
                cursor.execute(f"set local session_replication_role = replica; {deletes}")
            return
        except OperationalError as error:
            # A late request of a page holds one table and wants the next, which is locked here. One of both gives way.
            if not left or not isinstance(error.__cause__, DeadlockDetected):
                raise


def _is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("show is_superuser")
        return cursor.fetchone() == ("on",)


_CASE._fixture_teardown = _empty
