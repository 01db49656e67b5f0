"""Rows by plain statements, for the hot path.

Django's own `get`, `save` and `bulk_create` take four times the CPU, most of it for making the statement. What comes of
it is the same here: whole model instances out of the same columns, and into them. A process that says `keep_plans` has
each statement planned once, which takes PostgreSQL longer than to carry it out, and sends what belongs together in one
pipeline, with one wait for all of it: the BEGIN of a transaction goes with the first read, its COMMIT with the last
batch of writes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import cycle
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, NotSupportedError, OperationalError, connection
from django.db.backends.signals import connection_created
from django.db.models import AutoField, Field, JSONField, Model
from django.db.models.expressions import DatabaseDefault, RawSQL
from psycopg.pq import TransactionStatus

IDLE = TransactionStatus.IDLE

type _Field = Field[Any, Any]
type _Params = Sequence[Any] | Mapping[str, Any]
type _Statement = tuple[str, _Params]
type _Wanted = tuple[tuple[str, type[Model] | str], ...]

# --- Reading ---------------------------------------------------------------------------------


def fetch_all[M: Model](model: type[M], rest: str, params: _Params) -> list[M]:
    """`rest` is what follows on `select … from <the model's table>`."""
    return [row for (row,) in join(f"from {_table(model)} row {rest}", params, row=model)]


def fetch_first[M: Model](model: type[M], rest: str, params: Sequence[Any]) -> M | None:
    return next(iter(fetch_all(model, rest, params)), None)


def join(rest: str, params: _Params, **wanted: type[Model] | str) -> list[tuple[Any, ...]]:
    """Rows of several tables at once, in the order of `wanted`: a model, under the name that `rest` (`from …`) gives
    its table, or an expression. None for a table that an outer join found no row in.
    """
    [found] = read(Joined(rest, params, wanted))
    return found


def select(statement: str, params: _Params = ()) -> list[tuple[Any, ...]]:
    """What one statement returns."""
    [found] = read(Selected(statement, params))
    return found


@dataclass(frozen=True)
class Selected:
    """A statement to be sent with others. See `select`."""

    statement: str
    params: _Params = ()

    def found(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in rows]


class Joined(Selected):
    """See `join`."""

    def __init__(self, rest: str, params: _Params, wanted: Mapping[str, type[Model] | str]) -> None:
        what = tuple(wanted.items())
        super().__init__(f"select {_selected(what)} {rest}", params)
        object.__setattr__(self, "what", what)

    def found(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        what: _Wanted = self.__dict__["what"]
        return [_apart(what, row) for row in rows]


def read(*questions: Selected) -> list[list[tuple[Any, ...]]]:
    """What each of them returns: sent together, carried out in order, each by what is committed when it begins."""
    sent = _sent([(one.statement, one.params) for one in questions])
    return [one.found(cursor.fetchall()) for one, cursor in zip(questions, sent, strict=True)]


# --- Writing ---------------------------------------------------------------------------------

# Values that the database works out. A row gets them when they are written, so after an `at_once` around it has ended.
# Whatever is compared with the database's clock is written by that clock: the clocks of other machines may be minutes
# apart from it.
NOW = RawSQL("statement_timestamp()", [])


def in_time(delay: timedelta) -> RawSQL:
    return RawSQL("statement_timestamp() + %s", [delay])


@dataclass
class _Write:
    """A statement that writes at least one row, unless it may miss; and the rows that are told what the database worked
    out for `names`.
    """

    sql: str
    params: Sequence[Any]
    rows: list[Model] = field(default_factory=list)
    names: Sequence[str] = ()
    may_miss: bool = False

    def statement(self) -> _Statement:
        return self.sql, self.params

    def tell(self, cursor: Any) -> None:
        if cursor.rowcount < 1 and not self.may_miss:
            raise DatabaseError("A row that was to be written is not there any more.")
        # Of an insert each row has its own values; of an update all are the same row.
        for row, values in zip(self.rows, cycle(cursor.fetchall()) if self.names else (), strict=False):
            row.__dict__.update(zip(self.names, values, strict=True))


class _Update(_Write):
    """Of one row, which may be there as several instances."""

    def __init__(self, row: Model, changes: dict[str, Any]) -> None:
        super().__init__("", (), [row])
        self.model, self.key, self.changes = type(row), row.pk, changes

    def statement(self) -> _Statement:
        columns, params = _set(self.model, self.changes)
        self.names = [name for name, value in self.changes.items() if isinstance(value, RawSQL)]
        statement = f"update {_table(self.model)} set {columns} where id = %s"  # noqa: S608
        return statement + _returning(self.model, self.names), [*params, self.key]


@dataclass
class Batch:
    """What is gathered to be written together. `commits`: nothing comes after it in its transaction, and all rows that
    it changes are locked, so the commit need not wait for what the statements say.
    """

    commits: bool = False
    gathered: list[_Write] = field(default_factory=list)


_batch: ContextVar[Batch | None] = ContextVar("batch", default=None)


@contextmanager
def at_once(*, commits: bool = False) -> Iterator[Batch]:
    """What is inserted and updated inside goes to the database together when it ends, in order: one way there and back
    instead of one for each. Updates of one row become one, at the place of the first. What is read inside does not see
    any of it yet.
    """
    batch = Batch(commits)
    token = _batch.set(batch)
    try:
        yield batch
    finally:
        _batch.reset(token)
    if batch.gathered:
        _run(batch.gathered, commits=batch.commits and _is_outermost())


def _is_outermost() -> bool:
    return connection.in_atomic_block and not connection.savepoint_ids and not connection.needs_rollback


def insert(rows: Sequence[Model]) -> None:
    """All in one statement. They are of one model, and leave the same columns to the database."""
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in _fields(model) if not _is_left_out(field, getattr(rows[0], field.attname))]
    stored = [[_stored(field, getattr(row, field.attname)) for field in fields] for row in rows]
    values = ", ".join(f"({', '.join([sql for sql, _ in row])})" for row in stored)
    params = [param for row in stored for _, params in row for param in params]
    names = [field.attname for field in _fields(model) if _is_worked_out(getattr(rows[0], field.attname))]
    statement = f"insert into {_table(model)} ({_names(fields)}) values {values}{_returning(model, names)}"  # noqa: S608
    _write(_Write(statement, params, list(rows), names))
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        _take_away(row, names)


def update(row: Model, names: Iterable[str]) -> None:
    """Writes these fields of a row, which must be there."""
    attributes = [_named(type(row))[name].attname for name in names]
    changed = _Update(row, {name: getattr(row, name) for name in attributes})
    _take_away(row, [name for name in attributes if _is_worked_out(changed.changes[name])])
    for one in batch.gathered if (batch := _batch.get()) else ():
        if isinstance(one, _Update) and (one.model, one.key) == (changed.model, changed.key):
            one.changes |= changed.changes
            one.rows.append(row)
            return
    _write(changed)


def update_where(model: type[Model], changes: Mapping[str, Any], where: str, params: Sequence[Any]) -> int:
    """Writes these values, at once, to all rows of which `where` holds, and says how many there were."""
    columns, values = _set(model, changes)
    statement = f"update {_table(model)} set {columns} where {where}"  # noqa: S608
    [cursor] = _sent([(statement, [*values, *params])])
    return int(cursor.rowcount)


def write(statement: str, params: Sequence[Any], *, may_miss: bool = False) -> None:
    """One that writes at least one row, unless it `may_miss`."""
    _write(_Write(statement, params, may_miss=may_miss))


def _write(one: _Write) -> None:
    if (batch := _batch.get()) is not None:
        batch.gathered.append(one)
    else:
        _run([one])


def _run(writes: Sequence[_Write], *, commits: bool = False) -> None:
    statements = [one.statement() for one in writes]
    if _pipelines():
        for one, cursor in zip(writes, _sent(statements, commits=commits), strict=True):
            one.tell(cursor)
        return
    # Where there are no pipelines: all in one text.
    with connection.cursor() as cursor:
        cursor.execute("; ".join(sql for sql, _ in statements), [value for _, params in statements for value in params])
        for one in writes:
            one.tell(cursor)
            cursor.nextset()


def _set(model: type[Model], changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
    fields = [_named(model)[name] for name in changes]
    stored = [_stored(field, value) for field, value in zip(fields, changes.values(), strict=True)]
    columns = ", ".join(f'"{field.column}" = {sql}' for field, (sql, _) in zip(fields, stored, strict=True))
    return columns, [param for _, params in stored for param in params]


def _is_worked_out(value: Any) -> bool:
    """By the database, as it is written."""
    return isinstance(value, RawSQL | DatabaseDefault)


def _take_away(row: Model, names: Iterable[str]) -> None:
    """Until the row is told what they are, Django takes them for deferred fields."""
    for name in names:
        row.__dict__.pop(name, None)


def _returning(model: type[Model], names: Sequence[str]) -> str:
    return f" returning {_names([_named(model)[name] for name in names])}" if names else ""


def _is_left_out(field: _Field, value: Any) -> bool:
    return isinstance(value, DatabaseDefault) or (value is None and isinstance(field, AutoField))


def _stored(field: _Field, value: Any) -> tuple[str, Sequence[Any]]:
    if isinstance(value, RawSQL):
        return value.sql, value.params
    # psycopg knows the types of all other fields.
    return "%s", [field.get_db_prep_save(value, connection) if isinstance(field, JSONField) else value]


# --- Plans -----------------------------------------------------------------------------------

_USES_BEFORE_KEPT = 2


def keep_plans() -> None:
    """From now on new connections keep the plans of the statements of this module, and send them in pipelines."""
    connection_created.connect(_keep_plans)


def _keep_plans(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [number] = cursor.fetchone()
    # Behind a pooler such as PgBouncer the number is another one, and the next transaction may meet a server process
    # that knows nothing of a plan.
    if connection.connection.info.backend_pid == number:
        connection.connection.prepare_threshold = _USES_BEFORE_KEPT


def _pipelines() -> bool:
    """Whether the connection, which is opened if need be, is one whose plans are kept."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection.connection.prepare_threshold is not None


