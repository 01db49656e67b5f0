"""Statements on their way to the database, one by one or in a pipeline.

A process that says `keep_plans` has each statement planned once, which takes PostgreSQL longer than to carry it out,
and sends what belongs together in one pipeline, with one wait for all of it: the BEGIN of a transaction goes with the
first read, its COMMIT with the last batch of writes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import NotSupportedError, OperationalError, connection
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

IDLE = TransactionStatus.IDLE

type Params = Sequence[Any] | Mapping[str, Any]
type Statement = tuple[str, Params]

_USES_BEFORE_KEPT = 2
_BEGIN: Statement = ("begin", ())
_COMMIT: Statement = ("commit", ())


def keep_plans() -> None:
    """Let new connections keep the plans of statements from now on, and send them in pipelines."""
    connection_created.connect(_keep_plans)


def _keep_plans(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [number] = cursor.fetchone()
    # Behind a pooler such as PgBouncer the number is another one, and the next transaction may meet a server process
    # that knows nothing of a plan.
    if connection.connection.info.backend_pid == number:
        connection.connection.prepare_threshold = _USES_BEFORE_KEPT


def has_pipelines() -> bool:
    """Return whether the connection, which is opened if need be, is one whose plans are kept."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection.connection.prepare_threshold is not None


def send(statements: Sequence[Statement], *, commits: bool = False) -> list[Any]:
    """Carry out the statements and return their cursors. With `commits` the transaction is over, too."""
    is_pipelined, raw = has_pipelines(), connection.connection
    if not is_pipelined:
        return [_execute(raw, *one) for one in statements]
    begins = connection.in_atomic_block and raw.info.transaction_status == IDLE
    if begins:
        # Left to itself, psycopg would wait for the answer to a BEGIN. Django sets this back when the transaction ends.
        raw.autocommit = True
    everything = [*([_BEGIN] if begins else []), *statements, *([_COMMIT] if commits else [])]
    try:
        if len(everything) == 1:
            return [_execute(raw, *everything[0])]
        with connection.wrap_database_errors, raw.pipeline():
            cursors = [_execute(raw, *one) for one in everything]
    except NotSupportedError as error:  # a migration has given a column another type
        connection.close()
        raise OperationalError(f"A plan is out of date: {error}") from error
    return cursors[begins : begins + len(statements)]


def _execute(raw: psycopg.Connection[Any], statement: str, params: Params) -> Any:
    # Django's own cursors write the values into the statement, so that each is another one.
    own: Any = psycopg.Cursor(raw)
    cursor = connection.make_debug_cursor(own) if connection.queries_logged else connection.make_cursor(own)
    cursor.execute(statement, params)
    return cursor
