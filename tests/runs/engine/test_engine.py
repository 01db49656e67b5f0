import time
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection

from builder.agents.agents import save_agent
from builder.usage import usage
from cases.models import Reason
from data.errors import Refused
from runs.engine import engine, human_requests, turns
from runs.models import HumanRequest, Outcome, Run, Status, Step
from runs.opening import opening
from runs.people import moves
from runs.prompts import prompts
from runs.providers.providers import Models
from runs.record import outcomes, steps
from runs.record.claims import LostRun
from runs.workers import lost_runs
from teams.audit.actors import Actor
from tests.driving import drive, finish, work_next
from tests.fixtures import events, take
from tests.provider import call, calls, fail, say
from tests.wire import Call

pytestmark = pytest.mark.django_db

SOMEONE = Actor("Someone")


@pytest.fixture
def agent(scripted, make_agent, queue):
    return make_agent("Clerk", queue=queue)


def test_every_step_is_persisted_in_order(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(call("update_case", priority="high"), call("complete_case", summary="Done"))
    run = work_next()
    assert [step.kind for step in run.steps.all()] == ["prompt", "response", "tool_result", "response", "tool_result"]
    assert (run.requests, run.input_tokens, run.output_tokens) == (2, 22, 14)


@pytest.mark.django_db(transaction=True)
def test_while_the_model_is_asked_the_prompt_is_written(scripted, agent, make_run) -> None:
    """The request does not wait for that, so that it may come a moment later."""
    run = make_run(agent, input="What is 6 times 7?")

    def look(_request: Any) -> Any:
        while not Step.objects.filter(run=run, kind=Step.Kind.PROMPT).exists():
            time.sleep(0.005)
        connection.close()
        return say("42")

    scripted.script = look
    assert [step.kind for step in work_next().steps.all()] == ["prompt", "response"]


def test_an_answer_is_the_result_of_a_standalone_run(scripted, agent, make_run) -> None:
    make_run(agent, input="What is 6 times 7?")
    scripted.answers(say("42"))
    run = work_next()
    assert (run.status, run.outcome, run.result) == (Status.COMPLETED, Outcome.ANSWERED, "42")
    assert "What is 6 times 7?" in scripted.requests[0].user_text


def test_a_run_goes_on_from_its_last_step_and_repeats_no_finished_call(scripted, agent, make_case) -> None:
    case = make_case(assignee=agent)
    [claim] = take("w/1")
    scripted.answers(call("update_case", labels=["once"]))
    work = opening.open_work(claim)
    drive_one_turn(work, scripted)
    lost_runs.take_back_from("w/1")  # killed after the tool ran
    scripted.answers(call("complete_case", summary="Done"))
    run = work_next()
    assert (run.losses, run.outcome) == (1, Outcome.CASE_COMPLETED)
    assert events(case).count("updated") == 1
    assert [message.text for message in scripted.requests[-1].results] == ["Changed: labels."]


def test_a_run_killed_before_its_tools_ran_runs_them_then(scripted, agent, make_case) -> None:
    case = make_case(assignee=agent)
    [claim] = take("w/1")
    scripted.answers(call("complete_case", summary="Done"))
    ask_once(opening.open_work(claim), scripted)
    lost_runs.take_back_from("w/1")  # killed after the model spoke
    assert work_next().outcome == Outcome.CASE_COMPLETED
    assert len(scripted.requests) == 1
    case.refresh_from_db()
    assert case.status == "completed"


def ask_once(work: steps.Work, scripted) -> None:
    async def ask() -> None:
        models = Models()
        await engine._ask_model(work, models)
        await models.close()

    async_to_sync(ask)()
    steps.flush(work)


def drive_one_turn(work: steps.Work, scripted) -> None:
    ask_once(work, scripted)
    response = steps.unsettled(work)
    assert response
    async_to_sync(turns.take_turn)(work, response)


def test_a_leaving_worker_gives_the_run_back_before_the_next_request(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    [claim] = take()
    run = drive(claim, is_over=lambda: True)
    assert (run.status, run.losses) == (Status.QUEUED, 0)
    assert not scripted.requests


def test_calls_with_ids_used_before_are_still_new_calls(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(
        calls(Call("update_case", {"labels": ["a"]}, call_id="call_1")),
        calls(Call("update_case", {"labels": ["b"]}, call_id="call_1")),
        calls(Call("complete_case", {"summary": "x"}, call_id="call_1")),
    )
    run = work_next()
    assert run.outcome == Outcome.CASE_COMPLETED
    assert run.case.labels == ["b"]


@pytest.mark.parametrize(
    ("model", "code", "says"),
    [
        ("grok:4", "unknown_model", "There is no model “grok:4”"),
        ("nonsense", "unknown_model", "offline, openai-chat:…"),
        ("anthropic:claude", "missing_key", "add one in the settings"),
    ],
)
def test_a_model_that_cannot_be_had_fails_the_run_with_a_sentence(
    agent, make_case, monkeypatch, model, code, says
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    save_agent(agent, model=model)
    case = make_case(assignee=agent)
    run = work_next()
    assert (run.status, run.error_code) == (Status.FAILED, code)
    assert says in run.error
    assert [step.kind for step in run.steps.all()] == ["prompt"]
    case.refresh_from_db()
    assert (case.reason, case.detail) == (Reason.RUN_FAILED, run.error)


def test_a_refused_connection_is_tried_again_and_then_says_what_to_set(agent, make_case, monkeypatch, settings) -> None:
    settings.MODEL_RETRIES = 1
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    make_case(assignee=agent)
    run = work_next()
    assert (run.status, run.retries) == (Status.QUEUED, 1)
    assert "could not be reached at http://127.0.0.1:9/v1" in run.error
    Run.objects.update(available_at=run.created_at)
    run = work_next()
    assert (run.status, run.error_code) == (Status.FAILED, "model_unreachable")
    assert "OPENAI_BASE_URL" in run.error


def test_a_busy_provider_is_asked_again_when_it_says(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(fail(429, "Slow down.", retry_after=30), call("complete_case", summary="x"))
    run = work_next()
    wait = (run.available_at - run.steps.get().at).total_seconds()
    assert run.status == Status.QUEUED
    assert 30 <= wait < 36, "what it asked for, and up to a tenth more, so that not all come at once"
    Run.objects.update(available_at=run.created_at)
    run = work_next()
    assert (run.outcome, run.retries, run.error) == (Outcome.CASE_COMPLETED, 0, "")


def test_a_refusal_that_will_not_pass_fails_at_once_with_the_providers_words(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(fail(401, "This key was revoked."))
    run = work_next()
    assert (run.status, run.error_code) == (Status.FAILED, "model_refused")
    assert run.error == "The provider of “openai-chat:scripted” answered 401: This key was revoked."


def test_a_run_that_never_ends_is_broken_off(scripted, agent, make_case, settings) -> None:
    settings.RUN_REQUEST_LIMIT = 3
    make_case(assignee=agent)
    scripted.answers(*[call("update_case", priority="high")] * 5)
    run = work_next()
    assert (run.error_code, len(scripted.requests)) == ("budget_requests", 3)


def test_unknown_tools_and_wrong_arguments_are_answered(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(
        calls(Call("rm_rf", {}), Call("complete_case", {"sumary": "x"})), call("complete_case", summary="x")
    )
    run = work_next()
    said = [step.data["content"] for step in run.steps.filter(kind="tool_result")]
    assert said[0].startswith("Error: There is no tool rm_rf.")
    assert "summary: Field required" in said[1]
    assert run.outcome == Outcome.CASE_COMPLETED


def test_a_question_waits_for_a_person_and_goes_on_with_the_answer(scripted, agent, make_case) -> None:
    case = make_case(assignee=agent)
    scripted.answers(call("ask_person", question="Which one?", choices=["A", "B"]))
    run = work_next()
    request = HumanRequest.objects.get()
    case.refresh_from_db()
    assert (run.status, case.status, case.reason) == (Status.WAITING, "needs_input", "question")
    scripted.answers(call("complete_case", summary="B it is"))
    human_requests.answer(request, "B", SOMEONE)
    assert work_next().outcome == Outcome.CASE_COMPLETED
    assert ["\nB\n</data-" in message.text for message in scripted.requests[-1].results] == [True]
    assert events(case) == ["created", "started", "asked", "answered", "completed"]


def test_a_question_is_answered_once(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(call("ask_person", question="Which one?"))
    work_next()
    request = HumanRequest.objects.get()
    with pytest.raises(Refused, match="Enter an answer"):
        human_requests.answer(request, "  ", SOMEONE)
    human_requests.answer(request, "A", SOMEONE)
    with pytest.raises(Refused, match="answered or closed"):
        human_requests.answer(request, "B", SOMEONE)


def test_several_questions_of_a_turn_are_answered_one_by_one(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(calls(Call("ask_person", {"question": "One?"}), Call("ask_person", {"question": "Two?"})))
    run = work_next()
    first, second = run.human_requests.all()
    human_requests.answer(first, "1", SOMEONE)
    run.refresh_from_db()
    assert run.status == Status.WAITING
    human_requests.answer(second, "2", SOMEONE)
    run.refresh_from_db()
    assert run.status == Status.QUEUED


def test_closing_the_case_closes_the_question(scripted, agent, make_case) -> None:
    case = make_case(assignee=agent)
    scripted.answers(call("ask_person", question="Which one?"))
    run = work_next()
    moves.complete(case, "Done by hand", by=SOMEONE)
    run.refresh_from_db()
    assert (run.status, HumanRequest.objects.get().status) == (Status.STOPPED, "closed")


def test_without_the_connection_no_question_is_offered(scripted, make_agent, make_case, queue) -> None:
    make_case(assignee=make_agent(queue=queue, may_ask=False))
    scripted.answers(call("complete_case", summary="x"))
    work_next()
    assert "ask_person" not in scripted.requests[0].tools


def test_a_person_moving_the_case_makes_a_late_ending_harmless(agent, make_case) -> None:
    case = make_case(assignee=agent)
    [claim] = take()
    moves.complete(case, "By hand", by=SOMEONE)
    with pytest.raises(LostRun):
        finish(claim, outcomes.CaseFailed("too late"))
    case.refresh_from_db()
    assert (case.status, case.detail) == ("completed", "By hand")


def test_a_null_character_of_a_model_is_no_trouble(scripted, agent, make_run) -> None:
    make_run(agent)
    scripted.answers(say("a\x00b"))
    assert work_next().result == "a\N{REPLACEMENT CHARACTER}b"


def test_an_error_of_our_own_fails_the_run_instead_of_losing_it(agent, make_case, monkeypatch) -> None:
    make_case(assignee=agent)
    monkeypatch.setattr(prompts, "instructions", lambda *_: 1 / 0)
    run = work_next()
    assert (run.status, run.error_code) == (Status.FAILED, "internal_error")


def test_what_the_model_said_is_kept_when_an_error_of_our_own_follows(scripted, agent, make_case, monkeypatch) -> None:
    make_case(assignee=agent)
    scripted.answers(call("complete_case", summary="Done"))
    monkeypatch.setattr(turns, "_parse", lambda *_: 1 / 0)
    run = work_next()
    assert (run.error_code, run.requests, run.input_tokens) == ("internal_error", 1, 11)
    assert [step.kind for step in run.steps.all()] == ["prompt", "response"]
    assert usage.of_agent(agent, usage.last_days(agent.team, 1)).requests == 1
