"""Runs that decided, and what a change would have made of them."""

from decimal import Decimal
from typing import Any

import pytest

from builder.agents.agents import save_agent
from cases.models import Case
from routes.impact import impacts, told
from routes.impact.recorded import Chosen
from teams.audit.actors import Actor
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, work_tests


@pytest.fixture
def recorded(desk: Desk, make_case: Make[Case]) -> Make[None]:
    """Triage decides cases with these titles, and the agents that get them complete them."""
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))

    def make(*titles: str, **about: Any) -> None:
        for title in titles:
            make_case(title, assignee=desk.triage, **about)
            while Case.objects.filter(status__in=["pending", "in_progress"]).exists():
                work_next()

    return make


def replay(desk: Desk, by: Actor, chosen: Chosen | None = None, **changes: Any) -> told.Told:
    impact = impacts.start(desk.triage, changes, chosen or Chosen(), by, Decimal(1))
    work_tests()
    impact.refresh_from_db()
    assert impact.status == "done"
    return told.told(impact)


def titles(found: list[impacts.Replay]) -> list[str]:
    return sorted(one.run.case.title for one in found if one.run.case)
