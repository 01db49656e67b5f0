"""The goals of a queue: how soon someone starts on a case, and how soon it is closed, in working hours."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cases.models import Queue
from data.errors import Refused
from teams.groups import hours
from teams.groups.groups import MOST_HOURS
from teams.models import Group

GOAL_NAMES = {"first_look": "First look", "done": "Done"}
MOST_MINUTES = MOST_HOURS * 60


@dataclass(frozen=True)
class Goals:
    """The goals of a queue, in working minutes of the group `hours_of`, or around the clock without one. None: no such
    goal.
    """

    first_look_minutes: int | None = None
    done_minutes: int | None = None
    hours_of: Group | None = None


def goals_of(queue: Queue) -> Goals:
    return Goals(queue.first_look_minutes, queue.done_minutes, queue.hours_of)


def set_goals(queue: Queue, goals: Goals) -> None:
    """Set them on the row, which the caller saves. Cases that are there already keep their times."""
    wanted = {"first_look_minutes": goals.first_look_minutes, "done_minutes": goals.done_minutes}
    wrong = {name: f"Between 1 and {MOST_MINUTES:,}." for name, value in wanted.items() if not _fits(value)}
    if wrong:
        raise Refused(f"Choose between 1 minute and {MOST_HOURS:,} hours.", "invalid", wrong)
    queue.first_look_minutes, queue.done_minutes = goals.first_look_minutes, goals.done_minutes
    queue.hours_of = goals.hours_of


def _fits(minutes: int | None) -> bool:
    return minutes is None or 1 <= minutes <= MOST_MINUTES


def due(queue: Queue, minutes: int | None, start: datetime) -> datetime | None:
    """Return when so many working minutes will have passed since `start`."""
    if minutes is None:
        return None
    return hours.due_at(start, minutes / 60, openings_of(queue), zone_of(queue))


def openings_of(queue: Queue) -> list[hours.Opening]:
    return hours.OPENINGS.validate_python(queue.hours_of.hours) if queue.hours_of else []


def zone_of(queue: Queue) -> ZoneInfo:
    return queue.hours_of.zone if queue.hours_of else ZoneInfo("UTC")


def in_words(queue: Queue) -> str:
    """“First look within 30 min, done within 8 hours, in the working hours of Finance.”; empty without goals."""
    named = [("first look within", queue.first_look_minutes), ("done within", queue.done_minutes)]
    said = [f"{words} {amount(minutes)}" for words, minutes in named if minutes is not None]
    if not said:
        return ""
    when = f", in the working hours of {queue.hours_of}" if queue.hours_of else ""
    text = f"{', '.join(said)}{when}."
    return text[0].upper() + text[1:]


def amount(minutes: int) -> str:
    """Return working minutes in words, such as “90 min” or “4 hours”."""
    hours_of_it = minutes // 60
    return f"{minutes} min" if minutes % 60 else f"{hours_of_it} hour{'' if hours_of_it == 1 else 's'}"
