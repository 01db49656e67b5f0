"""Lists in pages, by cursor: a page starts where another ended, even if rows came or went in between."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from data.texts.json_text import read_json

PAGE_SIZE = 50


@dataclass(frozen=True)
class Page[M: Model]:
    """Some rows of a list. `newer` and `older` are the cursors of the pages before and after; empty at the ends."""

    rows: list[M]
    newer: str = ""
    older: str = ""


def page[M: Model](rows: QuerySet[M], order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE) -> Page[M]:
    """The page of a cursor; the first one for a cursor that says nothing.

    `order` names fields or annotations, "-" before those that fall; together they must be unique.
    """
    backwards, edge = _read(cursor, len(order))
    steps = [_flipped(step) for step in order] if backwards else list(order)
    found = rows.order_by(*steps)
    if edge:
        try:
            found = found.filter(_beyond(steps, edge))
        except (ValidationError, ValueError, TypeError):
            return page(rows, order, "", size)
    taken = list(found[: size + 1])
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


def _beyond(steps: Sequence[str], edge: Sequence[str]) -> Q:
    """What comes after the edge: later in the first field, or equal there and later in the second, and so on."""
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