def _sent(statements: Sequence[_Statement], *, commits: bool = False) -> list[Any]:
    """The cursors of these statements, which have been carried out. With `commits` the transaction is over, too."""
    is_pipelined, raw = _pipelines(), connection.connection
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


_BEGIN: _Statement = ("begin", ())
_COMMIT: _Statement = ("commit", ())


def _execute(raw: psycopg.Connection[Any], statement: str, params: _Params) -> Any:
    # Django's own cursors write the values into the statement, so that each is another one.
    own: Any = psycopg.Cursor(raw)
    cursor = connection.make_debug_cursor(own) if connection.queries_logged else connection.make_cursor(own)
    cursor.execute(statement, params)
    return cursor


# --- Models and their columns ----------------------------------------------------------------


def _table(model: type[Model]) -> str:
    return f'"{model._meta.db_table}"'


def _fields(model: type[Model]) -> Sequence[_Field]:
    return model._meta.concrete_fields


@cache
def _named(model: type[Model]) -> dict[str, _Field]:
    return {name: field for field in _fields(model) for name in (field.name, field.attname)}


def _names(fields: Sequence[_Field]) -> str:
    return ", ".join(f'"{field.column}"' for field in fields)


@cache
def _selected(wanted: _Wanted) -> str:
    return ", ".join(
        what if isinstance(what, str) else ", ".join(f'"{name}"."{field.column}"' for field in _fields(what))
        for name, what in wanted
    )


def _apart(wanted: _Wanted, row: Sequence[Any]) -> tuple[Any, ...]:
    """The columns of a row as what was wanted of them."""
    found: list[Any] = []
    at = 0
    for _, what in wanted:
        if isinstance(what, str):
            found.append(row[at])
            at += 1
        else:
            width = len(_fields(what))
            found.append(_instance(what, row[at : at + width]))
            at += width
    return tuple(found)


def _instance(model: type[Model], columns: Sequence[Any]) -> Model | None:
    names, converted, key = _shape(model)
    if columns[key] is None:
        return None
    values = list(columns)
    for at, convert in converted:
        values[at] = convert(values[at], None, connection)
    return model.from_db(DEFAULT_DB_ALIAS, names, values)


@cache
def _shape(model: type[Model]) -> tuple[list[str], list[tuple[int, Any]], int]:
    """Names of the columns' attributes; which of them come in another form than the attribute's, such as JSON; which
    is the key."""
    fields = _fields(model)
    converted = [(at, field.from_db_value) for at, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [field.attname for field in fields], converted, fields.index(model._meta.pk)
