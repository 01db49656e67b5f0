"""What agents used of models: added up by day, and read by day, agent and model."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.db.models import Sum

from builder.models import Agent, Purpose, Usage
from data import rows
from teams.models import Team
from teams.settings import zones
from web.format.amounts import money

type By = Literal["day", "agent", "model", "purpose"]

_SLOTS = 8
_PURPOSES = tuple(Purpose)
_SUMS = ("runs", "requests", "input_tokens", "output_tokens", "cached_tokens", "cost_usd")
_UNPRICED = ("unpriced_runs", "unpriced_requests")


@dataclass(frozen=True)
class Amount:
    """`cost_usd` leaves out the requests to models without a known price, which `unpriced_…` count."""

    runs: int = 0
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    unpriced_runs: int = 0
    unpriced_requests: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def cost_words(self) -> str:
        if not self.unpriced_requests:
            return money(self.cost_usd)
        return f"over {money(self.cost_usd)}" if self.cost_usd else "unknown"


_COLUMNS = (*_SUMS, *_UNPRICED)
_DAY = "(statement_timestamp() at time zone 'utc' + make_interval(secs => %s))::date"
_ADD = f"""
    insert into builder_usage (team_id, agent_id, day, model, slot, purpose, {", ".join(_COLUMNS)})
    values (%s, %s, {_DAY}, %s, %s, %s, {", ".join(["%s"] * len(_COLUMNS))})
    on conflict (team_id, day, agent_id, model, slot)
    do update set {", ".join(f"{name} = builder_usage.{name} + excluded.{name}" for name in _COLUMNS)}
"""  # noqa: S608 - made of names written above


def add(agent: Agent, model: str, amount: Amount, purpose: Purpose = Purpose.WORK) -> None:
    """To what the agent, which comes with its team, used on the team's present day. Late in its transaction: anyone who
    else adds to the same row waits until it ends.
    """
    # Of the few processes that work at a time, two seldom have the same slot.
    slot = _PURPOSES.index(purpose) * _SLOTS + os.getpid() % _SLOTS
    # The database's clock says when, and not its list of zones: it might not know all that we do.
    ahead = zones.seconds_from_utc(agent.team.time_zone)
    sums = [getattr(amount, name) for name in _COLUMNS]
    rows.write(_ADD, [agent.team_id, agent.pk, ahead, model[:100], slot, purpose, *sums])


# --- Reading ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Period:
    """Days of a team, the first and the last one included."""

    first: date
    last: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def last_days(team: Team, days: int) -> Period:
    """Return today and the days before it, that many in all."""
    today = zones.today(team.time_zone)
    return Period(today - timedelta(days=days - 1), today)


def by_day(team: Team, period: Period, purpose: Purpose | None = None) -> dict[date, Amount]:
    """Return the usage of every day of the period, by date."""
    found = _summed(team, period, "day", purpose)
    return {day: found.get(day, Amount()) for day in period.days}


def by_model(team: Team, period: Period, purpose: Purpose | None = None) -> dict[str, Amount]:
    """The most expensive first."""
    return _most_expensive_first(_summed(team, period, "model", purpose))


def by_purpose(team: Team, period: Period) -> dict[Purpose, Amount]:
    """Return what the runs were for, in the order of `Purpose`; those that used something."""
    found = _summed(team, period, "purpose")
    return {purpose: found[purpose] for purpose in Purpose if purpose in found}


def by_agent(team: Team, period: Period, purpose: Purpose | None = None) -> dict[Agent, Amount]:
    """The most expensive first; deleted agents too."""
    found = _most_expensive_first(_summed(team, period, "agent", purpose))
    agents = Agent.objects.filter(team=team).in_bulk(found)
    return {agents[pk]: amount for pk, amount in found.items()}


def of_agent(agent: Agent, period: Period) -> Amount:
    # Each day by name, so that each is one look into the index.
    found = Usage.objects.filter(team=agent.team_id, agent=agent, day__in=period.days)
    return total(Amount(**row) for row in found.values(*_COLUMNS))


def total(amounts: Iterable[Amount]) -> Amount:
    all_of_them = list(amounts)
    return Amount(**{name: sum(getattr(one, name) for one in all_of_them) for name in _COLUMNS})


# Tests and impacts have a daily budget of their own.
_OF_WORK = (Purpose.WORK, Purpose.TRY)


def spent_today(teams: Iterable[Team], purposes: Iterable[Purpose] = _OF_WORK) -> dict[tuple[UUID, UUID], Decimal]:
    """Return US dollars spent today by team and agent."""
    days = {team.pk: zones.today(team.time_zone) for team in teams}
    of_teams = Usage.objects.filter(team__in=days, day__in=set(days.values()), purpose__in=list(purposes))
    found = of_teams.values_list("team_id", "day", "agent_id")
    return {
        (team, agent): cost
        for team, day, agent, cost in found.annotate(Sum("cost_usd")).order_by()
        if day == days[team]
    }


def _summed(team: Team, period: Period, by: By, purpose: Purpose | None = None) -> dict[Any, Amount]:
    of_days = Usage.objects.filter(team=team, day__range=(period.first, period.last))
    found = (of_days.filter(purpose=purpose) if purpose else of_days).values(by)
    summed = found.annotate(**{f"sum_{name}": Sum(name) for name in _COLUMNS}).order_by()
    return {row[by]: Amount(**{name: row[f"sum_{name}"] for name in _COLUMNS}) for row in summed}


def _most_expensive_first[K](found: dict[K, Amount]) -> dict[K, Amount]:
    return dict(sorted(found.items(), key=lambda row: (row[1].cost_usd, row[1].tokens, row[1].requests), reverse=True))
