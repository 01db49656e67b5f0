"""What limits an agent: the budget of its runs, and what may be spent in a day."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from builder.models import Agent
from data.redis import bell
from teams.access import live
from teams.audit import audit
from teams.models import Team
from teams.settings.budgets import Budget, defaults, differences
from web.format.amounts import money

from . import usage

_IN_SETTINGS = "in Settings, under Budgets"


@dataclass(frozen=True)
class Limit:
    """`where` it can be raised."""

    amount: float
    where: str


def limit(agent: Agent, kind: str) -> Limit | None:
    """The nearest word on what a run of the agent may use: its own, its team's, the settings'. None: no limit."""
    if own := agent.budget.get(kind):
        return Limit(own, f"on the page of {agent.name}, under Budget")
    amount = agent.team.budget.get(kind) or defaults().get(kind)
    return Limit(amount, _IN_SETTINGS) if amount else None


def inherited(team: Team) -> dict[str, float | None]:
    """Return what holds for an agent of the team that sets no limits of its own."""
    return {**defaults(), **team.budget, "usd_per_day": None}


@transaction.atomic
def change_budget(agent: Agent, budget: Budget) -> None:
    """Change a budget from now on; a run in progress notices when it is taken up again."""
    before = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk).budget
    Agent.objects.filter(pk=agent.pk).update(budget=budget.model_dump(exclude_none=True))
    if change := differences(before, budget):
        audit.record(agent.team_id, "agent_changed", agent, change)
    live.announce(agent.team_id, "agent", agent.pk)
    bell.ring()  # what the old limit blocked may start now


# --- A day's spending ------------------------------------------------------------------------


@dataclass(frozen=True)
class Overspent:
    """Why an agent starts nothing new today, and what helps. `of_team`: it is its team that has spent too much."""

    words: str
    help: str
    of_team: bool


def overspent(agents: Iterable[Agent]) -> dict[UUID, Overspent]:
    """Those that start nothing new today, as they or their team have spent what they may. They come with their team."""
    limited = [agent for agent in agents if agent.budget.get("usd_per_day") or agent.team.budget.get("usd_per_day")]
    if not limited:
        return {}
    spent = usage.spent_today(agent.team for agent in limited)
    of_team: dict[UUID, Decimal] = defaultdict(Decimal)
    for (team_id, _), dollars in spent.items():
        of_team[team_id] += dollars
    found = {}
    for agent in limited:
        own, team = spent.get((agent.team_id, agent.pk), Decimal(0)), of_team[agent.team_id]
        if (most := _per_day(agent.budget)) and own >= most:
            found[agent.pk] = _overspent(agent, agent.name, own, most, f"on the page of {agent.name}")
        elif (most := _per_day(agent.team.budget)) and team >= most:
            found[agent.pk] = _overspent(agent, "the team", team, most, "in Settings", of_team=True)
    return found


def _per_day(budget: dict[str, float]) -> Decimal:
    return Decimal(str(budget.get("usd_per_day", 0)))


def _overspent(
    agent: Agent, who: str, spent: Decimal, most: Decimal, where: str, *, of_team: bool = False
) -> Overspent:
    return Overspent(
        f"{who} has spent {money(spent)} today, of {money(most)} a day",
        f"Work goes on at midnight {agent.team.time_zone}, or when someone raises the limit {where}.",
        of_team,
    )
