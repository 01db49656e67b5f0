"""What a run may use, and what may be spent in a day."""

from collections.abc import Mapping
from typing import Annotated

from django.conf import settings
from django.db import transaction
from pydantic import BaseModel, Field

from data.redis import bell
from teams.access import live
from teams.audit import audit
from teams.models import Team


class Budget(BaseModel, extra="forbid"):
    """Limits of a team or an agent. One that is left out is not theirs to say: the next one's holds.

    The nearest word on a run counts: its agent's, else the team's, else the settings'. `usd_per_day` is what all runs
    of this agent or of this team together may cost in a day, by the time zone of the team; there both hold.
    """

    requests: Annotated[int | None, Field(ge=1, le=1000, description="How often a run may ask its model.")] = None
    tokens: Annotated[int | None, Field(ge=1, le=10**9, description="Tokens of a run, in and out.")] = None
    usd: Annotated[float | None, Field(gt=0, le=100_000, description="US dollars that a run may cost.")] = None
    minutes: Annotated[
        int | None, Field(ge=1, le=10_080, description="Minutes that a run may work, without its waits.")
    ] = None
    usd_per_day: Annotated[
        float | None, Field(gt=0, le=1_000_000, description="US dollars that runs may cost in a day of the team.")
    ] = None


def defaults() -> dict[str, float | None]:
    """Return what the settings allow a run; None: as much as it likes."""
    return {
        "requests": settings.RUN_REQUEST_LIMIT or None,
        "tokens": settings.RUN_TOKEN_LIMIT or None,
        "usd": settings.RUN_USD_LIMIT or None,
        "minutes": settings.RUN_MINUTES_LIMIT or None,
    }


_WORDS = {
    "requests": "Requests of a run",
    "tokens": "Tokens of a run",
    "usd": "Dollars of a run",
    "minutes": "Minutes of a run",
    "usd_per_day": "Dollars a day",
}


def differences(before: Mapping[str, float], after: Budget) -> str:
    """For the audit log."""
    return audit.changes((words, before.get(kind), getattr(after, kind)) for kind, words in _WORDS.items())


@transaction.atomic
def change_budget(team: Team, budget: Budget) -> None:
    """For what happens from now on; a run that is being worked notices when it is taken up again."""
    before = Team.objects.select_for_update(no_key=True).get(pk=team.pk).budget
    Team.objects.filter(pk=team.pk).update(budget=budget.model_dump(exclude_none=True))
    if change := differences(before, budget):
        audit.record(team.pk, "settings_changed", "Budgets", change)
    live.announce(team.pk, "team", team.pk)
    bell.ring()  # what the old limit blocked may start now
