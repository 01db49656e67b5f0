"""The page of a person's Reassign, when the agent needs to be told something."""

import pytest
from django.test import Client

from builder.models import Agent
from cases.models import Case, Kind, Queue, Status
from runs.people import moves
from runs.people.briefing import Given
from teams.audit.actors import Actor
from tests.fixtures import Make

pytestmark = pytest.mark.django_db

NEEDS = "Refund what is due.\n\nNEEDS\n- order number\n- amount: number\n- plan: one of free, team (optional)\n"


@pytest.fixture
def billing(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", aop=NEEDS, queue=queue)


@pytest.fixture
def case(make_case: Make[Case], billing: Agent) -> Case:
    return make_case("Refund")


def test_the_page_asks_for_what_is_missing_and_keeps_what_was_typed(
    signed_in: Client, case: Case, billing: Agent
) -> None:
    url, form = f"/cases/{case.pk}/reassign/", {"assignee_id": str(billing.pk), "note": "Please hurry"}
    page = signed_in.post(url, form)
    assert page.status_code == 422
    assert "“order number” (text) is missing." in page.text and "Please hurry" in page.text
    filled = form | {"fields.order number": "A-1", "fields.amount": "many", "fields.plan": "team"}
    again = signed_in.post(url, filled).text
    assert 'value="A-1"' in again and "must be a number" in again and "<option selected>team" in again
    assert signed_in.post(url, filled | {"fields.amount": "12"}).status_code == 302
    event = case.events.get(kind=Kind.REASSIGNED)
    assert event.data["fields"] == {"order number": "A-1", "amount": 12, "plan": "team"}
    assert "order number: A-1" in signed_in.get(f"/cases/{case.pk}/").text


def test_retrying_asks_the_same_agent_for_nothing_more(case, billing) -> None:
    moves.reassign(case, Actor("Ada"), billing, given=Given({"order number": "A-1", "amount": 1}))
    moves.fail(case, "No", Actor("Ada"))
    moves.retry(case, Actor("Ada"))
    case.refresh_from_db()
    assert case.status == Status.PENDING
