"""The API of routing tests, checks, and of what the gate answers."""

import json
import time
from uuid import uuid4

import pytest

from builder.agents.agents import delete_agent, save_agent
from builder.agents.connections import Consumes
from builder.models import Agent
from cases.models import Case, Queue
from routes.models import Check, RoutingTest
from teams.keys.api_keys import create_key
from teams.models import AuditEntry, Team, Webhook
from teams.webhooks.webhooks import create_webhook
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, desk, work_tests

from .conftest import Caller

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


def expecting(agent: Agent) -> list[dict[str, str]]:
    return [{"decision": "hand_over", "agent_id": str(agent.pk)}]


@pytest.fixture
def guarded(desk: Desk, api: Caller) -> Desk:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))
    for title, target in {"A refund": desk.billing, "An outage": desk.tech}.items():
        body = {"input": {"title": title}, "expected": expecting(target)}
        assert api.post(f"/agents/{desk.triage.pk}/tests", body).status_code == 201
    return desk


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a request waits for a check, a worker works it."""
    monkeypatch.setattr(time, "sleep", lambda seconds: work_tests())


# --- Tests -----------------------------------------------------------------------------------


def test_a_test_is_created_read_changed_and_deleted(desk: Desk, api: Caller, queue: Queue) -> None:
    body = {
        "input": {"title": "A refund", "data": {"order": 7}, "labels": ["money"], "priority": "high"},
        "expected": [*expecting(desk.billing), {"decision": "ask"}],
        "name": "Refunds",
    }
    made = api.post(f"/agents/{desk.triage.pk}/tests", body)
    assert made.status_code == 201
    test = made.json()
    assert test["mode"] == "case" and test["source"] == "api" and test["queue_id"] == str(queue.pk)
    assert test["input"]["data"] == {"order": 7} and test["input"]["priority"] == "high"
    assert test["expected"] == body["expected"]
    assert test["void"] is False and test["last"] is None
    changed = api.patch(f"/tests/{test['id']}", {"input": {"title": "Two refunds"}, "name": "More"}).json()
    assert (changed["name"], changed["input"]["title"], changed["input"]["data"]) == (
        "More",
        "Two refunds",
        {"order": 7},
    )
    assert [row["id"] for row in api.get(f"/agents/{desk.triage.pk}/tests").json()["items"]] == [test["id"]]
    assert api.delete(f"/tests/{test['id']}").status_code == 204
    assert api.get(f"/tests/{test['id']}").status_code == 404


def test_a_text_makes_a_standalone_test_for_any_agent(make_agent: Make[Agent], api: Caller) -> None:
    agent = make_agent()
    body = {"input": {"text": "Hello"}, "expected": [{"decision": "answer"}]}
    test = api.post(f"/agents/{agent.pk}/tests", body).json()
    assert test["mode"] == "standalone" and test["input"]["text"] == "Hello" and test["queue_id"] is None


def test_a_test_of_a_run_expects_what_it_decided(desk: Desk, api: Caller, make_case: Make[Case]) -> None:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing))
    make_case("A refund", assignee=desk.triage)
    run = work_next()
    test = api.post(f"/agents/{desk.triage.pk}/tests", {"input": {"from_run_id": str(run.pk)}}).json()
    assert test["expected"][0]["agent_id"] == str(desk.billing.pk) and test["name"] == "A refund"
    refused = api.post(f"/agents/{desk.tech.pk}/tests", {"input": {"from_run_id": str(run.pk)}})
    assert refused.status_code == 422 and "input.from_run_id" in refused.json()["error"]["fields"]


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({}, "input"),
        ({"title": ""}, "input.title"),
        ({"text": "  "}, "input.text"),
        ({"title": "A", "text": "B"}, "input.title"),
    ],
)
def test_an_empty_input_is_refused_by_its_field(desk: Desk, api: Caller, input: dict[str, str], field: str) -> None:
    answer = api.post(f"/agents/{desk.triage.pk}/tests", {"input": input, "expected": [{"decision": "ask"}]})
    assert answer.status_code == 422 and field in answer.json()["error"]["fields"]


def test_an_expected_agent_must_be_another_one_of_the_team(
    desk: Desk, api: Caller, strangers: Team, make_agent: Make[Agent]
) -> None:
    gone = make_agent("Gone")
    delete_agent(gone)
    for id in (desk.triage.pk, gone.pk, make_agent(of=strangers).pk, uuid4(), None):
        wanted = {"decision": "hand_over", "agent_id": id and str(id)}
        body = {"input": {"title": "A"}, "expected": [{"decision": "ask"}, wanted]}
        answer = api.post(f"/agents/{desk.triage.pk}/tests", body)
        assert answer.status_code == 422 and "expected.1.agent_id" in answer.json()["error"]["fields"]


def test_case_mode_needs_an_agent_that_takes_cases(make_agent: Make[Agent], api: Caller) -> None:
    body = {"input": {"title": "A"}, "expected": [{"decision": "ask"}]}
    answer = api.post(f"/agents/{make_agent().pk}/tests", body)
    assert answer.status_code == 422 and "input" in answer.json()["error"]["fields"]


def test_a_queue_is_needed_only_where_an_agent_takes_cases_from_several(
    desk: Desk, api: Caller, make_queue: Make[Queue], queue: Queue
) -> None:
    other = make_queue("Other")
    save_agent(desk.triage, consumes=[Consumes(queue.pk), Consumes(other.pk)])
    body = {"input": {"title": "A"}, "expected": [{"decision": "ask"}]}
    answer = api.post(f"/agents/{desk.triage.pk}/tests", body)
    assert "input.queue_id" in answer.json()["error"]["fields"]
    body["input"]["queue_id"] = str(other.pk)  # type: ignore[index]
    assert api.post(f"/agents/{desk.triage.pk}/tests", body).json()["queue_id"] == str(other.pk)


def test_an_agent_has_so_many_tests_at_most(desk: Desk, api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routes.routing_tests.routing_tests.MOST", 1)
    body = {"input": {"title": "A"}, "expected": [{"decision": "ask"}]}
    assert api.post(f"/agents/{desk.triage.pk}/tests", body).status_code == 201
    assert api.post(f"/agents/{desk.triage.pk}/tests", body).json()["error"]["code"] == "too_many"


# --- Checks ----------------------------------------------------------------------------------


def test_a_check_tells_all_six_counts_and_both_decisions(guarded: Desk, api: Caller) -> None:
    aop = guarded.aop(refund=guarded.tech, outage=guarded.tech)
    started = api.post(f"/agents/{guarded.triage.pk}/checks", {"aop": aop})
    assert started.status_code == 202
    work_tests()
    check = api.get(f"/checks/{started.json()['id']}").json()
    assert check["status"] == "done" and check["passed"] is False
    assert check["counts"] == {"passing": 1, "broken": 1, "fixed": 0, "failing": 0, "untested": 0, "void": 0}
    [broken] = [row for row in check["results"] if row["verdict"] == "broken"]
    assert broken["before"] == {"decision": "hand_over", "agent_id": str(guarded.billing.pk)}
    assert broken["after"] == {"decision": "hand_over", "agent_id": str(guarded.tech.pk)}
    [run_id] = broken["run_ids"]
    run = api.get(f"/runs/{run_id}").json()
    assert run["trigger"] == "test" and run["case_id"] is None
    assert guarded.triage.live_revision.number == 2


def test_runs_of_tests_are_listed_only_when_asked_for(guarded: Desk, api: Caller) -> None:
    api.post(f"/agents/{guarded.triage.pk}/checks", {})
    work_tests()
    assert api.get("/runs").json()["items"] == []
    assert len(api.get("/runs", trigger="test").json()["items"]) == 2


def test_tests_are_told_apart_in_usage(guarded: Desk, api: Caller) -> None:
    api.post(f"/agents/{guarded.triage.pk}/checks", {})
    work_tests()
    assert api.get("/usage", purpose="work").json()["total"]["requests"] == 0
    assert api.get("/usage", purpose="test").json()["total"]["requests"] == 2
    assert [row["purpose"] for row in api.get("/usage", by="purpose").json()["items"]] == ["test"]


def test_a_name_in_another_file_of_the_check_is_never_saved(guarded: Desk, api: Caller) -> None:
    api.post(f"/agents/{guarded.billing.pk}/checks", {"name": "Money", "description": "All about money."})
    work_tests()
    guarded.billing.refresh_from_db()
    assert guarded.billing.name == "Billing"
    check = Check.objects.get()
    assert {row.test.agent_id for row in check.results.all()} == {guarded.triage.pk}


# --- The gate --------------------------------------------------------------------------------


def test_a_change_that_breaks_a_route_is_answered_with_the_tests(guarded: Desk, api: Caller, worked: None) -> None:
    body = {"aop": guarded.aop(refund=guarded.tech, outage=guarded.tech), "note": "Shorter", "paused": True}
    answer = api.patch(f"/agents/{guarded.triage.pk}", body)
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "routes_broken" and [row["name"] for row in error["broken"]] == ["A refund"]
    assert error["untested"] == error["fixed"] == []
    assert api.get(f"/checks/{error['check_id']}").json()["passed"] is False
    guarded.triage.refresh_from_db()
    assert guarded.triage.live_revision.number == 2 and not guarded.triage.is_paused


def test_a_change_that_breaks_nothing_is_live_when_it_is_answered(guarded: Desk, api: Caller, worked: None) -> None:
    aop = "Be kind.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)
    answer = api.patch(f"/agents/{guarded.triage.pk}", {"aop": aop})
    assert answer.status_code == 200 and answer.json()["revision"]["number"] == 3


def test_a_check_that_takes_longer_changes_nothing_after_the_answer(
    guarded: Desk, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builder.gate.api._SECONDS", 0)
    body = {"aop": "Be kind.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)}
    error = api.patch(f"/agents/{guarded.triage.pk}", body).json()["error"]
    assert error["code"] == "routes_checking" and error["check_id"]
    work_tests()
    assert api.get(f"/checks/{error['check_id']}").json()["passed"] is True
    assert guarded.triage.live_revision.number == 2
    assert api.patch(f"/agents/{guarded.triage.pk}", body).status_code == 200


def test_a_change_that_is_held_after_it_was_let_through_names_its_check(
    guarded: Desk, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something else was saved between the check and the save."""
    monkeypatch.setattr("builder.gate.gate.pass_gate", lambda *about: None)
    body = {"aop": guarded.aop(refund=guarded.tech, outage=guarded.tech)}
    error = api.patch(f"/agents/{guarded.triage.pk}", body).json()["error"]
    assert error["code"] == "routes_checking" and error["check_id"]
    work_tests()
    again = api.patch(f"/agents/{guarded.triage.pk}", body).json()["error"]
    assert (again["code"], again["check_id"]) == ("routes_broken", error["check_id"])
    assert guarded.triage.live_revision.number == 2


