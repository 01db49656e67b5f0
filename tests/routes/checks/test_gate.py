"""The gate: what would break a route does not go live unseen."""

import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from builder.agents.agents import delete_agent, restore_agent, save_agent
from builder.agents.saving import AgentChange, save_agents
from builder.gate import gate
from builder.gate.gate import RoutesHeld
from builder.history import revisions
from builder.models import Agent, Revision
from cases.models import Case
from data.errors import Refused
from routes.checks import checks
from routes.models import Check, RoutingTest
from runs.models import Run
from runs.record import claims
from teams.audit.actors import Actor
from teams.models import AuditEntry
from tests.fixtures import Make
from tests.provider import Answer, Reply, Request, call
from tests.routes.conftest import Desk, oracle, work_tests
from tests.wire import Call

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))
    desk.test("A refund", desk.billing)
    desk.test("An outage", desk.tech)
    return desk


def held(agent: Agent, by: Actor, *, waits: bool = True, **changes: Any) -> Check:
    """The check that a save leads to."""
    with pytest.raises(RoutesHeld) as caught:
        save_agent(agent, **changes)
    waiting = [AgentChange(agent.pk, **changes)] if waits else []
    return Check.objects.get(pk=caught.value.start(by, waiting))


def verdicts(check: Check) -> dict[str, str]:
    return dict(check.results.values_list("test__name", "verdict"))


def test_a_change_that_breaks_a_route_does_not_go_live(guarded: Desk, someone: Actor) -> None:
    before = guarded.triage.live_revision
    check = held(guarded.triage, someone, aop=guarded.aop(refund=guarded.tech, outage=guarded.tech))
    work_tests()
    check.refresh_from_db()
    assert (check.status, check.passed) == ("done", False)
    assert verdicts(check) == {"A refund": "broken", "An outage": "passing"}
    assert guarded.triage.live_revision == before


def test_a_change_that_breaks_nothing_goes_live_by_itself(guarded: Desk, someone: Actor) -> None:
    aop = "Be kind.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)
    check = held(guarded.triage, someone, aop=aop)
    work_tests()
    check.refresh_from_db()
    assert check.passed and guarded.triage.live_revision.aop == aop
    assert check.saved_number == guarded.triage.live_revision.number
    assert guarded.triage.live_revision.author == someone.user


def test_what_a_receiver_needs_is_checked_by_the_tests_of_its_senders(guarded: Desk, someone: Actor) -> None:
    """They see the fields as a run does. A sender that does not bring them breaks its route, one that does keeps it."""
    needy = "NEEDS\n- order number"
    check = held(guarded.billing, someone, aop=needy)
    work_tests()
    check.refresh_from_db()
    assert "Needs in fields: order number (text)" in str(guarded.provider.requests[-1].tools["request_handover"])
    assert verdicts(check) == {"A refund": "broken", "An outage": "passing"}
    assert guarded.billing.live_revision.needs == []

    def obliging(request: Request) -> Answer:
        made = oracle(request)
        assert isinstance(made, Reply)
        given = {"fields": {"order number": "A-1"}}
        return Reply(calls=tuple(Call(one.tool, {**json.loads(one.json), **given}) for one in made.calls))

    guarded.provider.script = obliging
    other = held(guarded.billing, someone, aop=f"{needy}\n- day: date (optional)")
    work_tests()
    other.refresh_from_db()
    assert other.passed and len(guarded.billing.live_revision.needs) == 2


def test_a_fixed_route_does_not_make_up_for_a_broken_one(guarded: Desk, someone: Actor) -> None:
    guarded.test("A strike", guarded.tech)
    aop = guarded.aop(refund="ask", outage=guarded.tech, strike=guarded.tech)
    check = held(guarded.triage, someone, aop=aop)
    work_tests()
    assert verdicts(check) == {"A refund": "broken", "An outage": "passing", "A strike": "fixed"}
    check.refresh_from_db()
    assert not check.passed


