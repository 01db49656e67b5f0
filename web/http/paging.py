"""Lists in pages, by cursor: a page starts where another ended, even if rows came or went in between."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection
from django.db.models import Model, Q, QuerySet

from data.texts.json_text import read_json

PAGE_SIZE = 50


@dataclass(frozen=True)
class Page[M: Model]:
    """Some rows of a list. `newer` and `older` are the cursors of the pages before and after; empty at the ends."""

    rows: list[M]
    newer: str = ""
    older: str = ""


def page[M: Model](
    rows: QuerySet[M], order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE, split: Sequence[Q] = ()
) -> Page[M]:
    """The page of a cursor; the first one for a cursor that says nothing.

    `order` names fields or annotations, "-" before those that fall; together they must be unique. `split`: conditions
    of which each row meets one, where an index has the order only within each of them.
    """
    backwards, edge = _read(cursor, len(order))
    steps = [_flipped(step) for step in order] if backwards else list(order)
    found = rows.order_by(*steps)
    if edge:
        try:
            found = found.filter(_beyond(steps, edge))
        except (ValidationError, ValueError, TypeError):
            return page(rows, order, "", size, split)
    taken = _first(found, steps, size + 1, split)
    more = len(taken) > size
    taken = taken[:size]
    if backwards:
        taken.reverse()
    if not taken:
        return Page([])
    return Page(
        taken,
        newer=_write(True, order, taken[0]) if (more if backwards else edge) else "",
        older=_write(False, order, taken[-1]) if (more or backwards) else "",
    )


def _first[M: Model](found: QuerySet[M], steps: Sequence[str], number: int, split: Sequence[Q]) -> list[M]:
    """The first rows: those of each part of the split, in one statement, brought into order."""
    if not split:
        return list(found[:number])
    names = ["pk", *(step.removeprefix("-") for step in steps)]
    head, *rest = (found.filter(part).values_list(*names)[:number] for part in split)
    firsts = list(head.union(*rest, all=True))
    for place, step in reversed(list(enumerate(steps, 1))):
        firsts.sort(key=itemgetter(place), reverse=step.startswith("-"))
    rows = {row.pk: row for row in found.order_by().filter(pk__in=[key for key, *_ in firsts[:number]])}
    return [rows[key] for key, *_ in firsts[:number] if key in rows]


def few(rows: QuerySet[Any], most: int) -> list[Any] | None:
    """Return the keys of these rows, in any order. None when there are more than `most`.

    Where few rows fit PostgreSQL might look for them along a whole list, in the order that is asked for; sorted apart
    they cost little. It has to find them by an index: it takes conditions for independent of each other, and would
    read a whole table if only it seemed to have many of them.
    """
    try:
        statement, params = rows.order_by().values_list("pk")[: most + 1].query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        # Both in one text, which is one transaction and one way there and back.
        cursor.execute(f"set local enable_seqscan = off; {statement}; set local enable_seqscan = on", params)
        cursor.nextset()
        keys = [key for (key,) in cursor.fetchall()]
    return keys if len(keys) <= most else None


def _beyond(steps: Sequence[str], edge: Sequence[str]) -> Q:
    """Return what comes after the edge: later in the first field, or equal there and later in the second, and so on."""
    beyond, equal = Q(), Q()
    for step, value in zip(steps, edge, strict=True):
        name, after = step.removeprefix("-"), "lt" if step.startswith("-") else "gt"
        beyond |= equal & Q(**{f"{name}__{after}": value})
        equal &= Q(**{name: value})
    first, after = steps[0].removeprefix("-"), "lte" if steps[0].startswith("-") else "gte"
    return Q(**{f"{first}__{after}": edge[0]}) & beyond  # said apart, because an index can begin with it


def _flipped(step: str) -> str:
    return step.removeprefix("-") if step.startswith("-") else f"-{step}"


def _write(backwards: bool, order: Sequence[str], row: Model) -> str:
    values = [str(getattr(row, step.removeprefix("-"))) for step in order]
    return base64.urlsafe_b64encode(json.dumps([int(backwards), *values]).encode()).decode().rstrip("=")


def _read(cursor: str, length: int) -> tuple[bool, list[str]]:
    try:
        backwards, *edge = read_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error):
        return False, []
    if len(edge) != length or not all(isinstance(value, str) and "\x00" not in value for value in edge):
        return False, []
    return bool(backwards), edge
