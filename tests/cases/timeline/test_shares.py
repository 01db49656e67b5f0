"""Whose time a case took: the shares, and that they add up."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from builder.models import Agent
from cases.models import CaseEvent, Kind, Status
from cases.timeline.shares import Share, shares

START = datetime(2026, 3, 29, tzinfo=UTC)
TRIAGE, BILLING = Agent(name="Triage"), Agent(name="Billing")
AGENTS = {agent.pk: agent for agent in (TRIAGE, BILLING)}
FINANCE = str(uuid.uuid4())


def event(seconds: float, kind: Kind, status: Status, agent: Any = None, **data: Any) -> CaseEvent:
    at = START + timedelta(seconds=seconds)
    return CaseEvent(kind=kind, status=status, at=at, agent_id=agent.pk if agent else None, data=data)


def to(agent: Agent) -> dict[str, Any]:
    return {"target_id": str(agent.pk), "target_name": agent.name}


ALL = [
    event(0, Kind.CREATED, Status.PENDING),
    event(5, Kind.STARTED, Status.IN_PROGRESS, TRIAGE),
    event(15, Kind.HANDED_OVER, Status.PENDING, TRIAGE, **to(BILLING)),
    event(16, Kind.UPDATED, Status.PENDING),
    event(75, Kind.STARTED, Status.IN_PROGRESS, BILLING),
    event(
        80, Kind.HANDED_OVER, Status.NEEDS_INPUT, BILLING, target_name="Finance", group_name="Finance", group_id=FINANCE
    ),
    event(180, Kind.TAKEN_OVER, Status.NEEDS_INPUT, taken_by="Ada", group_name="Finance", group_id=FINANCE),
    event(280, Kind.HANDED_BACK, Status.PENDING, **to(TRIAGE)),
    event(281, Kind.STARTED, Status.IN_PROGRESS, TRIAGE),
    event(300, Kind.POSTPONED, Status.POSTPONED, TRIAGE),
    event(1300, Kind.DUE, Status.PENDING),
    event(1301, Kind.STARTED, Status.IN_PROGRESS, TRIAGE),
    event(1311, Kind.COMPLETED, Status.COMPLETED, TRIAGE),
]


def told(found: list[Share]) -> list[tuple[str, int, int]]:
    return [(share.name, share.waited, share.had) for share in found]


def test_each_agent_and_group_has_its_share() -> None:
    assert told(shares(ALL, AGENTS, START + timedelta(hours=9))) == [
        ("Triage", 5 + 1 + 1, 10 + 19 + 10),
        ("Billing", 60, 5),
        ("Finance", 0, 200),
        ("Postponed", 0, 1000),
    ]


def test_what_nobody_took_yet_waits_for_any_agent() -> None:
    assert told(shares(ALL[:1], AGENTS, START + timedelta(seconds=30))) == [("Any agent", 30, 0)]


def test_a_closed_case_takes_nobodys_time() -> None:
    again = [*ALL, event(5000, Kind.REOPENED, Status.PENDING, **to(BILLING))]
    found = shares(again, AGENTS, START + timedelta(seconds=5010))
    assert sum(share.seconds for share in found) == 1311 + 10


@pytest.mark.parametrize("seed", range(5))
def test_the_shares_add_up_to_the_age_to_the_second(seed: int) -> None:
    drawn = random.Random(seed)
    at, moved = 0.0, []
    for one in ALL[:-1] * 5:
        moved.append(event(at, Kind(one.kind), Status(one.status), one.agent_id and AGENTS[one.agent_id], **one.data))
        at += drawn.random() * 3
    assert all(before.at < after.at for before, after in pairwise(moved))
    assert sum(share.seconds for share in shares(moved, AGENTS, START + timedelta(seconds=at))) == round(at)
