"""The API of what agents used of models."""

from datetime import date, timedelta
from typing import Annotated

from ninja import Query, Router
from pydantic import BaseModel, Field

from builder.models import Purpose
from data.errors import Refused
from teams.keys.api import KeyRequest, Named
from teams.keys.fields import Day
from teams.models import Team
from teams.settings import zones

from . import usage
from .usage import Amount, By, Period

router = Router(tags=["Usage"])

_LONGEST = 366


class UsageAmount(BaseModel):
    runs: Annotated[int, Field(description="Counted once: on the day and at the model of its first answer.")]
    requests: Annotated[int, Field(description="To models, that were answered.")]
    input_tokens: int
    output_tokens: int
    cached_tokens: Annotated[int, Field(description="Of the tokens in, those that the provider had kept.")]
    cost_usd: Annotated[float, Field(description="Without the requests to models whose price is not known.")]
    unpriced_runs: Annotated[int, Field(description="Runs with requests to models whose price is not known.")]
    unpriced_requests: Annotated[int, Field(description="Requests to models whose price is not known.")]


class UsageRow(UsageAmount):
    """Only one of `day`, `agent`, `model` and `purpose` is there: what was asked for."""

    day: date | None = None
    agent: Named | None = None
    model: str | None = None
    purpose: Purpose | None = None


class UsageOut(BaseModel):
    first: Annotated[date, Field(serialization_alias="from", description="Days are days of the team.")]
    to: Annotated[date, Field(description="Included.")]
    by: By
    items: Annotated[list[UsageRow], Field(description="Days in their order, without leaving any out; else by cost.")]
    total: UsageAmount


class UsageFilters(BaseModel):
    first: Day | None = Field(None, alias="from", description="30 days with `to`, if left out.")
    to: Day | None = Field(None, description="Included; today, in the time zone of the team, if left out.")
    by: By = "day"
    purpose: Purpose | None = Field(None, description="What the runs were for; all of them, if left out.")


@router.get("/usage", response=UsageOut, by_alias=True, summary="What agents used of models")
def get_usage(request: KeyRequest, filters: Query[UsageFilters]) -> UsageOut:
    """Tokens and cost by day, agent or model. At most 366 days at once."""
    team, purpose = request.auth.team, filters.purpose
    period = _period(team, filters)
    match filters.by:
        case "day":
            items = [UsageRow(day=day, **_used(amount)) for day, amount in usage.by_day(team, period, purpose).items()]
        case "agent":
            rows = usage.by_agent(team, period, purpose).items()
            items = [UsageRow(agent=Named(id=agent.pk, name=agent.name), **_used(amount)) for agent, amount in rows]
        case "model":
            models = usage.by_model(team, period, purpose).items()
            items = [UsageRow(model=model, **_used(amount)) for model, amount in models]
        case "purpose":
            purposes = usage.by_purpose(team, period).items()
            rows_of = [(kind, amount) for kind, amount in purposes if purpose in (None, kind)]
            items = [UsageRow(purpose=kind, **_used(amount)) for kind, amount in rows_of]
    total = usage.total(usage.by_model(team, period, purpose).values())
    return UsageOut(first=period.first, to=period.last, by=filters.by, items=items, total=UsageAmount(**_used(total)))


def _period(team: Team, filters: UsageFilters) -> Period:
    last = filters.to or zones.today(team.time_zone)
    try:
        first = filters.first or last - timedelta(days=29)
    except OverflowError:
        first = last
    if not 0 <= (last - first).days < _LONGEST:
        message = f"Please ask for one to {_LONGEST} days: from is the first, to the last."
        raise Refused(message, "invalid", {"from": message})
    return Period(first, last)


def _used(amount: Amount) -> dict[str, float]:
    return {**vars(amount), "cost_usd": float(amount.cost_usd)}
