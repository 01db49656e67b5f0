import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from builder.agents.connections import Consumes, connect
from builder.wiring.doctor import own_tools
from cases.models import Case, Status
from runs.models import Outcome
from runs.opening import opening
from runs.tools import tools
from tests.driving import work_next
from tests.fixtures import events, take
from tests.provider import call, calls
from tests.wire import Call

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(scripted, make_agent, queue):
    return make_agent("Clerk", queue=queue)


def test_an_agent_postpones_its_case(scripted, agent, make_case) -> None:
    case = make_case(assignee=agent)
    scripted.answers(call("postpone_case", until="2h", reason="The shop is closed"))
    run = work_next()
    case.refresh_from_db()
    assert (run.outcome, case.status, case.assignee) == (Outcome.CASE_POSTPONED, Status.POSTPONED, agent)
    assert timedelta(minutes=119) < case.due_at - timezone.now() < timedelta(minutes=121)
    assert events(case)[-1] == "postponed"


def test_a_time_that_is_none_is_answered_to_the_model(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(call("postpone_case", until="soon", reason="x"), call("complete_case", summary="x"))
    run = work_next()
    assert "say a time from now such as 30m, 2h" in run.steps.filter(kind="tool_result").first().data["content"]


@pytest.fixture
def producer(agent, make_queue):
    connect(agent, produces=[make_queue("Refunds").pk])
    return agent


def test_a_producer_adds_cases_to_its_queue(scripted, producer, make_case) -> None:
    make_case(assignee=producer)
    new = [{"title": "One", "priority": "high"}, {"title": "Two", "external_id": "x-2"}]
    scripted.answers(call("add_cases", queue="Refunds", cases=new), call("complete_case", summary="x"))
    run = work_next()
    made = Case.objects.filter(queue__name="Refunds").order_by("number")
    assert [(case.title, case.priority) for case in made] == [("One", 2), ("Two", 0)]
    assert made[0].events.get().agent == producer
    said = json.loads(run.steps.filter(kind="tool_result").first().data["content"])
    assert [row["existing"] for row in said] == [False, False]


def test_a_producer_lists_the_cases_of_its_queue_alone(scripted, producer, make_case, make_queue) -> None:
    make_case(assignee=producer)
    refunds = producer.queue_connections.get(role="producer").queue
    make_case("Refund me", in_queue=refunds)
    make_case("Other", in_queue=refunds)
    scripted.answers(
        calls(
            Call("list_cases", {"queue": "Refunds", "containing": "refund"}), Call("list_cases", {"queue": "Support"})
        ),
        call("complete_case", summary="x"),
    )
    run = work_next()
    found, refused = [step.data["content"] for step in run.steps.filter(kind="tool_result")][:2]
    assert [row["title"] for row in json.loads(found)] == ["Refund me"]
    assert refused == "Error: There is no queue “Support” here. Queues: Refunds."


def test_without_the_connection_no_queue_tools_are_offered(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(call("complete_case", summary="x"))
    work_next()
    assert not {"add_cases", "list_cases"} & set(scripted.requests[0].tools)


def test_an_agent_is_told_what_a_queue_asks_for(scripted, agent, make_queue, make_case) -> None:
    connect(
        agent,
        [Consumes(make_case(assignee=agent).queue_id)],
        [make_queue("Refunds", data_schema={"required": ["iban"]}).pk],
    )
    new = [{"title": "Pay back", "data": {}}]
    scripted.answers(call("add_cases", queue="Refunds", cases=new), call("complete_case", summary="x"))
    run = work_next()
    told = run.steps.filter(kind="tool_result").first().data["content"]
    assert "do not fit what Refunds asks for. iban: Is missing." in told
    assert not Case.objects.filter(title="Pay back").exists()


@pytest.mark.parametrize("levels", [150, 900])
def test_arguments_that_are_too_deep_are_answered_to_the_model(scripted, agent, make_case, levels: int) -> None:
    make_case(assignee=agent)
    deep: object = []
    for _ in range(levels):
        deep = [deep]
    scripted.answers(call("update_case", data=deep), call("complete_case", summary="x"))
    run = work_next()
    assert run.outcome == Outcome.CASE_COMPLETED
    assert "no valid JSON" in run.steps.filter(kind="tool_result").first().data["content"]


@pytest.mark.parametrize("feeds", [False, True])
@pytest.mark.parametrize("targets", [False, True])
@pytest.mark.parametrize("may_ask", [False, True])
@pytest.mark.parametrize("replies", [False, True])
def test_the_doctor_counts_the_tools_that_a_run_offers(
    feeds: bool, targets: bool, may_ask: bool, replies: bool
) -> None:
    agent = SimpleNamespace(may_ask=may_ask)
    case = SimpleNamespace(queue=SimpleNamespace(replies=replies))
    work: Any = SimpleNamespace(case=case, may_decline=True, produces=[1] * feeds, targets=[1] * targets, agent=agent)
    offered = [tool for tool in tools.TOOLS.values() if tool.is_offered(work)]
    assert own_tools(feeds=feeds, targets=targets, may_ask=may_ask, replies=replies) == len(offered)


def test_runs_that_offer_the_same_share_their_definitions(make_agent, make_case, queue) -> None:
    """So that a model prepares them once."""
    agent = make_agent(aop="To", mentions=[make_agent(queue=queue)], queue=queue)
    for _ in range(2):
        make_case(assignee=agent)
    one, two = [tools.offered(opening.open_work(claim)) for claim in take(limit=2)]
    assert [id(tool) for tool in one] == [id(tool) for tool in two]
