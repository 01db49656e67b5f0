"""Ids of rows."""

import uuid
from datetime import datetime

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A time-ordered id (UUID version 7): new rows are next to each other in their indexes."""
    return uuid7()


def first_id_at(moment: datetime) -> uuid.UUID:
    """The lowest id that can be made at the moment or later, so that an index of ids finds what is that new."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def parse_uuid(text: str) -> uuid.UUID | None:
    """The id that the text spells, or None if it spells none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
