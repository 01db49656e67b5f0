"""What all lists have in common: cursors, and queries that do not grow with the rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builder.agents.agents import save_agent
from builder.models import Agent
from cases.models import Case, Kind, Queue
from cases.timeline import timeline
from runs.engine import handovers
from runs.models import HumanRequest, Run, Step
from runs.record.outcomes import HandedOver
from runs.schedules.schedules import create_schedule
from teams.audit.actors import BATON
from teams.webhooks.webhooks import create_webhook, ping
from tests.fixtures import Make, mention

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db

type Grow = Callable[[], object]


@pytest.fixture
def lists(
    queue: Queue, make_queue: Make[Queue], make_agent: Make[Agent], make_case: Make[Case], make_run: Make[Run]
) -> dict[str, tuple[str, Grow]]:
    """Each list of the API: its address, and what adds a row to it."""
    agent, case, run = make_agent(), make_case(), make_run()
    webhook, _ = create_webhook(agent.team, "https://example.com/", ["run.failed"])

    def full_agent() -> Agent:
        return make_agent(aop="To", mentions=[make_agent(queue=queue), make_agent()], queue=queue)

    def full_queue() -> None:
        make_case(in_queue=make_queue())

    def full_case() -> Case:
        return make_case(assignee=make_agent(queue=queue))

    def full_run() -> None:
        made = make_run(case=full_case(), queue=queue)
        handovers.requested(made, HandedOver(make_agent(), "why")).save()
        HumanRequest.objects.create(team_id=made.team_id, run=made, call_id="1", kind="question", question="?")

    def step() -> Step:
        seq = run.steps.count() + 1
        return Step.objects.create(team_id=run.team_id, run=run, seq=seq, kind="note", data={"text": str(seq)})

    return {
        "agents": ("/agents", full_agent),
        "revisions": (
            f"/agents/{agent.pk}/revisions",
            lambda: save_agent(agent, aop=mention(str(agent.revisions.count()), make_agent())),
        ),
        "queues": ("/queues", full_queue),
        "cases": ("/cases", full_case),
        "cases of a queue": (f"/queues/{queue.pk}/cases", full_case),
        "events": (f"/cases/{case.pk}/events", lambda: timeline.record(case, Kind.UPDATED)),
        "human requests": ("/human-requests", full_run),
        "runs": ("/runs", full_run),
        "steps": (f"/runs/{run.pk}/steps", step),
        "schedules": ("/schedules", lambda: create_schedule(make_agent(), "0 8 * * *", "UTC", "", BATON)),
        "webhooks": ("/webhooks", lambda: create_webhook(webhook.team, "https://example.com/", ["run.failed"])),
        "deliveries": (f"/webhooks/{webhook.pk}/deliveries", lambda: ping(webhook)),
    }


NAMES = [
    "agents",
    "revisions",
    "queues",
    "cases",
    "cases of a queue",
    "events",
    "human requests",
    "runs",
    "steps",
    "schedules",
    "webhooks",
    "deliveries",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_list_asks_as_often_for_many_rows_as_for_few(api: Caller, lists: dict[str, Any], name: str) -> None:
    address, grow = lists[name]

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert api.get(address, limit=100).status_code == 200
        return len(captured)

    grow()
    grow()
    few = queries()
    for _ in range(6):
        grow()
    assert queries() == few


@pytest.mark.parametrize("name", NAMES)
def test_pages_hold_each_row_once(api: Caller, lists: dict[str, Any], name: str) -> None:
    address, grow = lists[name]
    for _ in range(4):
        grow()
    whole = api.get(address, limit=100).json()
    assert whole["next_cursor"] is None
    paged, cursor = [], ""
    while cursor is not None:
        page = api.get(address, limit=2, cursor=cursor).json()
        assert len(page["items"]) <= 2
        paged += page["items"]
        cursor = page["next_cursor"]
    assert paged == whole["items"]


def test_what_is_added_in_the_meantime_moves_no_page(api: Caller, make_case: Make[Case]) -> None:
    for _ in range(3):
        make_case()
    first = api.get("/cases", limit=2).json()
    make_case()
    second = api.get("/cases", limit=2, cursor=first["next_cursor"]).json()
    assert [row["number"] for row in first["items"] + second["items"]] == [3, 2, 1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cursor", ["x", "\x00", "é", "eyJ9:abc", "W10"])
def test_a_wrong_cursor_is_refused(api: Caller, lists: dict[str, Any], name: str, cursor: str) -> None:
    assert set(problem(api.get(lists[name][0], cursor=cursor), 422, "invalid")["fields"]) == {"cursor"}


def test_a_cursor_of_another_list_is_refused(api: Caller, make_case: Make[Case], make_agent: Make[Agent]) -> None:
    make_case()
    make_case()
    cursor = api.get("/cases", limit=1).json()["next_cursor"]
    problem(api.get("/agents", cursor=cursor), 422)


@pytest.mark.parametrize("limit", [0, 101, -1, "many", 10**30])
def test_a_limit_is_between_1_and_100(api: Caller, limit: object) -> None:
    assert set(problem(api.get("/cases", limit=limit), 422, "invalid")["fields"]) == {"limit"}


def test_a_page_holds_25_when_nothing_is_said(api: Caller, make_case: Make[Case]) -> None:
    for _ in range(26):
        make_case()
    assert len(api.get("/cases").json()["items"]) == 25


@pytest.mark.parametrize("address", ["/agents", "/cases"])
def test_a_long_search_is_refused(api: Caller, address: str) -> None:
    assert set(problem(api.get(address, q="a " * 200), 422, "invalid")["fields"]) == {"q"}
