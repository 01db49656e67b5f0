"""Time zones: the names that people choose among, and what time it is there."""

import importlib.resources
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils import timezone

from data.errors import Refused
from data.redis import bell
from teams.access import live
from teams.audit import audit
from teams.models import Team

DEFAULT = "UTC"


@cache
def names() -> tuple[str, ...]:
    """The canonical names, UTC first: one for each place that the time zone database keeps, without its aliases."""
    lines = _data("zone.tab").splitlines()
    return (DEFAULT, *sorted({line.split("\t")[2] for line in lines if line and not line.startswith("#")}))


@cache
def _canonical() -> dict[str, str]:
    """The canonical name of each name, alias and city, by its small letters."""
    found = {name.casefold(): name for name in names()}
    links = [line.split() for line in _data("tzdata.zi").splitlines() if line.startswith("L ")]
    for _, target, alias in links:
        if target in ("Etc/UTC", "Etc/GMT"):
            target = DEFAULT  # noqa: PLW2901
        if target.casefold() in found:
            found.setdefault(alias.casefold(), found[target.casefold()])
    found |= {"etc/utc": DEFAULT, "etc/gmt": DEFAULT}
    cities = Counter(name.rpartition("/")[2] for name in names())
    for name in names():
        if cities[city := name.rpartition("/")[2]] == 1:
            found.setdefault(city.casefold(), name)
    return found


def _data(name: str) -> str:
    # That of the package, so that every machine knows the same names.
    return (importlib.resources.files("tzdata") / "zoneinfo" / name).read_text(encoding="utf-8")


def check(name: str) -> str:
    """The name, if it is canonical. Else Refused, with the name that is meant where that is known."""
    if name in names():
        return name
    raise _unknown(f"“{name[:60]}” is not the canonical name of a time zone. Use {meant(name)}.")


def meant(name: str) -> str:
    """The canonical name for one in other letters, with blanks, for an alias or a city. Else Refused."""
    found = _canonical().get("_".join(name.split()).casefold())
    if found is None:
        raise _unknown("Enter the canonical name of an IANA time zone, such as Europe/Berlin.")
    return found


def _unknown(message: str) -> Refused:
    return Refused(message, "invalid", {"time_zone": message})


def zone(name: str) -> ZoneInfo:
    """The zone of a name that was checked when it was saved. UTC where this machine does not know it any more."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(DEFAULT)


def now(name: str) -> datetime:
    return timezone.now().astimezone(zone(name))


def today(name: str) -> date:
    return now(name).date()


def seconds_from_utc(name: str) -> float:
    """Return how far the clocks of the zone are ahead now."""
    offset = datetime.now(UTC).astimezone(zone(name)).utcoffset()
    return offset.total_seconds() if offset else 0.0


def in_words(moment: datetime, name: str) -> str:
    """`Monday, 30 November 2026, 21:05 (Europe/Berlin, UTC+01:00)`"""
    here = moment.astimezone(zone(name))
    place = name if name == DEFAULT else f"{name}, {here:UTC%:z}"
    return f"{here:%A}, {here.day} {here:%B %Y, %H:%M} ({place})"


@transaction.atomic
def change_zone(team: Team, name: str) -> None:
    """For what happens from now on: days that are over keep what was added up in them."""
    before = Team.objects.select_for_update(no_key=True).get(pk=team.pk).time_zone
    team.time_zone = check(name)
    Team.objects.filter(pk=team.pk).update(time_zone=name)
    if change := audit.changes([("Time zone", before, name)]):
        audit.record(team.pk, "settings_changed", "General", change)
    live.announce(team.pk, "team", team.pk)
    bell.ring()  # a budget may have another day now
