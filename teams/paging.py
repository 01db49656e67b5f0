"""Lists of the API: a page at a time, with an opaque cursor to the next one."""

from collections.abc import Sequence
from typing import Any

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from pydantic import BaseModel, Field

from .errors import Refused


class Paging(BaseModel):
    limit: int = Field(25, ge=1, le=100, description="How many to return at most.")
    cursor: str = Field("", description="`next_cursor` of the page before; empty for the first page.")


class Page[T](BaseModel):
    items: list[T]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last one.")


def take[M: Model](rows: QuerySet[M], order: Sequence[str], paging: Paging) -> tuple[list[M], str | None]:
    """One page of `rows`, and the cursor of the next.

    `order` names columns as `order_by` does; together they are unique, so that what is added or removed meanwhile
    neither repeats nor hides a row.
    """
    if paging.cursor:
        rows = rows.filter(_after(rows.model, order, paging.cursor))
    found = list(rows.order_by(*order)[: paging.limit + 1])
    if len(found) <= paging.limit:
        return found, None
    page = found[: paging.limit]
    return page, _signer(rows.model, order).sign_object([_written(page[-1], name) for name in order])


def _after(model: type[Model], order: Sequence[str], cursor: str) -> Q:
    """(a, b) after (x, y): a after x, or a the same and b after y."""
    values = _values(model, order, cursor)
    first, *others = order
    after = Q(_beyond(first, values[0]))
    for number, name in enumerate(others, 1):
        same = {earlier.removeprefix("-"): value for earlier, value in zip(order, values[:number], strict=False)}
        after |= Q(_beyond(name, values[number]), **same)
    # Said apart, because an index can begin with it.
    return Q(_beyond(first, values[0], or_same=True)) & after


def _beyond(name: str, value: Any, *, or_same: bool = False) -> tuple[str, Any]:
    lookup = "lt" if name.startswith("-") else "gt"
    return f"{name.removeprefix('-')}__{lookup}{'e' if or_same else ''}", value


def _values(model: type[Model], order: Sequence[str], cursor: str) -> list[Any]:
    try:
        texts = _signer(model, order).unsign_object(cursor)
    except BadSignature as error:
        message = "This is no cursor of this list. Leave it out to begin with the first page."
        raise Refused(message, "invalid", {"cursor": message}) from error
    return [_column(model, name).to_python(text) for name, text in zip(order, texts, strict=True)]


def _signer(model: type[Model], order: Sequence[str]) -> Signer:
    """Signed, so that nothing but what we wrote is ever read; a cursor of another list does not fit."""
    return Signer(salt=f"cursor {model._meta.label} {' '.join(order)}")


def _written(row: Model, name: str) -> str:
    return str(_column(type(row), name).value_to_string(row))


def _column(model: type[Model], name: str) -> Any:
    return model._meta.get_field(name.removeprefix("-"))