def test_the_same_request_finds_the_check_that_refused_it(guarded: Desk, api: Caller, worked: None) -> None:
    body = {"aop": guarded.aop(refund=guarded.tech, outage=guarded.tech)}
    first, second = (api.patch(f"/agents/{guarded.triage.pk}", body).json()["error"] for _ in range(2))
    assert first["check_id"] == second["check_id"]


def test_a_test_that_expects_something_else_by_now_is_judged_again(guarded: Desk, api: Caller, worked: None) -> None:
    tests = {row["name"]: row["id"] for row in api.get(f"/agents/{guarded.triage.pk}/tests").json()["items"]}
    body = {"aop": guarded.aop(refund=guarded.tech, outage=guarded.tech)}
    api.post(f"/agents/{guarded.triage.pk}/checks", body)
    api.patch(f"/tests/{tests['A refund']}", {"expected": expecting(guarded.tech)})
    assert api.patch(f"/agents/{guarded.triage.pk}", body).status_code == 200
    api.patch(f"/tests/{tests['A refund']}", {"expected": expecting(guarded.billing)})
    back = {"aop": "New.\n" + body["aop"]}
    assert api.patch(f"/agents/{guarded.triage.pk}", back).status_code == 200
    api.patch(f"/tests/{tests['A refund']}", {"expected": expecting(guarded.tech)})
    again = {"aop": guarded.aop(refund=guarded.billing, outage=guarded.tech)}
    assert api.patch(f"/agents/{guarded.triage.pk}", again).json()["error"]["code"] == "routes_broken"