def test_a_test_that_failed_before_holds_nothing_back(guarded: Desk, someone: Actor) -> None:
    guarded.test("A strike", guarded.tech)
    check = held(guarded.triage, someone, aop="New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech))
    work_tests()
    check.refresh_from_db()
    assert verdicts(check)["A strike"] == "failing" and check.passed


def test_asking_a_person_is_a_decision_and_nobody_is_asked(guarded: Desk, someone: Actor) -> None:
    guarded.test("A complaint", "ask")
    check = held(guarded.triage, someone, aop=guarded.aop(complaint="ask", refund=guarded.billing, outage=guarded.tech))
    work_tests()
    assert verdicts(check)["A complaint"] == "fixed"
    assert not any(run.human_requests.exists() for run in Run.objects.filter(trigger="test"))


def test_what_could_not_be_tested_is_not_live(guarded: Desk, someone: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    before = guarded.triage.live_revision
    check = held(guarded.triage, someone, aop="Anything")
    work_tests()
    check.refresh_from_db()
    assert set(verdicts(check).values()) == {"untested"} and not check.passed
    assert guarded.triage.live_revision == before


def test_the_same_save_again_asks_again_what_could_not_be_tested(
    guarded: Desk, someone: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    aop = "New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)
    with monkeypatch.context() as down:
        down.delenv("OPENAI_BASE_URL")
        down.delenv("OPENAI_API_KEY", raising=False)
        held(guarded.triage, someone, aop=aop)
        work_tests()
    held(guarded.triage, someone, aop=aop)
    work_tests()
    assert guarded.triage.live_revision.aop == aop


def test_a_test_is_void_when_every_agent_it_expects_was_deleted(guarded: Desk, someone: Actor) -> None:
    aop = guarded.aop(refund="ask", outage=guarded.tech)
    delete_agent(guarded.billing)
    check = held(guarded.triage, someone, aop=aop)
    work_tests()
    check.refresh_from_db()
    assert verdicts(check) == {"A refund": "void", "An outage": "passing"} and check.passed


@pytest.mark.parametrize("change", [{"name": "Money desk"}, {"description": "Everything about money."}])
def test_a_target_called_otherwise_checks_the_tests_of_all_who_mention_it(
    guarded: Desk, someone: Actor, change: dict[str, Any]
) -> None:
    check = held(guarded.billing, someone, **change)
    assert check.agent == guarded.billing
    work_tests()
    assert {row.test.agent for row in check.results.all()} == {guarded.triage}
    guarded.billing.refresh_from_db()
    assert getattr(guarded.billing, *change) == change[next(iter(change))]


@pytest.mark.parametrize(
    "change", [{"aop": "Other"}, {"name": "Dispatcher"}, {"model": "offline"}, {"fallback": "openai:other"}]
)
def test_the_gate_stands_before_everything_that_changes_a_route(guarded: Desk, change: dict[str, Any]) -> None:
    with pytest.raises(RoutesHeld):
        save_agent(guarded.triage, **change)


def test_what_changes_no_route_is_saved_at_once(guarded: Desk) -> None:
    before = Run.objects.count()
    save_agent(guarded.triage, note="Nothing", aop=guarded.triage.live_revision.aop)
    assert Run.objects.count() == before and not Check.objects.exists()


def test_restoring_a_revision_is_checked(guarded: Desk) -> None:
    first = guarded.triage.revisions.get(number=1)
    with pytest.raises(RoutesHeld):
        revisions.restore(guarded.triage, first, author=None)


def test_replacing_a_deleted_agent_everywhere_is_checked(guarded: Desk) -> None:
    with pytest.raises(RoutesHeld):
        delete_agent(guarded.billing, guarded.tech)
    guarded.billing.refresh_from_db()
    assert not guarded.billing.is_deleted


def test_an_agent_that_comes_back_under_another_name_is_checked(guarded: Desk) -> None:
    delete_agent(guarded.billing)
    guarded.billing.refresh_from_db()
    with pytest.raises(RoutesHeld):
        restore_agent(guarded.billing, "Money desk")


def test_agents_that_are_saved_together_are_checked_together(guarded: Desk, someone: Actor) -> None:
    changes = [
        AgentChange(guarded.billing.pk, name="Money desk"),
        AgentChange(guarded.triage.pk, aop=guarded.aop(refund=guarded.tech, outage=guarded.tech)),
    ]
    with pytest.raises(RoutesHeld) as caught:
        save_agents(changes)
    check = Check.objects.get(pk=caught.value.start(someone))
    work_tests()
    assert verdicts(check) == {"A refund": "broken", "An outage": "passing"}


def test_a_reason_goes_past_the_gate_and_is_kept(guarded: Desk) -> None:
    save_agent(guarded.triage, aop="Other", override="The office is closed.")
    assert guarded.triage.live_revision.override_reason == "The office is closed."
    entry = AuditEntry.objects.get(act="gate_overridden")
    assert "The office is closed." in entry.change


def test_an_unchanged_test_is_not_asked_again(guarded: Desk, someone: Actor) -> None:
    aop = guarded.aop(refund=guarded.tech, outage=guarded.tech)
    held(guarded.triage, someone, aop=aop)
    assert work_tests() == 4
    held(guarded.triage, someone, aop=aop)
    assert work_tests() == 0
    held(guarded.triage, someone, aop=f"New.\n{aop}")
    assert work_tests() == 2


def test_a_language_model_is_asked_each_test_as_often_as_the_team_says(guarded: Desk, someone: Actor) -> None:
    guarded.triage.team.__class__.objects.update(test_repetitions=3)
    held(guarded.triage, someone, aop=guarded.aop(refund=guarded.tech, outage=guarded.tech))
    assert work_tests() == 12


def test_a_test_passes_only_when_all_its_repetitions_do(guarded: Desk, someone: Actor) -> None:
    guarded.triage.team.__class__.objects.update(test_repetitions=2)
    seen: list[str] = []

    def moody(request: Request) -> Answer:
        seen.append(request.user_text)
        is_first = seen.count(request.user_text) == 1 or "New." not in request.system
        return oracle(request) if is_first else call("complete_case", summary="Now and then.")

    check = held(guarded.triage, someone, aop="New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech))
    work_tests()
    seen.clear()
    guarded.provider.script = moody
    check = held(guarded.triage, someone, aop="New.\n\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech))
    work_tests()
    assert set(verdicts(check).values()) == {"broken"}


def test_someone_elses_save_in_between_keeps_the_checked_one_from_going_live(guarded: Desk, someone: Actor) -> None:
    check = held(guarded.triage, someone, aop="New.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech))
    save_agent(guarded.triage, aop="Theirs", override="It is urgent.")
    work_tests()
    check.refresh_from_db()
    assert check.passed and check.saved_number is None and "in the meantime" in check.note
    assert guarded.triage.live_revision.aop == "Theirs"


def test_a_check_of_an_agent_that_was_deleted_ends(guarded: Desk, someone: Actor) -> None:
    check = held(guarded.triage, someone, aop="New")
    delete_agent(guarded.triage)
    checks.sweep()
    check.refresh_from_db()
    assert check.status == "stopped" and work_tests() == 0


def test_a_rehearsal_saves_nothing(guarded: Desk) -> None:
    assert gate.rehearse(lambda: save_agent(guarded.tech, aop="New")) is None
    assert gate.rehearse(lambda: save_agent(guarded.triage, aop="New")) is not None
    assert guarded.tech.live_revision.aop == "" and Revision.objects.filter(aop="New").count() == 0
    with pytest.raises(Refused, match="already exists"):
        gate.rehearse(lambda: save_agent(guarded.tech, name="Billing"))


def test_a_test_never_takes_a_place_from_a_case(guarded: Desk, someone: Actor, make_case: Make[Case]) -> None:
    held(guarded.triage, someone, aop="New")
    assert not claims.has_due() and claims.claim_runs("other/1", 10) == []
    assert RoutingTest.objects.count() == 2


def test_an_import_that_breaks_a_route_ends_with_the_status_three(
    guarded: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: work_tests())
    before = guarded.triage.live_revision
    call_command("export_agents", "--team", guarded.triage.team.slug, "--to", str(tmp_path), stdout=StringIO())
    [path] = [file for file in tmp_path.rglob("*.md") if "triage" in file.name.lower()]
    path.write_text(path.read_text().replace("- refund", "- return"))
    with pytest.raises(CommandError, match="broken: A refund") as caught:
        call_command("import_agents", str(path), "--team", guarded.triage.team.slug, stdout=StringIO())
    assert caught.value.returncode == 3 and guarded.triage.live_revision == before
    reason = ["--override", "The office is closed."]
    call_command("import_agents", str(path), "--team", guarded.triage.team.slug, *reason, stdout=StringIO())
    assert guarded.triage.live_revision.override_reason == "The office is closed."
