"""The pages of routing tests."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import save_agent
from cases.models import Case
from routes.models import Check, RoutingTest
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, work_tests

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))
    desk.test("A refund", desk.billing)
    desk.test("An outage", desk.tech)
    return desk


def test_the_list_says_what_each_test_expects_and_how_it_went(guarded: Desk, signed_in: Client) -> None:
    address = reverse("agent_tests", args=[guarded.triage.pk])
    assert "Not run yet" in signed_in.get(address).content.decode()
    signed_in.post(reverse("agent_tests_run", args=[guarded.triage.pk]))
    work_tests()
    shown = signed_in.get(address).content.decode()
    assert "Hand over to Billing" in shown and "Passing" in shown and "Not run yet" not in shown
    assert "An outage" not in signed_in.get(address, {"q": "refund"}).content.decode()


def test_one_test_runs_by_itself(guarded: Desk, signed_in: Client) -> None:
    test = RoutingTest.objects.get(name="A refund")
    answer = signed_in.post(reverse("test_run", args=[test.pk]))
    assert answer["Location"] == reverse("check", args=[Check.objects.get().pk])
    assert work_tests() == 1 and Check.objects.get().passed


def test_a_typed_test_is_created_and_edited(guarded: Desk, signed_in: Client) -> None:
    fields = {"title": "A strike", "details": "On Monday", "expected": [f"agent:{guarded.tech.pk}", "ask"], "name": ""}
    signed_in.post(reverse("test_new", args=[guarded.triage.pk]), fields)
    test = RoutingTest.objects.get(name="A strike")
    assert test.sample["data"] == "On Monday" or test.sample["data"] == {"text": "On Monday"}
    assert [one["decision"] for one in test.expected] == ["hand_over", "ask"] and test.source == "typed"
    changed = {**fields, "title": "Two strikes", "expected": ["complete"], "name": "Strikes"}
    signed_in.post(reverse("test_edit", args=[test.pk]), changed)
    test.refresh_from_db()
    assert (test.name, test.sample["title"], test.expected) == ("Strikes", "Two strikes", [{"decision": "complete"}])


def test_a_test_without_a_decision_is_refused_at_its_field(guarded: Desk, signed_in: Client) -> None:
    answer = signed_in.post(reverse("test_new", args=[guarded.triage.pk]), {"title": "A strike"})
    assert answer.status_code == 422 and "Choose at least one decision." in answer.content.decode()


def test_a_test_of_a_run_keeps_no_personal_details(guarded: Desk, signed_in: Client, make_case: Make[Case]) -> None:
    make_case("A refund", data={"from": "Ada Lovelace", "email": "ada@shop.example"}, assignee=guarded.triage)
    run = work_next()
    address = reverse("run_test", args=[run.pk])
    shown = signed_in.get(address)
    assert "name@example.com" in shown.content.decode()
    wanted = {"expected": shown.context["form"].initial["expected"], "name": "", "replace": shown.context["replacing"]}
    signed_in.post(address, wanted)
    test = RoutingTest.objects.get(source="case")
    assert test.expected == [{"decision": "hand_over", "agent_id": str(guarded.billing.pk)}]
    assert "Lovelace" not in json.dumps(test.sample) and "ada@" not in json.dumps(test.sample)


def test_a_test_is_deleted(guarded: Desk, signed_in: Client) -> None:
    signed_in.post(reverse("test_delete", args=[RoutingTest.objects.get(name="A refund").pk]))
    assert list(RoutingTest.objects.values_list("name", flat=True)) == ["An outage"]
