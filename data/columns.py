"""Models and their columns: how statements name them, and the model instances made from what the statements return."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model

type Column = Field[Any, Any]
# What a statement selects: a model by the name of its table in the statement, or an expression.
type Wanted = tuple[tuple[str, type[Model] | str], ...]


def table(model: type[Model]) -> str:
    return f'"{model._meta.db_table}"'


def fields(model: type[Model]) -> Sequence[Column]:
    return model._meta.concrete_fields


@cache
def by_name(model: type[Model]) -> dict[str, Column]:
    return {name: field for field in fields(model) for name in (field.name, field.attname)}


def listed(fields: Sequence[Column]) -> str:
    return ", ".join(f'"{field.column}"' for field in fields)


@cache
def selected(wanted: Wanted) -> str:
    return ", ".join(
        what if isinstance(what, str) else ", ".join(f'"{name}"."{field.column}"' for field in fields(what))
        for name, what in wanted
    )


def apart(wanted: Wanted, row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the columns of a row as what was wanted of them."""
    found: list[Any] = []
    at = 0
    for _, what in wanted:
        if isinstance(what, str):
            found.append(row[at])
            at += 1
        else:
            width = len(fields(what))
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
    """Return the names of the attributes; the places and converters of columns that come in another form, such as JSON;
    and the place of the key.
    """
    every = fields(model)
    converted = [(at, field.from_db_value) for at, field in enumerate(every) if hasattr(field, "from_db_value")]
    return [field.attname for field in every], converted, every.index(model._meta.pk)
