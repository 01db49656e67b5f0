"""Where routing tests show outside of their own pages: lists, the map, the dialog that deletes, History, settings."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import save_agent
from teams.models import AuditEntry, Team
from tests.routes.conftest import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))
    desk.test("A refund", desk.billing)
    desk.test("An outage", desk.tech, "ask")
    return desk


def test_the_list_of_agents_and_the_map_say_how_many_tests_guard_an_agent(guarded: Desk, signed_in: Client) -> None:
    shown = signed_in.get(reverse("agents")).text
    assert shown.count(reverse("agent_tests", args=[guarded.triage.pk])) == 1 and "2 tests" in shown
    assert reverse("agent_tests", args=[guarded.billing.pk]) not in shown
    assert "2 routing tests" in " ".join(signed_in.get(reverse("map")).text.split())


def test_deleting_an_agent_lists_the_tests_that_would_expect_nobody(guarded: Desk, signed_in: Client) -> None:
    shown = signed_in.get(reverse("agent_delete", args=[guarded.billing.pk])).text
    assert "1 routing test expects only Billing" in " ".join(shown.split()) and "A refund" in shown
    assert "routing test" not in signed_in.get(reverse("agent_delete", args=[guarded.tech.pk])).text


def test_history_shows_why_a_revision_was_saved_past_the_tests(guarded: Desk, signed_in: Client) -> None:
    save_agent(guarded.triage, aop="Other", override="The office is closed.")
    shown = signed_in.get(reverse("revisions", args=[guarded.triage.pk])).text
    assert "Saved past routing tests: The office is closed." in shown


def test_repetitions_budget_and_right_are_set_in_the_settings(team: Team, signed_in: Client) -> None:
    fields = {"time_zone": "UTC", "test_repetitions": "5", "test_usd_per_day": "0.5", "builders_may_override": "on"}
    assert signed_in.post(reverse("general"), fields).status_code == 302
    team.refresh_from_db()
    assert (team.test_repetitions, team.test_usd_per_day, team.builders_may_override) == (5, Decimal("0.5"), True)
    assert "Repetitions of routing tests: 3 → 5" in AuditEntry.objects.get(act="settings_changed").change
    for wrong in ({"test_repetitions": "0"}, {"test_repetitions": "11"}, {"test_usd_per_day": ""}):
        refused = signed_in.post(reverse("general"), {**fields, **wrong})
        assert refused.status_code == 422 and next(iter(wrong)) in refused.context["form"].errors
