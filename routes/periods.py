"""The choice of a period on the pages of routes."""

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
    periods = [
        {"label": words, "url": "?" + urlencode({**kept, "days": key}), "current": key == days}
        for key, words in PERIODS.items()
    ]
    return {"days": days, "period": PERIODS[days], "periods": periods}
