import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from runs.models import HumanRequest, Run, Step
from teams.keys.api_keys import create_key
from tests.driving import scripted, work_next
from tests.provider import Provider, call, calls, fail, say
from tests.wire import Call

from .conftest import Caller, problem

__all__ = ["scripted"]

pytestmark = pytest.mark.django_db


def test_a_run_is_started_and_read_to_its_end(api: Caller, scripted: Provider, make_agent) -> None:
    agent = make_agent("Clerk")
    response = api.post("/runs", {"agent_id": str(agent.pk), "input": "What is due?"})
    started = response.json()
    assert response.status_code == 202
    assert (started["status"], started["outcome"], started["trigger"]) == ("queued", None, "api")
    assert (started["input"], started["agent"]["name"], started["revision"]["number"]) == ("What is due?", "Clerk", 1)
    scripted.answers(say("Nothing is due."))
    work_next()
    ended = api.get(f"/runs/{started['id']}").json()
    assert (ended["status"], ended["outcome"], ended["result"]) == ("completed", "answered", "Nothing is due.")
    assert (ended["error"], ended["handover"], ended["human_requests"], ended["attempt"]) == (None, None, [], 1)
    assert ended["usage"] == {"requests": 1, "input_tokens": 11, "output_tokens": 7, "cost_usd": None}
    assert ended["started_at"]
    assert ended["ended_at"]


def test_steps_say_what_happened(api: Caller, scripted: Provider, queue, make_agent, make_case) -> None:
    make_agent("Clerk", aop="Do it.", queue=queue)
    make_case("Refund")
    scripted.answers(
        calls(Call("update_case", {"labels": ["seen"]}), text="Let me see."), call("complete_case", summary="Done.")
    )
    run = work_next()
    steps = api.get(f"/runs/{run.pk}/steps").json()["items"]
    assert [step["kind"] for step in steps[:3]] == ["prompt", "response", "tool_result"]
    assert [step["seq"] for step in steps] == list(range(1, len(steps) + 1))
    prompt, response, result = steps[:3]
    assert "Do it." in prompt["instructions"]
    assert "Refund" in prompt["text"]
    assert response["text"] == "Let me see."
    [made] = response["calls"]
    assert (made["tool"], made["arguments"]) == ("update_case", {"labels": ["seen"]})
    assert result["result"] == {"call_id": made["id"], "tool": "update_case", "ok": True, "content": "Changed: labels."}


def test_a_run_says_whom_it_handed_over_to(api: Caller, scripted: Provider, make_agent) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", aop="To", mentions=[billing])
    first = api.post("/runs", {"agent_id": str(triage.pk), "input": "Refund!"}).json()
    scripted.answers(call("request_handover", target="billing", reason="Money", note="Be kind"), say("Refunded."))
    work_next()
    shown = api.get(f"/runs/{first['id']}").json()
    second = Run.objects.exclude(pk=first["id"]).get()
    assert shown["outcome"] == "handed_over"
    passage = shown["handover"].pop("passage")
    assert (passage["revision_number"], passage["text"]) == (1, "To @Billing")
    assert shown["handover"] == {
        "fields": {},
        "target_agent_id": str(billing.pk),
        "target_user_id": None,
        "target_group_id": None,
        "target_name": "Billing",
        "reason": "Money",
        "note": "Be kind",
        "status": "applied",
        "run_id": str(second.pk),
        "case_id": None,
    }
    child = api.get(f"/runs/{second.pk}").json()
    assert (child["parent_run_id"], child["root_run_id"], child["hop"]) == (first["id"], first["id"], 1)
    assert (child["trigger"], child["input"]) == ("handover", "")
    assert [row["id"] for row in api.get("/runs", root_run_id=first["id"]).json()["items"]] == [child["id"]]


