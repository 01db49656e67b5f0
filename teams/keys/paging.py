"""Lists of the API: a page at a time, with an opaque cursor to the next one."""

from collections.abc import Sequence

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from pydantic import BaseModel, Field

from data.errors import Refused
from web.http.paging import page


class Paging(BaseModel):
    limit: int = Field(25, ge=1, le=100, description="How many to return at most.")
    cursor: str = Field(
        "",
        description="`next_cursor` of the page before; empty for the first page.",
        json_schema_extra={"pattern": "^([A-Za-z0-9_-]+:[A-Za-z0-9_-]+)?$", "maxLength": 1000},
    )


class Page[T](BaseModel):
    items: list[T]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last one.")


def paginate[M: Model](
    rows: QuerySet[M], order: Sequence[str], paging: Paging, split: Sequence[Q] = ()
) -> tuple[list[M], str | None]:
    """Return one page of `rows`, and the cursor of the next. For `order` and `split` see `paging.page`."""
    # Signed, so that nothing is read but what we wrote; a cursor of another list does not fit.
    signer = Signer(salt=f"cursor {rows.model._meta.label} {' '.join(order)}")
    try:
        cursor = signer.unsign(paging.cursor) if paging.cursor else ""
    except BadSignature as error:
        message = "Invalid cursor. Leave it out to start with the first page."
        raise Refused(message, "invalid", {"cursor": message}) from error
    found = page(rows, order, cursor, paging.limit, split)
    return found.rows, signer.sign(found.older) if found.older else None
