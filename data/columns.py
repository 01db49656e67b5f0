"""Columns that are read: how a statement selects those of models, and the model instances made from what it returns."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model

type Column = Field[Any, Any]
# What a statement selects: a model by the name of its table in the statement, or an expression.
type Wanted = tuple[tuple[str, type[Model] | str], ...]


@cache
def selected(wanted: Wanted) -> str:
    return ", ".join(
        what
        if isinstance(what, str)
        else ", ".join(f'"{name}"."{field.column}"' for field in what._meta.concrete_fields)
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
            width = len(what._meta.concrete_fields)
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
    every = model._meta.concrete_fields
    converted = [(at, field.from_db_value) for at, field in enumerate(every) if hasattr(field, "from_db_value")]
    return [field.attname for field in every], converted, every.index(model._meta.pk)