def test_with_the_provider_down_it_is_refused_as_untested(
    guarded: Desk, api: Caller, worked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    error = api.patch(f"/agents/{guarded.triage.pk}", {"aop": "Anything"}).json()["error"]
    assert error["code"] == "routes_untested" and len(error["untested"]) == 2
    assert error["untested"][0]["after"] is None


def test_who_comes_back_for_a_check_hears_once_that_it_could_not_be_run(
    guarded: Desk, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builder.gate.api._SECONDS", 0)
    body = {"aop": "Be kind.\n" + guarded.aop(refund=guarded.billing, outage=guarded.tech)}

    def sent() -> tuple[str, str]:
        error = api.patch(f"/agents/{guarded.triage.pk}", body).json()["error"]
        return error["code"], error["check_id"]

    with monkeypatch.context() as down:
        down.delenv("OPENAI_BASE_URL")
        down.delenv("OPENAI_API_KEY", raising=False)
        first = sent()
        work_tests()
        assert first[0] == "routes_checking" and sent() == ("routes_untested", first[1])
    assert sent()[0] == "routes_checking"
    work_tests()
    assert api.patch(f"/agents/{guarded.triage.pk}", body).status_code == 200


def test_an_override_takes_a_reason_and_the_right_to_give_it(guarded: Desk, api: Caller, team: Team) -> None:
    address = f"/agents/{guarded.triage.pk}"
    builder = Caller(create_key(team, "Builder", scopes=["read", "agents"])[1])
    assert builder.patch(address, {"aop": "Other", "override": "Because"}).status_code == 403
    assert "override" in api.patch(address, {"aop": "Other", "override": " "}).json()["error"]["fields"]
    assert api.patch(address, {"aop": "Other", "override": "The office is closed."}).status_code == 200
    newest = api.get(f"{address}/revisions").json()["items"][0]
    assert newest["override_reason"] == "The office is closed."
    assert AuditEntry.objects.filter(act="gate_overridden", change__contains="The office is closed.").exists()


def test_a_restored_revision_gets_the_same_answers(guarded: Desk, api: Caller, worked: None) -> None:
    address = f"/agents/{guarded.triage.pk}/revisions/1/restore"
    assert api.post(address).json()["error"]["code"] == "routes_broken"
    assert api.post(address, {"override": "Back to the start."}).json()["revision"]["number"] == 3
    assert api.post(f"/agents/{guarded.triage.pk}/revisions/99/restore").status_code == 404


def test_a_replacement_that_breaks_routes_is_refused(guarded: Desk, api: Caller, worked: None) -> None:
    answer = api.delete(f"/agents/{guarded.billing.pk}?replacement_id={guarded.tech.pk}")
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "routes_broken"
    guarded.billing.refresh_from_db()
    assert not guarded.billing.is_deleted


def test_webhooks_tell_how_a_check_ended(guarded: Desk, api: Caller, team: Team) -> None:
    webhook, _ = create_webhook(team, "https://example.com/hook", ["check.passed", "check.failed", "run.completed"])
    api.post(f"/agents/{guarded.triage.pk}/checks", {"aop": "Complete all."})
    api.post(f"/agents/{guarded.triage.pk}/checks", {})
    work_tests()
    told = Webhook.objects.get(pk=webhook.pk).deliveries.values_list("event", flat=True)
    assert sorted(told) == ["check.failed", "check.passed"]


def test_a_void_test_says_so(guarded: Desk, api: Caller) -> None:
    delete_agent(guarded.billing)
    tests = {row["name"]: row for row in api.get(f"/agents/{guarded.triage.pk}/tests").json()["items"]}
    assert tests["A refund"]["void"] is True and tests["An outage"]["void"] is False


def test_the_last_result_stands_with_the_test(guarded: Desk, api: Caller) -> None:
    api.post(f"/agents/{guarded.triage.pk}/checks", {})
    work_tests()
    last = {row["name"]: row["last"] for row in api.get(f"/agents/{guarded.triage.pk}/tests").json()["items"]}
    assert last["A refund"]["verdict"] == "passing" and last["A refund"]["decision"]["decision"] == "hand_over"
    assert RoutingTest.objects.count() == 2


# --- What receivers need ---------------------------------------------------------


def test_a_changed_need_checks_the_tests_of_the_senders(guarded: Desk, api: Caller, worked: None) -> None:
    """Their models choose by it, and see the fields in tests as in runs."""
    asked = len(guarded.provider.requests)
    saved = api.patch(f"/agents/{guarded.billing.pk}", {"aop": "Refund it.\n\nNEEDS\n- order number\n- amount: number"})
    assert saved.json()["error"]["code"] == "routes_broken"  # they never bring the fields
    seen = guarded.provider.requests[asked:]
    assert seen
    properties = seen[-1].tools["request_handover"]["properties"]
    assert "Needs in fields: order number (text); amount (number)" in json.dumps(properties)
    [check] = Check.objects.order_by("-created_at")[:1]
    assert {row.test.agent_id for row in check.results.select_related("test")} == {guarded.triage.pk}
