"""The page of a check, and where else one hears of it."""

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import save_agent
from data.errors import Refused
from routes.checks import changed, checks, costs
from routes.models import Check
from teams.audit.actors import Actor
from teams.models import Team
from tests.routes.conftest import Desk, work_tests

from .test_gate import guarded, held

__all__ = ["guarded"]
pytestmark = pytest.mark.django_db


def shown(client: Client, name: str, *about: object) -> str:
    return " ".join(client.get(reverse(name, args=about)).content.decode().split())


def plain(lines: tuple[changed.Line, ...]) -> list[str]:
    parts = [[part for piece in line for part in piece.parts] for line in lines]
    return ["".join(part if isinstance(part, str) else "@" for part in line).strip() for line in parts]


def test_between_two_decisions_stands_the_line_that_names_one_of_them(guarded: Desk, someone: Actor) -> None:
    check = held(guarded.triage, someone, aop=guarded.aop(refund="ask", outage=guarded.tech, strike="ask"))
    work_tests()
    [row] = check.results.filter(verdict="broken")
    change = changed.of_results([row])[row.test_id]
    assert len(change.lines) == 2
    [line] = plain(change.between(row.before, row.after).lines)
    assert line.startswith("- refund: @")


def test_a_changed_description_stands_between_two_decisions_too(guarded: Desk, someone: Actor) -> None:
    check = held(guarded.billing, someone, description="Everything about money.")
    work_tests()
    row = check.results.all()[0]
    [field] = changed.of_results([row])[row.test_id].fields
    assert (field.label, field.before, field.after) == ("Description of Billing", "", "Everything about money.")


def test_a_broken_test_shows_both_decisions_and_what_changed(guarded: Desk, someone: Actor, signed_in: Client) -> None:
    check = held(guarded.triage, someone, aop=guarded.aop(outage=guarded.tech), description="Sorts mail.")
    assert "0 of 2 tests" in shown(signed_in, "check", check.pk)
    assert "0 of 2 tests done" in shown(signed_in, "agent_tests", guarded.triage.pk)
    work_tests()
    page = shown(signed_in, "check", check.pk)
    assert "1 of 2 tests holds this change back" in page and "What changed between them" in page
    assert "Sorts mail." in page and "Accept new decision" in page
    tests = shown(signed_in, "agent_tests", guarded.triage.pk)
    assert "1 of 2 tests holds the last change back" in tests and tests.count("with a change that was not saved") == 2


def test_the_new_decision_is_accepted_for_what_an_import_would_change_too(
    guarded: Desk, someone: Actor, signed_in: Client
) -> None:
    aop = guarded.aop(refund="ask", outage=guarded.tech)
    check = held(guarded.triage, someone, waits=False, aop=aop)
    work_tests()
    [row] = check.results.filter(verdict="broken")
    answer = signed_in.post(reverse("check_accept", args=[check.pk]), {"test": row.test_id})
    assert answer["Location"] == reverse("check", args=[check.pk])
    row.test.refresh_from_db()
    assert row.test.expected == [{"decision": "ask"}]
    save_agent(guarded.triage, aop=aop)
    assert guarded.triage.live_revision.aop == aop


def test_accepting_a_decision_after_the_change_was_saved_checks_nothing_again(
    guarded: Desk, someone: Actor, signed_in: Client
) -> None:
    check = held(guarded.triage, someone, aop=guarded.aop(refund="ask", outage=guarded.tech))
    work_tests()
    signed_in.post(reverse("check_override", args=[check.pk]), {"reason": "The office is closed."})
    [row] = check.results.filter(verdict="broken")
    answer = signed_in.post(reverse("check_accept", args=[check.pk]), {"test": row.test_id})
    assert answer["Location"] == reverse("check", args=[check.pk])


def test_what_could_not_be_tested_says_why(
    guarded: Desk, someone: Actor, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    check = held(guarded.triage, someone, aop="Anything")
    work_tests()
    page = shown(signed_in, "check", check.pk)
    assert "Why it could not be tested" in page and "needs a key" in page


def test_the_history_says_which_check_a_revision_passed(guarded: Desk, someone: Actor, signed_in: Client) -> None:
    check = held(guarded.triage, someone, aop="New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech))
    work_tests()
    history = shown(signed_in, "revisions", guarded.triage.pk)
    assert reverse("check", args=[check.pk]) in history
    assert "not saved" not in shown(signed_in, "agent_tests", guarded.triage.pk).lower()


def test_an_estimate_stands_where_a_change_is_saved(guarded: Desk, someone: Actor, signed_in: Client) -> None:
    save_agent(guarded.triage, model="openai:gpt-5", override="A model with a price.")
    part = {"HX-Request": "true", "HX-Target": "span#save-cost"}
    answer = signed_in.get(reverse("agent_tests", args=[guarded.triage.pk]), headers=part).content.decode()
    assert "Saving runs 2 tests for about $0.0" in answer
    aop = "New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)
    check = held(guarded.triage, someone, aop=aop)
    assert "The rest costs about $0.0" in shown(signed_in, "check", check.pk)


def test_beyond_what_tests_may_cost_in_a_day_none_is_run(
    guarded: Desk, someone: Actor, signed_in: Client, team: Team
) -> None:
    Team.objects.filter(pk=team.pk).update(test_usd_per_day=0)
    check = held(guarded.triage, someone, aop="Anything")
    assert work_tests() == 0 and guarded.triage.live_revision.aop != "Anything"
    assert "Tests have used up today’s budget." in shown(signed_in, "check", check.pk)


def test_usage_has_a_row_for_tests(guarded: Desk, someone: Actor, signed_in: Client) -> None:
    held(guarded.triage, someone, aop="Anything")
    work_tests()
    assert "Routing tests" in shown(signed_in, "usage")


def test_what_has_no_known_price_has_no_estimate() -> None:
    told = {"model": "openai-chat:ours", "instructions": "Sort.", "tools": []}
    asked = [(told, {"prompt": "A refund"}, 3), ({**told, "model": "offline"}, {"prompt": "A refund"}, 1)]
    assert costs.estimate(asked) == costs.Estimate(3, None)


def test_a_check_that_someone_stopped_saves_nothing(guarded: Desk, someone: Actor) -> None:
    aop = "New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)
    check = held(guarded.triage, someone, aop=aop)
    checks.stop(check, someone)
    assert work_tests() == 0 and guarded.triage.live_revision.aop != aop
    with pytest.raises(Refused, match="already ended"):
        checks.stop(check, someone)


def test_a_model_for_all_agents_is_checked_first(guarded: Desk, signed_in: Client) -> None:
    before = guarded.triage.live_revision.model
    answer = signed_in.post(reverse("model_use"), {"model": "openai-chat:another", "all": "1"})
    check = Check.objects.get()
    assert answer["Location"] == reverse("check", args=[check.pk]) and guarded.triage.live_revision.model == before
    work_tests()
    assert guarded.triage.live_revision.model == guarded.billing.live_revision.model == "openai-chat:another"
