"""Rows by plain statements, for the hot path.

Django's own `get`, `save` and `bulk_create` take four times the CPU, most of it for making the statement. What comes of
it is the same here: whole model instances out of the same columns, and into them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import cycle
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.models import AutoField, JSONField, Model
from django.db.models.expressions import DatabaseDefault, RawSQL

from . import columns, pipelines
from .columns import Column, Wanted
from .pipelines import Params, Statement

# --- Reading ---------------------------------------------------------------------------------


def fetch_all[M: Model](model: type[M], rest: str, params: Params) -> list[M]:
    """Return the rows that a statement selects; `rest` follows on `select … from <the model's table>`."""
    return [row for (row,) in join(f"from {_table(model)} row {rest}", params, row=model)]


def fetch_first[M: Model](model: type[M], rest: str, params: Sequence[Any]) -> M | None:
    return next(iter(fetch_all(model, rest, params)), None)


def join(rest: str, params: Params, **wanted: type[Model] | str) -> list[tuple[Any, ...]]:
    """Return rows of several tables at once, in the order of `wanted`: a model, under the name that `rest` (`from …`)
    gives its table, or an expression. A table in which an outer join found no row gives None.
    """
    [found] = read(Joined(rest, params, wanted))
    return found


def select(statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
    """Return what one statement returns."""
    [found] = read(Selected(statement, params))
    return found


@dataclass(frozen=True)
class Selected:
    """A statement to be sent with others. See `select`."""

    statement: str
    params: Params = ()

    def found(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in rows]


class Joined(Selected):
    """See `join`."""

    def __init__(self, rest: str, params: Params, wanted: Mapping[str, type[Model] | str]) -> None:
        what = tuple(wanted.items())
        super().__init__(f"select {columns.selected(what)} {rest}", params)
        object.__setattr__(self, "what", what)

    def found(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        what: Wanted = self.__dict__["what"]
        return [columns.apart(what, row) for row in rows]


def read(*questions: Selected) -> list[list[tuple[Any, ...]]]:
    """Return what each statement returns. They are sent together and carried out in order, and each sees what is
    committed when it begins.
    """
    sent = pipelines.send([(one.statement, one.params) for one in questions])
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

    def statement(self) -> Statement:
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

    def statement(self) -> Statement:
        assignments, params = _set(self.model, self.changes)
        self.names = [name for name, value in self.changes.items() if isinstance(value, RawSQL)]
        statement = f"update {_table(self.model)} set {assignments} where id = %s"  # noqa: S608
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
    """Insert rows in one statement. They are of one model, and leave the same columns to the database."""
    if not rows:
        return
    model = type(rows[0])
    fields = [
        field for field in model._meta.concrete_fields if not _is_left_out(field, getattr(rows[0], field.attname))
    ]
    stored = [[_stored(field, getattr(row, field.attname)) for field in fields] for row in rows]
    values = ", ".join(f"({', '.join([sql for sql, _ in row])})" for row in stored)
    params = [param for row in stored for _, params in row for param in params]
    names = [field.attname for field in model._meta.concrete_fields if _is_worked_out(getattr(rows[0], field.attname))]
    into = f"{_table(model)} ({_listed(fields)})"
    statement = f"insert into {into} values {values}{_returning(model, names)}"  # noqa: S608
    _write(_Write(statement, params, list(rows), names))
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        _take_away(row, names)


def update(row: Model, names: Iterable[str]) -> None:
    """Write these fields of a row, which must be there."""
    attributes = [_by_name(type(row))[name].attname for name in names]
    changed = _Update(row, {name: getattr(row, name) for name in attributes})
    _take_away(row, [name for name in attributes if _is_worked_out(changed.changes[name])])
    for one in batch.gathered if (batch := _batch.get()) else ():
        if isinstance(one, _Update) and (one.model, one.key) == (changed.model, changed.key):
            one.changes |= changed.changes
            one.rows.append(row)
            return
    _write(changed)


def update_where(model: type[Model], changes: Mapping[str, Any], where: str, params: Sequence[Any]) -> int:
    """Write these values to all rows for which `where` holds, and return how many there were."""
    assignments, values = _set(model, changes)
    statement = f"update {_table(model)} set {assignments} where {where}"  # noqa: S608
    [cursor] = pipelines.send([(statement, [*values, *params])])
    return int(cursor.rowcount)


def write(statement: str, params: Sequence[Any], *, may_miss: bool = False) -> None:
    """Carry out a statement that writes at least one row, unless it `may_miss`."""
    _write(_Write(statement, params, may_miss=may_miss))


def _write(one: _Write) -> None:
    if (batch := _batch.get()) is not None:
        batch.gathered.append(one)
    else:
        _run([one])


def _run(writes: Sequence[_Write], *, commits: bool = False) -> None:
    statements = [one.statement() for one in writes]
    if pipelines.has_pipelines():
        for one, cursor in zip(writes, pipelines.send(statements, commits=commits), strict=True):
            one.tell(cursor)
        return
    # Where there are no pipelines: all in one text.
    with connection.cursor() as cursor:
        cursor.execute("; ".join(sql for sql, _ in statements), [value for _, params in statements for value in params])
        for one in writes:
            one.tell(cursor)
            cursor.nextset()


def _set(model: type[Model], changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
    fields = [_by_name(model)[name] for name in changes]
    stored = [_stored(field, value) for field, value in zip(fields, changes.values(), strict=True)]
    assignments = ", ".join(f'"{field.column}" = {sql}' for field, (sql, _) in zip(fields, stored, strict=True))
    return assignments, [param for _, params in stored for param in params]


def _is_worked_out(value: Any) -> bool:
    """Return whether the database works the value out as it writes the row."""
    return isinstance(value, RawSQL | DatabaseDefault)


def _take_away(row: Model, names: Iterable[str]) -> None:
    """Let Django take these fields for deferred ones until the row is told their values."""
    for name in names:
        row.__dict__.pop(name, None)


def _returning(model: type[Model], names: Sequence[str]) -> str:
    return f" returning {_listed([_by_name(model)[name] for name in names])}" if names else ""


def _is_left_out(field: Column, value: Any) -> bool:
    return isinstance(value, DatabaseDefault) or (value is None and isinstance(field, AutoField))


def _stored(field: Column, value: Any) -> tuple[str, Sequence[Any]]:
    if isinstance(value, RawSQL):
        return value.sql, value.params
    # psycopg knows the types of all other fields.
    return "%s", [field.get_db_prep_save(value, connection) if isinstance(field, JSONField) else value]


# --- Names in statements ---------------------------------------------------------------------


def _table(model: type[Model]) -> str:
    return f'"{model._meta.db_table}"'


@cache
def _by_name(model: type[Model]) -> dict[str, Column]:
    return {name: field for field in model._meta.concrete_fields for name in (field.name, field.attname)}


def _listed(fields: Sequence[Column]) -> str:
    return ", ".join(f'"{field.column}"' for field in fields)
