"""Moments: a time as a model writes it, to a date and time. Pure: knows no team and no run.

Libraries that read times from prose (dateparser, parsedatetime) guess whether 5/6 is in May, and read no `PT2H`. A case
that sleeps until the wrong day is worse than a call that is refused, so only what has one meaning is read here.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from pydantic import TypeAdapter, ValidationError

HINT = "say a time from now such as 30m, 2h or 1 day, a day such as tomorrow 9:00, or a date and time in ISO 8601"

_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("fortnight", "fortnights"), timedelta(weeks=2)),
}
_MONTHS_LONG = {"mo": 1, "mos": 1, "month": 1, "months": 1, "y": 12, "yr": 12, "year": 12, "years": 12}
_NUMBERS = {
    **{"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0},
    **{"eight": 8.0, "nine": 9.0, "ten": 10.0, "eleven": 11.0, "twelve": 12.0, "a couple of": 2.0},
    **{"half": 0.5, "half a": 0.5, "half an": 0.5},
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_HOURS = {"midnight": 0, "morning": 9, "noon": 12, "midday": 12, "afternoon": 14, "evening": 18, "night": 20}

_PIECE = re.compile(
    rf"(?:(\d{{1,6}}(?:\.\d{{1,3}})?)\s*|({'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\s+)([a-z]+)"
    r"(?:\s*(?:,|and)\s*|\s+|(?=\d)|$)"
)
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?\s*(am|pm|a\.m\.|p\.m\.)?(?:\s*(?:o'clock|uhr))?")
_ISO = TypeAdapter(timedelta)


def moment(text: str, here: datetime) -> datetime:
    """Return when `text` is, told at `here` on the clocks of its zone. Raise ValueError, with a hint, where nobody
    could say.
    """
    words = _words(text)
    for read in (_iso, _iso_duration, _from_now, _by_day):
        if found := read(words, here):
            return found
    raise ValueError(HINT)


def _words(text: str) -> str:
    folded = " ".join(unicodedata.normalize("NFKC", text).replace("\u2019", "'").split())
    return folded.strip(" .,;\"'`").removeprefix("until ").removeprefix("till ")


def _iso(text: str, here: datetime) -> datetime | None:
    """Return the moment in ISO 8601. Without an offset it is on the clocks of `here`, unless a zone is named behind
    it.
    """
    stamp, zone = _zone(text, here)
    try:
        found = datetime.fromisoformat(stamp.upper())
    except ValueError:
        return None
    # A number alone, such as 20261201, might be anything.
    return None if stamp.isdigit() else found if found.tzinfo else found.replace(tzinfo=zone)


def _zone(text: str, here: datetime) -> tuple[str, tzinfo | None]:
    stamp, _, name = re.sub(r"[\[(]([\w/+-]+)[\])]$", r" \1", text).rpartition(" ")
    if "/" in name and name in available_timezones():
        return stamp.strip(), ZoneInfo(name)
    if name.casefold() in ("utc", "gmt", "z"):
        return stamp.strip(), UTC
    return text, here.tzinfo


def _iso_duration(text: str, here: datetime) -> datetime | None:
    if not re.fullmatch(r"\+?p[\dtymwdhs.,]+", text, re.IGNORECASE):
        return None
    if months := re.fullmatch(r"\+?p(\d{1,3})([my])", text, re.IGNORECASE):
        return _months_on(here, int(months[1]) * (12 if months[2].lower() == "y" else 1))
    try:
        return _on(here, _ISO.validate_python(text.upper().replace(",", ".")))
    except (ValidationError, OverflowError):
        return None


def _from_now(text: str, here: datetime) -> datetime | None:
    words = re.sub(r"^(?:in|after|for|\+)\s*|\s*(?:from now|later|hence)$|^about ", "", text.casefold()).strip()
    words = re.sub(r"^next (?=week$|month$|year$)", "1 ", words)
    found: datetime | None = here
    at = 0
    try:
        while found and at < len(words):
            piece = _PIECE.match(words, at)
            if piece is None or piece.end() == at:
                return None
            number = float(piece[1]) if piece[1] else _NUMBERS[piece[2]]
            if piece[3] in _UNITS:
                # Along the clock of the world: a day is 24 hours, also when the clocks change.
                found = _on(found, _UNITS[piece[3]] * number)
            elif piece[3] in _MONTHS_LONG and number.is_integer():
                found = _months_on(found, int(number) * _MONTHS_LONG[piece[3]])
            else:
                return None
            at = piece.end()
    except OverflowError:
        return None
    return found if at else None


def _on(here: datetime, length: timedelta) -> datetime:
    return (here.astimezone(UTC) + length).astimezone(here.tzinfo)


def _months_on(here: datetime, months: int) -> datetime | None:
    """The same day of a later month, or its last one."""
    count = here.year * 12 + here.month - 1 + months
    for day in range(here.day, 27, -1) if here.day > 28 else [here.day]:
        try:
            return here.replace(year=count // 12, month=count % 12 + 1, day=day)
        except ValueError:
            continue
    return None


# --- Days and clocks -------------------------------------------------------------------------


def _by_day(text: str, here: datetime) -> datetime | None:
    """`tomorrow`, `monday 9:00`, `9am on 1 December`, `17:30`. A day alone begins at midnight; only tomorrow, which is
    said of the present hour, keeps it."""
    stamp, zone = _zone(text, here)
    words, here = stamp.casefold(), here.astimezone(zone)
    for day_words, clock_words in _split(words):
        clock = _clock(clock_words) if clock_words else None
        if clock_words and clock is None:
            continue
        if not day_words:
            return _next_at(here, clock) if clock else None
        if day := _day(day_words, here):
            named = here.time() if day_words in ("tomorrow", "day after tomorrow") else time()
            return datetime.combine(day, clock or named, here.tzinfo)
    return None


def _split(words: str) -> list[tuple[str, str]]:
    """Return what may be a day, and what a time of it."""
    words = re.sub(r"^(?:(?:on|by|this|next|coming|the|at)\s+)+", "", words.replace("tonight", "today night"))
    found = [(words, ""), ("", words)]
    if match := re.fullmatch(r"(.+?),?\s+(?:in the |at )?(\S+(?:\s+(?:[ap]\.?m\.?|o'clock|uhr))?)", words):
        found.append((match[1], match[2]))
    if match := re.fullmatch(r"(\S+(?:\s+[ap]\.?m\.?)?),?\s+(?:on |next |this )*(.+)", words):
        found.append((match[2], match[1]))
    return found


def _clock(words: str) -> time | None:
    if words in _HOURS:
        return time(_HOURS[words])
    match = _CLOCK.fullmatch(words)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "")[:1]
    if half and not 1 <= hour <= 12:
        return None
    try:
        return time(hour % 12 + 12 * (half == "p") if half else hour, minute)
    except ValueError:
        return None


def _next_at(here: datetime, clock: time) -> datetime | None:
    today = datetime.combine(here.date(), clock, here.tzinfo)
    return today if today > here else datetime.combine(here.date() + timedelta(days=1), clock, here.tzinfo)


def _day(words: str, here: datetime) -> date | None:
    today = here.date()
    match words:
        case "today":
            return today
        case "tomorrow":
            return today + timedelta(days=1)
        case "day after tomorrow":
            return today + timedelta(days=2)
    for number, name in enumerate(_DAYS):
        if words in (name, name[:3], name[:4], f"{name[:3]}."):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return _date(words, today)


def _date(words: str, today: date) -> date | None:
    """Written so that it has one meaning: `2026-12-01`, `2026/12/1`, `1.12.2026`, `1 December`, `Dec 1st, 2026`."""
    words = re.sub(r"(\d)(?:st|nd|rd|th)\b", r"\1", words)
    if match := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", words):
        return _checked(match[1], match[2], match[3])
    if match := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", words):
        return _checked(match[3], match[2], match[1])
    match = re.fullmatch(r"(?P<day>\d{1,2})\.?\s(?:of )?(?P<month>[a-z]{3,9})\.?(?:,?\s(?P<year>\d{4}))?", words)
    match = match or re.fullmatch(r"(?P<month>[a-z]{3,9})\.?\s(?P<day>\d{1,2})(?:,?\s(?P<year>\d{4}))?", words)
    if match is None or match["month"][:3] not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"][:3]) + 1
    found = _checked(match["year"] or today.year, month, match["day"])
    is_over = found is not None and not match["year"] and found < today
    return _checked(today.year + 1, month, match["day"]) if is_over else found


def _checked(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