def test_a_run_on_a_case_says_which_run_took_over(
    api: Caller, scripted: Provider, queue, make_agent, make_case
) -> None:
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", aop="To", mentions=[billing], queue=queue)
    case = make_case("Refund", assignee=triage)
    scripted.answers(
        call("request_handover", target="billing", reason="Money"), call("complete_case", summary="Refunded.")
    )
    first = work_next()
    shown = api.get(f"/runs/{first.pk}").json()["handover"]
    assert (shown["status"], shown["run_id"], shown["case_id"]) == ("applied", None, str(case.pk))
    second = work_next()
    assert api.get(f"/runs/{first.pk}").json()["handover"]["run_id"] == str(second.pk)
    stages = api.get(f"/cases/{case.pk}").json()["stages"]
    assert [(row["agent_name"], row["outcome"]) for row in stages] == [
        ("Triage", "handed_over"),
        ("Billing", "completed"),
    ]
    assert api.get(f"/cases/{case.pk}").json()["hops"] == 1


def test_a_failed_run_says_what_the_provider_said(api: Caller, scripted: Provider, make_agent) -> None:
    started = api.post("/runs", {"agent_id": str(make_agent().pk)}).json()
    scripted.answers(fail(401, "This key is wrong."))
    work_next()
    shown = api.get(f"/runs/{started['id']}").json()
    assert shown["status"] == "failed"
    assert shown["error"]["code"]
    assert "This key is wrong." in shown["error"]["message"]


def test_a_run_that_asks_its_model_again_says_so(api: Caller, scripted: Provider, make_agent) -> None:
    started = api.post("/runs", {"agent_id": str(make_agent().pk)}).json()
    scripted.answers(fail(503, "Overloaded."))
    work_next()
    shown = api.get(f"/runs/{started['id']}").json()
    assert (shown["status"], shown["error"]["code"]) == ("queued", "retrying")


def test_an_agent_that_may_not_start_says_why(api: Caller, make_agent) -> None:
    gone = make_agent("Gone")
    blocked, paused = make_agent(aop="To", mentions=[gone]), make_agent()
    delete_agent(gone)
    pause_agent(paused)
    error = problem(api.post("/runs", {"agent_id": str(blocked.pk)}), 409, "deleted_target")
    assert "@Gone" in error["message"]
    problem(api.post("/runs", {"agent_id": str(paused.pk)}), 409, "agent_paused")
    assert not Run.objects.exists()


def test_an_agent_or_revision_that_is_not_ours_is_not_found(api: Caller, make_agent, strangers) -> None:
    agent, other, theirs = make_agent(), make_agent(), make_agent(of=strangers)
    gone = make_agent()
    delete_agent(gone)
    for id in (theirs.pk, gone.pk, uuid.uuid4()):
        error = problem(api.post("/runs", {"agent_id": str(id)}), 404, "not_found")
        assert error["fields"] == {"agent_id": "There is no such agent."}
    for revision in (theirs.live_revision, other.live_revision):
        body = {"agent_id": str(agent.pk), "revision_id": str(revision.pk)}
        assert set(problem(api.post("/runs", body), 404, "not_found")["fields"]) == {"revision_id"}
    assert not Run.objects.exists()


def test_a_run_may_follow_an_earlier_revision(api: Caller, make_agent) -> None:
    agent = make_agent(aop="First.")
    first = agent.live_revision
    api.patch(f"/agents/{agent.pk}", {"aop": "Second."})
    body = {"agent_id": str(agent.pk), "revision_id": str(first.pk)}
    assert api.post("/runs", body).json()["revision"] == {"id": str(first.pk), "number": 1}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"input": "a\x00"}, "input"),
        ({"input": "x" * 100_001}, "input"),
        ({"agent_id": "x"}, "agent_id"),
        ({"a": 1}, "a"),
    ],
)
def test_what_a_run_cannot_begin_with_is_refused(api: Caller, make_agent, wrong: dict[str, object], field: str) -> None:
    body = {"agent_id": str(make_agent().pk)} | wrong
    assert set(problem(api.post("/runs", body), 422, "invalid")["fields"]) == {field}


