"""Working hours: when a group works, and how much of its time has passed. Pure.

All times of day are those of the group's zone, so a working day keeps its hours when the clocks change.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
_MIDNIGHT = "24:00"
# How far ahead a due time is looked for: beyond, a group hardly ever works.
_HORIZON = timedelta(days=3660)


def _time(text: str) -> str:
    if text != _MIDNIGHT:
        time.fromisoformat(text)
    return text


TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"), AfterValidator(_time)]


class Opening(BaseModel):
    """From one time of day to a later one, on each of the days; `24:00` is the end of the day."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    days: Annotated[list[Day], Field(min_length=1, max_length=7)]
    start: Annotated[TimeOfDay, Field(alias="from")]
    end: Annotated[TimeOfDay, Field(alias="to")]

    @model_validator(mode="after")
    def _in_order(self) -> "Opening":
        if self.start >= self.end:
            raise ValueError("The hours must end after they begin. For a night, add two: until 24:00, and from 00:00.")
        if len(set(self.days)) < len(self.days):
            raise ValueError("Name each day once.")
        return self


OPENINGS: TypeAdapter[list[Opening]] = TypeAdapter(list[Opening])


def is_open(at: datetime, openings: Sequence[Opening], zone: ZoneInfo) -> bool:
    """Return whether the group works at that moment. Without any hours it always does."""
    if not openings:
        return True
    first, _ = next(_from(at, openings, zone), (None, None))
    return first is not None and first <= at


def due_at(start: datetime, hours: float, openings: Sequence[Opening], zone: ZoneInfo) -> datetime:
    """When so many working hours have passed since `start`; at most ten years later."""
    left = timedelta(hours=hours)
    if not openings:
        return start + left
    for opens, closes in _from(start, openings, zone):
        begins = max(opens, start)
        if closes - begins >= left:
            return begins + left
        left -= closes - begins
    return start + _HORIZON


def worked(start: datetime, end: datetime, openings: Sequence[Opening], zone: ZoneInfo) -> timedelta:
    """Return how much of the time between the two moments was working time."""
    if not openings:
        return max(end - start, timedelta())
    total = timedelta()
    for opens, closes in _from(start, openings, zone):
        if opens >= end:
            break
        total += min(closes, end) - max(opens, start)
    return total


def _from(start: datetime, openings: Sequence[Opening], zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The spans of working time that end after `start`, in order and without overlaps, in UTC."""
    start = start.astimezone(UTC)  # within one zone Python would count by the clock on the wall
    day = start.astimezone(zone).date()
    for ahead in range(_HORIZON.days):
        for opens, closes in _spans(day + timedelta(days=ahead), openings, zone):
            if closes > start:
                yield opens, closes


def _spans(day: date, openings: Sequence[Opening], zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    of_day = sorted((one.start, one.end) for one in openings if DAYS[day.weekday()] in one.days)
    joined: list[list[str]] = []
    for opens, closes in of_day:
        if joined and opens <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], closes)
        else:
            joined.append([opens, closes])
    return [(_moment(day, opens, zone), _moment(day, closes, zone)) for opens, closes in joined]


def _moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    if text == _MIDNIGHT:
        return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
