"""A person's Reassign asks for the fields that the agent needs, and lets them be left out with a reason."""

from typing import Any

import pytest

from builder.models import Agent
from cases.models import Case, Kind, Queue, Status
from runs.people import moves
from teams.audit.actors import Actor
from teams.models import Member, Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import call

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db

NEEDS = "Refund what is due.\n\nNEEDS\n- order number\n- amount: number\n- plan: one of free, team (optional)\n"


@pytest.fixture
def billing(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", aop=NEEDS, queue=queue)


@pytest.fixture
def case(make_case: Make[Case], billing: Agent) -> Case:
    return make_case("Refund")


def assign(api: Caller, case: Case, **body: Any) -> Any:
    return api.post(f"/cases/{case.pk}/assign", body)


def test_what_the_agent_needs_is_asked_for_field_by_field(api, case, billing) -> None:
    error = problem(assign(api, case, agent_id=str(billing.pk), fields={"amount": "much"}), 422)
    assert set(error["fields"]) == {"fields.order number", "fields.amount"}
    case.refresh_from_db()
    assert case.assignee is None


def test_the_agent_sees_the_fields_as_data(api, scripted, make_agent, queue, make_case) -> None:
    billing, case = make_agent("Billing", aop=NEEDS, queue=queue), make_case("Refund")
    answer = assign(api, case, agent_id=str(billing.pk), fields={"Order Number": "A-1", "amount": "3"})
    assert answer.status_code == 200
    [event] = [row for row in answer.json()["events"] if row["kind"] == Kind.REASSIGNED]
    assert event["data"]["fields"] == {"order number": "A-1", "amount": 3}
    scripted.answers(call("complete_case", summary="Done"))
    work_next()
    assert '"order number": "A-1"' in scripted.requests[0].user_text


def test_fields_are_left_out_with_a_reason_that_the_event_keeps(api, case, billing) -> None:
    answer = assign(api, case, agent_id=str(billing.pk), without_fields_reason="The customer has none.")
    [event] = [row for row in answer.json()["events"] if row["kind"] == Kind.REASSIGNED]
    assert event["data"]["without_fields_reason"] == "The customer has none."


def test_assign_takes_one_of_agent_person_and_nobody(api, case, billing, member: Member) -> None:
    assert problem(assign(api, case), 422)["fields"]
    assert problem(assign(api, case, nobody=True, agent_id=str(billing.pk)), 422)["fields"]
    assert assign(api, case, user_id=str(member.user.uuid)).json()["status"] == Status.NEEDS_INPUT
    case.refresh_from_db()
    assert case.owner == member.user
    assert assign(api, case, nobody=True).json()["status"] == Status.PENDING
    case.refresh_from_db()
    assert (case.owner, case.assignee) == (None, None)


def test_people_and_agents_of_other_teams_cannot_be_assigned(
    api,
    case,
    make_agent,
    make_member,
    make_team: Make[Team],
) -> None:
    other = make_team()
    stranger, agent = make_member(of=other), make_agent(of=other)
    assert set(problem(assign(api, case, user_id=str(stranger.user.uuid)), 404)["fields"]) == {"user_id"}
    assert set(problem(assign(api, case, agent_id=str(agent.pk)), 404)["fields"]) == {"agent_id"}
    group = other.groups.create(name="Theirs")
    assert set(problem(assign(api, case, group_id=str(group.pk)), 404)["fields"]) == {"group_id"}


def test_an_agent_of_another_queue_is_refused_by_the_name_of_the_field(api, case, make_agent) -> None:
    answer = assign(api, case, agent_id=str(make_agent("Idle").pk))
    assert problem(answer, 422, "not_a_consumer")["fields"] == {"agent_id": "Idle does not work this queue."}


def test_who_may_not_work_cases_cannot_be_assigned(api, case, make_member) -> None:
    viewer = make_member(role=Member.Role.VIEWER)
    assert set(problem(assign(api, case, user_id=str(viewer.user.uuid)), 422)["fields"]) == {"user_id"}


def test_a_closed_case_is_reopened_for_the_agent(api, case, billing) -> None:
    moves.complete(case, "Done", Actor("Ada"))
    fields = {"order number": "A-1", "amount": 3}
    answer = assign(api, case, agent_id=str(billing.pk), fields=fields).json()
    assert (answer["status"], answer["assignee"]["id"]) == (Status.PENDING, str(billing.pk))