def test_a_run_is_stopped_once(api: Caller, make_run) -> None:
    run = make_run()
    assert api.post(f"/runs/{run.pk}/stop").json()["status"] == "stopped"
    problem(api.post(f"/runs/{run.pk}/stop"), 409, "illegal_move")


@pytest.fixture
def question(scripted: Provider, queue, make_agent, make_case) -> HumanRequest:
    make_agent("Clerk", queue=queue)
    make_case("Refund")
    scripted.answers(
        call("ask_person", question="May I?", choices=["Yes", "No"]), call("complete_case", summary="Refunded.")
    )
    work_next()
    return HumanRequest.objects.get()


def test_a_question_is_answered_and_the_run_goes_on(api: Caller, question: HumanRequest) -> None:
    at = f"/human-requests/{question.pk}/respond"
    [shown] = api.get(f"/runs/{question.run_id}").json()["human_requests"]
    assert (shown["question"], shown["choices"], shown["status"]) == ("May I?", ["Yes", "No"], "open")
    assert api.get("/cases").json()["items"][0]["reason"] == "question"
    response = api.post(at, {"answer": "Yes"})
    answered = response.json()
    assert response.status_code == 200
    assert (answered["status"], answered["answer"], answered["actor"]) == ("answered", "Yes", "API key Tests")
    assert work_next().outcome == "case_completed"
    problem(api.post(at, {"answer": "No"}), 409, "already_answered")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "answer"),
        ({"answer": "  "}, "answer"),
        ({"answer": "a\x00"}, "answer"),
        ({"approved": True}, "approved"),
        ({"answer": "Yes", "comment": "x"}, "comment"),
    ],
)
def test_what_is_no_answer_is_refused(
    api: Caller, question: HumanRequest, wrong: dict[str, object], field: str
) -> None:
    error = problem(api.post(f"/human-requests/{question.pk}/respond", wrong), 422, "invalid")
    assert set(error["fields"]) == {field}
    assert HumanRequest.objects.get().status == "open"


def test_a_member_takes_a_question_on_until_a_time(api: Caller, question: HumanRequest, member) -> None:
    at = f"/human-requests/{question.pk}"
    changed = api.patch(at, {"assignee": member.user.email.upper(), "due_at": "2031-01-01T00:00:00Z"}).json()
    assert (changed["assignee"], changed["due_at"]) == (str(member.user), "2031-01-01T00:00:00Z")
    assert api.patch(at, {"due_at": None}).json()["assignee"] == str(member.user)
    assert api.patch(at, {"assignee": None}).json()["assignee"] is None
    assert "assignee" in problem(api.patch(at, {"assignee": "nobody@example.com"}), 422)["fields"]
    assert "due_at" in problem(api.patch(at, {"due_at": "2020-01-01T00:00:00Z"}), 422)["fields"]
    api.post(f"{at}/respond", {"answer": "Yes"})
    problem(api.patch(at, {"assignee": member.user.email}), 409, "already_answered")


@pytest.fixture
def approval(scripted: Provider, queue, make_agent, make_case) -> HumanRequest:
    make_agent("Clerk", queue=queue)
    make_case("Refund")
    scripted.answers(
        call("request_approval", title="Refund", details="40 EUR"), call("complete_case", summary="Refunded.")
    )
    work_next()
    return HumanRequest.objects.get()


def test_an_approval_is_given_and_the_run_goes_on(api: Caller, approval: HumanRequest) -> None:
    at = f"/human-requests/{approval.pk}/respond"
    answered = api.post(at, {"approved": False, "comment": "Too much"}).json()
    assert (answered["status"], answered["approved"], answered["comment"]) == ("answered", False, "Too much")
    assert (answered["answer"], answered["details"]) == (None, "40 EUR")
    assert work_next().outcome == "case_completed"
    problem(api.post(at, {"approved": True}), 409, "already_answered")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "approved"),
        ({"answer": "Yes"}, "approved"),
        ({"approved": True, "answer": "Yes"}, "answer"),
        ({"approved": True, "comment": "a\x00"}, "comment"),
    ],
)
def test_what_decides_no_approval_is_refused(
    api: Caller, approval: HumanRequest, wrong: dict[str, object], field: str
) -> None:
    error = problem(api.post(f"/human-requests/{approval.pk}/respond", wrong), 422, "invalid")
    assert set(error["fields"]) == {field}
    assert HumanRequest.objects.get().status == "open"


