"""Rows by plain statements, for the hot path.

Django's own `get`, `save` and `bulk_create` take four times the CPU, most of it for making the statement. What comes of
it is the same here: whole model instances out of the same columns, and into them. A process that says `keep_plans` has
each statement planned once: that takes PostgreSQL longer than to carry it out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, DatabaseError, NotSupportedError, OperationalError, connection
from django.db.backends.signals import connection_created
from django.db.models import AutoField, Field, JSONField, Model
from django.db.models.expressions import DatabaseDefault, RawSQL

type _Field = Field[Any, Any]
type _Wanted = tuple[tuple[str, type[Model] | str], ...]

# --- Reading ---------------------------------------------------------------------------------


def fetch_all[M: Model](model: type[M], rest: str, params: Sequence[Any]) -> list[M]:
    """`rest` is what follows on `select … from <the model's table>`."""
    return [row for (row,) in join(f"from {_table(model)} row {rest}", params, row=model)]


def fetch_first[M: Model](model: type[M], rest: str, params: Sequence[Any]) -> M | None:
    return next(iter(fetch_all(model, rest, params)), None)


def join(rest: str, params: Sequence[Any], **wanted: type[Model] | str) -> list[tuple[Any, ...]]:
    """Rows of several tables at once, in the order of `wanted`: a model, under the name that `rest` (`from …`) gives
    its table, or an expression. None for a table that an outer join found no row in.
    """
    what = tuple(wanted.items())
    return [_apart(what, row) for row in select(f"select {_selected(what)} {rest}", params)]


def select(statement: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """What one statement returns."""
    with _executed(statement, params) as cursor:
        return list(cursor.fetchall())


# --- Writing ---------------------------------------------------------------------------------

# Values that the database works out: a field that was written so is read back when someone asks for it, so not before
# an `at_once` around it has ended. Whatever is compared with the database's clock is written by that clock: the clocks
# of other machines may be minutes apart from it.
NOW = RawSQL("statement_timestamp()", [])


def in_time(delay: timedelta) -> RawSQL:
    return RawSQL("statement_timestamp() + %s", [delay])


@dataclass
class _Update:
    """Of one row."""

    model: type[Model]
    key: Any
    changes: dict[str, Any]

    def statement(self) -> tuple[str, list[Any]]:
        columns, params = _set(self.model, self.changes)
        return f"update {_table(self.model)} set {columns} where id = %s", [*params, self.key]  # noqa: S608


type _Gathered = list[_Update | tuple[str, list[Any]]]

_gathered: ContextVar[_Gathered | None] = ContextVar("gathered", default=None)


@contextmanager
def at_once() -> Iterator[None]:
    """What is inserted and updated inside goes to the database together when it ends, in order: one way there and back
    instead of one for each. Updates of one row become one, at the place of the first. What is read inside does not see
    any of it yet.
    """
    statements: _Gathered = []
    token = _gathered.set(statements)
    try:
        yield
    finally:
        _gathered.reset(token)
    if statements:
        made = [one.statement() if isinstance(one, _Update) else one for one in statements]
        _run("; ".join(sql for sql, _ in made), [value for _, params in made for value in params])


def insert(rows: Sequence[Model]) -> None:
    """All in one statement. They are of one model, and leave the same columns to the database."""
    if not rows:
        return
    model = type(rows[0])
    fields = [field for field in _fields(model) if not _is_left_out(field, getattr(rows[0], field.attname))]
    stored = [[_stored(field, getattr(row, field.attname)) for field in fields] for row in rows]
    values = ", ".join(f"({', '.join([sql for sql, _ in row])})" for row in stored)
    params = [param for row in stored for _, params in row for param in params]
    write(f"insert into {_table(model)} ({_names(fields)}) values {values}", params)  # noqa: S608
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        _read_back(row, [field.attname for field in fields])


def update(row: Model, names: Iterable[str]) -> None:
    """Writes these fields of a row, which must be there."""
    attributes = [_named(type(row))[name].attname for name in names]
    changed = _Update(type(row), row.pk, {name: getattr(row, name) for name in attributes})
    _read_back(row, attributes)
    gathered = _gathered.get()
    if gathered is None:
        _run(*changed.statement())
        return
    for one in gathered:
        if isinstance(one, _Update) and (one.model, one.key) == (changed.model, changed.key):
            one.changes |= changed.changes
            return
    gathered.append(changed)


def update_where(model: type[Model], changes: Mapping[str, Any], where: str, params: Sequence[Any]) -> int:
    """Writes these values, at once, to all rows of which `where` holds, and says how many there were."""
    columns, values = _set(model, changes)
    statement = f"update {_table(model)} set {columns} where {where}"  # noqa: S608
    with _executed(statement, [*values, *params]) as cursor:
        return int(cursor.rowcount)


def write(statement: str, params: list[Any]) -> None:
    """One that writes at least one row."""
    if (gathered := _gathered.get()) is not None:
        gathered.append((statement, params))
    else:
        _run(statement, params)


def _run(statements: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements, params)
        while True:
            if not cursor.rowcount:
                raise DatabaseError("A row that was to be written is not there any more.")
            if not cursor.nextset():
                return


def _set(model: type[Model], changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
    fields = [_named(model)[name] for name in changes]
    stored = [_stored(field, value) for field, value in zip(fields, changes.values(), strict=True)]
    columns = ", ".join(f'"{field.column}" = {sql}' for field, (sql, _) in zip(fields, stored, strict=True))
    return columns, [param for _, params in stored for param in params]


def _read_back(row: Model, attributes: Iterable[str]) -> None:
    for name in attributes:
        if isinstance(row.__dict__.get(name), RawSQL):
            del row.__dict__[name]  # Django takes it for a deferred field


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
    """From now on new connections keep the plans of the statements of this module."""
    connection_created.connect(_keep_plans)


def _keep_plans(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [number] = cursor.fetchone()
    # Behind a pooler such as PgBouncer the number is another one, and the next transaction may meet a server process
    # that knows nothing of a plan.
    if connection.connection.info.backend_pid == number:
        connection.connection.prepare_threshold = _USES_BEFORE_KEPT


@contextmanager
def _executed(statement: str, params: Sequence[Any] | Mapping[str, Any]) -> Iterator[Any]:
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    # Django's own cursors write the values into the statement, so that each is another one.
    own: Any = psycopg.Cursor(connection.connection)
    with connection.make_debug_cursor(own) if connection.queries_logged else connection.make_cursor(own) as cursor:
        try:
            cursor.execute(statement, params)
        except NotSupportedError as error:  # a migration has given a column another type
            connection.close()
            raise OperationalError(f"A plan is out of date: {error}") from error
        yield cursor


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
