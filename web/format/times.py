"""Times in words. static/js/live-time.js says the same as `ago`, so that a page left open stays true."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone


def zone_of(request: HttpRequest) -> tzinfo:
    """The person's time zone, as static/js/time-zone.js tells it."""
    try:
        return ZoneInfo(request.COOKIES.get("zone", "UTC"))
    except (KeyError, ValueError, OSError):
        return UTC


def ago(moment: datetime, now: datetime | None = None) -> str:
    """`just now`, `3 min ago`, `in 2 h`, `5 d ago`; from a week on the date."""
    now = now or timezone.now()
    seconds = int((now - moment).total_seconds())
    distance = abs(seconds)
    if distance < 45:
        return "just now" if seconds >= 0 else "in a moment"
    if distance >= 7 * 86400:
        return f"{moment.day} {moment:%b}" if moment.year == now.year else f"{moment.day} {moment:%b %Y}"
    if distance < 3570:
        words = f"{max(1, int(distance / 60 + 0.5))} min"
    elif distance < 86400 - 1800:
        words = f"{max(1, int(distance / 3600 + 0.5))} h"
    else:
        words = f"{max(1, int(distance / 86400 + 0.5))} d"
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def exact(moment: datetime) -> str:
    """`22 Nov 2026, 15:47:12 UTC`"""
    here = timezone.localtime(moment)
    return f"{here.day} {here:%b %Y, %H:%M:%S %Z}"


def duration(length: timedelta | float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`"""
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for size, name, smaller, smaller_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def elapsed(moment: datetime, now: datetime | None = None) -> str:
    """Return how far a moment is from now, in whole seconds: `4 s`, `1 min 5 s`. static/js/live-duration.js says the
    same.
    """
    seconds = abs(((now or timezone.now()) - moment).total_seconds())
    return f"{int(seconds)} s" if seconds < 60 else duration(int(seconds))


def clock(moment: datetime) -> str:
    """`14:02`, or `21 Nov, 14:02` of another day."""
    here, today = timezone.localtime(moment), timezone.localtime()
    return f"{here:%H:%M}" if here.date() == today.date() else f"{here.day} {here:%b, %H:%M}"