@pytest.mark.parametrize("asked", ["question", "approval"])
def test_a_key_for_cases_neither_answers_nor_approves(team, request, asked: str) -> None:
    row: HumanRequest = request.getfixturevalue(asked)
    body = {"answer": "Yes"} if asked == "question" else {"approved": True}
    of_cases = Caller(create_key(team, "Intake", ["read", "cases", "runs", "agents", "admin"])[1])
    error = problem(of_cases.post(f"/human-requests/{row.pk}/respond", body), 403)
    assert "answers" in error["message"]
    assert HumanRequest.objects.get().status == "open"
    answering = Caller(create_key(team, "Desk", ["answers"])[1])
    assert answering.post(f"/human-requests/{row.pk}/respond", body).status_code == 200


def test_requests_to_people_are_found(api: Caller, make_agent, make_run, make_case, queue) -> None:
    case, agent = make_case(), make_agent()
    runs = [make_run(agent, case=case, queue=queue, status="waiting"), make_run(status="waiting")]
    on_case, alone = [
        HumanRequest.objects.create(team_id=run.team_id, run=run, call_id="1", kind=kind, question="Well?")
        for run, kind in zip(runs, ("approval", "question"), strict=True)
    ]
    HumanRequest.objects.filter(pk=alone.pk).update(status="closed", closed_because="Done by hand.")

    def found(**wanted: object) -> list[str]:
        return [row["id"] for row in api.get("/human-requests", **wanted).json()["items"]]

    assert found() == [str(alone.pk), str(on_case.pk)]
    wanted = ({"status": "open"}, {"kind": "approval"}, {"agent_id": agent.pk}, {"case_id": case.pk})
    assert [found(**one) for one in wanted] == [[str(on_case.pk)]] * 4
    assert found(run_id=runs[1].pk) == [str(alone.pk)]
    first = api.get("/human-requests", limit=1).json()
    assert (first["items"][0]["closed_because"], first["items"][0]["case_id"]) == ("Done by hand.", None)
    assert found(limit=1, cursor=first["next_cursor"]) == [str(on_case.pk)]


def test_runs_are_found(api: Caller, queue, make_run, make_agent, make_case) -> None:
    agent = make_agent()
    case = make_case()
    other = make_run(status="stopped", created_at=timezone.now() - timedelta(hours=1))
    on_case = make_run(agent, case=case, queue=queue, created_at=timezone.now() - timedelta(minutes=1))
    mine = make_run(agent)

    def found(**wanted: object) -> list[str]:
        return [row["id"] for row in api.get("/runs", **wanted).json()["items"]]

    assert found() == [str(run.pk) for run in (mine, on_case, other)]
    assert found(status="stopped") == [str(other.pk)]
    assert found(agent_id=agent.pk) == [str(mine.pk), str(on_case.pk)]
    assert found(case_id=case.pk) == found(queue_id=queue.pk) == [str(on_case.pk)]
    assert found(agent_id=uuid.uuid4()) == found(outcome="answered") == []


def test_steps_are_of_the_run_alone(api: Caller, make_run) -> None:
    first, second = make_run(), make_run()
    for run in (first, second):
        Step.objects.create(team_id=run.team_id, run=run, seq=1, kind="note", data={"text": "hello", "code": "x"})
    assert [step["text"] for step in api.get(f"/runs/{first.pk}/steps").json()["items"]] == ["hello"]
