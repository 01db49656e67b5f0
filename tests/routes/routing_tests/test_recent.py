"""Routing tests of an agent's last cases."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import save_agent
from builder.agents.queries import detailed
from builder.models import Agent
from builder.wiring.doctor import examine
from builder.wiring.doctor_input import as_saved, gather
from routes.models import RoutingTest
from routes.routing_tests.recent import recent
from teams.models import AuditEntry
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, desk

__all__ = ["desk"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(desk: Desk, make_case: Make) -> Desk:
    """Triage has decided on six cases, one of which names a person by email. What it handed over waits."""
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))
    Agent.objects.filter(pk__in=[desk.billing.pk, desk.tech.pk]).update(paused_at=timezone.now())
    for title in ("An outage", "A refund", "A second refund", "Thanks", "A refund for ada@example.com", "Hello"):
        make_case(title, assignee=desk.triage)
        work_next()
    return desk


def test_the_last_five_cases_are_offered_with_what_was_decided(busy: Desk, signed_in: Client) -> None:
    shown = signed_in.get(reverse("tests_recent", args=[busy.triage.pk])).content.decode()
    assert [one.name for one in recent(busy.triage)] == [
        "Hello",
        "A refund for ada@example.com",
        "Thanks",
        "A second refund",
        "A refund",
    ]
    assert shown.count('name="run"') == 5
    assert "Hand over to Billing" in shown and "Complete the case" in shown and "An outage" not in shown


def test_the_chosen_ones_become_tests_without_personal_details(busy: Desk, signed_in: Client) -> None:
    hello, refund, *_ = recent(busy.triage)
    address = reverse("tests_recent", args=[busy.triage.pk])
    answer = signed_in.post(address, {"run": [hello.run.pk, refund.run.pk]})
    assert answer["Location"] == reverse("agent_tests", args=[busy.triage.pk])
    made = {test.run_id: test for test in RoutingTest.objects.all()}
    assert set(made) == {hello.run.pk, refund.run.pk}
    assert made[hello.run.pk].expected == [{"decision": "complete"}]
    assert "ada@" not in str(made[refund.run.pk].sample) + made[refund.run.pk].name
    assert AuditEntry.objects.filter(act="test_made").count() == 2
    assert [one.name for one in recent(busy.triage)] == ["Thanks", "A second refund", "A refund", "An outage"]


@pytest.mark.parametrize("chosen", [[], ["nonsense"], [str(uuid.uuid4())]])
def test_without_a_choice_nothing_is_made(busy: Desk, signed_in: Client, chosen: list[str]) -> None:
    answer = signed_in.post(reverse("tests_recent", args=[busy.triage.pk]), {"run": chosen})
    assert answer.status_code == 422 and "Choose at least one case." in answer.content.decode()
    assert not RoutingTest.objects.exists()


def test_the_doctor_says_when_routes_with_traffic_have_no_test(busy: Desk) -> None:
    def codes() -> list[str]:
        [facts] = gather(busy.triage.team, [as_saved(detailed(busy.triage))])
        return [finding.code for finding in examine(facts)]

    assert "untested_routes" in codes()
    busy.test("A refund", busy.billing)
    assert "untested_routes" not in codes()
