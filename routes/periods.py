"""The choice of a period on the pages of routes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.http import urlencode

PERIODS = {"1": "24 hours", "7": "7 days", "30": "30 days", "90": "90 days"}


def chosen(asked: QueryDict, usual: str) -> tuple[str, datetime]:
    """Return how many days are asked for, and since when that is."""
    days = asked.get("days", "")
    days = days if days in PERIODS else usual
    return days, timezone.now() - timedelta(days=int(days))


def context(asked: QueryDict, days: str) -> dict[str, Any]:
    """Return the choice of periods, which keeps the other parameters of the URL."""
    kept = {name: str(value) for name, value in asked.items() if name not in ("days", "cursor") and value}
    return {"days": days, "period": PERIODS[days], "periods": tabs(PERIODS, "days", days, kept)}


def tabs(periods: Mapping[str, str], name: str, chosen: str, kept: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the periods as tabs, whose addresses name them by the parameter `name`."""
    return [
        {"label": label, "url": "?" + urlencode({**kept, name: key}), "current": key == chosen}
        for key, label in periods.items()
    ]
