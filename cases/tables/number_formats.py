"""What a number in a workbook stands for, by the format it is shown with: a number, a date, a time or a duration."""

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from functools import lru_cache
from math import isfinite

from .tables import Cell


class Format(Enum):
    """How a number is shown. `PADDED`: with leading zeros, as postal codes are."""

    NUMBER = auto()
    PADDED = auto()
    DATE = auto()
    TIME = auto()
    DURATION = auto()


# The formats that a workbook need not spell out; 27 to 36 and 50 to 58 are dates of East Asia.
_BUILT_IN = {
    **dict.fromkeys([14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58], "d/m/y"),
    **dict.fromkeys([18, 19, 20, 21, 32, 33, 34, 35, 45, 55, 56], "h:mm:ss"),
    22: "d/m/y h:mm",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
}
_CODE_LENGTH = 255  # Excel's own limit
_SHOWN_DIGITS = 15  # of a fraction; spreadsheets count no further
# Beyond these, digits are not written out.
_LARGEST, _SMALLEST = 21, -15
_SECONDS = 86_400
_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.')
_MERIDIEM = re.compile("am/pm|a/p|上午/下午|午前/午後|오전/오후")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]")
# No one shows a moment of a later year than 1900 as a duration; a smaller number is a time of no day.
_A_YEAR = 366


@lru_cache(maxsize=2000)
def format_of(code: str) -> Format:
    """Return the format of a code such as `#,##0.00`, `yyyy-mm-dd` or `[h]:mm`."""
    sections = _LITERALS.sub("", code[:_CODE_LENGTH].lower()).split(";")
    shown = next((section for section in sections if re.sub(r"\[[^\]]*\]", "", section).strip()), "")
    if _ELAPSED.search(shown):
        return Format.DURATION
    letters = _MERIDIEM.sub("h", re.sub(r"\[[^\]]*\]|general|standard", "", shown))
    if not re.search("[dmyhsg]", letters):
        return Format.PADDED if re.fullmatch("0{2,}", letters.strip()) else Format.NUMBER
    has_clock = bool(re.search("[hs]", letters))
    return Format.TIME if has_clock and not re.search("[dygj]|e|mmm", letters) else Format.DATE


def built_in(number: int) -> str:
    return _BUILT_IN.get(number, "")


def read_number(text: str, code: str, from_1904: bool) -> Cell:
    """Return what a person sees in the cell, without decoration. `text` is the number as the file writes it."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return text
    if not isfinite(float(number)):
        return text
    shown = format_of(code)
    if shown is Format.PADDED and number >= 0 and number == number.to_integral_value() and number.adjusted() < _LARGEST:
        return str(int(number)).zfill(len(re.findall("0", code)))
    if shown in (Format.NUMBER, Format.PADDED):
        return plain(number)
    return _on_the_clock(number, code, shown, from_1904)


def plain(number: Decimal) -> int | float:
    """All digits of a whole number, such as that of a card; of a fraction those that spreadsheets show, so that
    0.1 + 0.2 is 0.3.
    """
    if number.adjusted() >= _LARGEST:
        return float(number)
    if number != (whole := number.to_integral_value()):
        number = Decimal(f"{number:.{max(_SHOWN_DIGITS, number.adjusted() + 1)}g}")
        whole = number.to_integral_value()
    return int(whole) if number == whole else float(number)


def in_digits(number: float) -> str:
    """Return digits such as `0.00001`, where Python writes 1e-05."""
    text = repr(number)
    return f"{Decimal(text):f}" if "e" in text and _SMALLEST < Decimal(text).adjusted() < _LARGEST else text


# --- Dates and times -------------------------------------------------------------------------


def serial_of(text: str, from_1904: bool) -> str | None:
    """Return the number of days that a text such as `2026-11-22T14:05:00` or `14:05:00` stands for, or None."""
    try:
        moment = datetime.fromisoformat(f"1899-12-31T{text}" if re.match(r"\d\d:", text) else text).replace(tzinfo=None)
    except ValueError:
        return None
    if moment.year < 1900:  # a time of no day
        return repr((moment - datetime(1899, 12, 31)) / timedelta(days=1) % 1)  # noqa: DTZ001
    epoch = _epoch(from_1904, 60 if moment >= datetime(1900, 3, 1) else 0)  # noqa: DTZ001
    return repr((moment - epoch) / timedelta(days=1))


def _epoch(from_1904: bool, serial: Decimal | int) -> datetime:
    """The day 0. The first spreadsheets believed in a 29 February 1900; none of them knows time zones."""
    return datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 31 - (serial >= 60))  # noqa: DTZ001


def _on_the_clock(number: Decimal, code: str, shown: Format, from_1904: bool) -> Cell:
    """Return `2026-11-22`, `2026-11-22T14:05:00`, `14:05:00`, or `25:30:00` for a duration."""
    if abs(number) > 10_000_000:
        return plain(number)
    moment = timedelta(milliseconds=round(number * _SECONDS * 1000))
    if not re.search(r"s\]?\.0", code.lower()):  # the last digits of a fraction are noise
        moment = timedelta(seconds=round(number * _SECONDS))
    if shown is Format.DURATION or (shown is Format.TIME and number < 0):
        return _duration(moment)
    if shown is Format.TIME and number < _A_YEAR:
        return _duration(moment % timedelta(days=1))
    if 0 < number < 1 and not from_1904 and moment < timedelta(days=1):
        return _duration(moment)
    return _date(moment, number, from_1904)


def _date(moment: timedelta, number: Decimal, from_1904: bool) -> Cell:
    """Return the date; a number that no calendar shows stays a number."""
    try:
        at = _epoch(from_1904, number) + moment
    except OverflowError:
        return plain(number)
    if number < 0 or (number == 0 and not from_1904):
        return plain(number)
    return at.date().isoformat() if at.time() == datetime.min.time() else _short(at.isoformat())


def _duration(moment: timedelta) -> str:
    sign, moment = ("-", -moment) if moment < timedelta(0) else ("", moment)
    seconds = moment // timedelta(seconds=1)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return _short(f"{text}.{moment.microseconds:06}") if moment.microseconds else text


def _short(text: str) -> str:
    return text.rstrip("0") if "." in text else text
