"""The page of what agents used of models."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from builder.models import Purpose
from teams.access.permissions import TeamRequest, team_page
from web.format.amounts import money, short_number

from . import usage
from .usage import Amount

PERIODS = (7, 30, 90)
_USUAL = 30
_SHOWN = 100
_PURPOSES = {
    Purpose.WORK: "Work",
    Purpose.TRY: "Try it",
    Purpose.TEST: "Routing tests",
    Purpose.IMPACT: "Replays of changes",
}


@dataclass(frozen=True)
class Bar:
    """One day of the chart, in its coordinates: 10 wide, 100 high, from the top."""

    day: date
    amount: Amount
    words: str
    x: int
    y: float
    height: float


@require_GET
@team_page
def usage_page(request: TeamRequest) -> HttpResponse:
    days = _days(request.GET.get("days", ""))
    period = usage.last_days(request.team, days)
    by_day, agents = usage.by_day(request.team, period), usage.by_agent(request.team, period)
    total = usage.total(by_day.values())
    measure = request.GET.get("measure") or ("cost" if total.cost_usd else "tokens")
    drawn = bars(by_day, measure)
    context = {
        "subtitle": f"What agents used of models. Days are those of {request.team.time_zone}.",
        "days": days,
        "period": period,
        "measure": measure,
        "total": total,
        "figures": [
            ("Cost", "circle-dollar-sign", total.cost_words),
            ("Tokens", "text-initial", short_number(total.tokens)),
            ("Requests to models", "message-square", f"{total.requests:,}"),
            ("Runs", "activity", f"{total.runs:,}"),
        ],
        "bars": drawn,
        "is_flat": not any(bar.height for bar in drawn),
        "most": _words(max(by_day.values(), key=lambda amount: _value(amount, measure)), measure),
        "agents": list(agents.items())[:_SHOWN],
        "more": usage.total(list(agents.values())[_SHOWN:]) if len(agents) > _SHOWN else None,
        "more_agents": len(agents) - _SHOWN,
        "models": usage.by_model(request.team, period).items(),
        "purposes": [(_PURPOSES[kind], row) for kind, row in usage.by_purpose(request.team, period).items()],
        "periods": [_tab(f"{number} days", number, measure, number == days) for number in PERIODS],
        "measures": [
            _tab(label, days, name, name == measure) for name, label in (("cost", "Cost"), ("tokens", "Tokens"))
        ],
    }
    return render(request, "builder/usage.html", context)


def _days(wanted: str) -> int:
    return int(wanted) if wanted in map(str, PERIODS) else _USUAL


def _tab(label: str, days: int, measure: str, current: bool) -> dict[str, Any]:
    return {"label": label, "url": f"?days={days}&measure={measure}", "current": current}


def bars(by_day: dict[date, Amount], measure: str) -> list[Bar]:
    most = max((_value(amount, measure) for amount in by_day.values()), default=0) or 1
    return list(_bars(by_day.items(), measure, most))


def _bars(rows: Iterable[tuple[date, Amount]], measure: str, most: float) -> Iterable[Bar]:
    for number, (day, amount) in enumerate(rows):
        value = _value(amount, measure)
        # What is more than nothing can be seen.
        height = max(round(value / most * 100, 2), 1.0) if value else 0.0
        yield Bar(day, amount, _words(amount, measure), number * 10, 100 - height, height)


def _value(amount: Amount, measure: str) -> float:
    return float(amount.cost_usd) if measure == "cost" else amount.tokens


def _words(amount: Amount, measure: str) -> str:
    return money(amount.cost_usd) if measure == "cost" else f"{short_number(amount.tokens)} tokens"
