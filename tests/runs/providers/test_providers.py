"""What providers do, met by the engine over real HTTP, in the words of each."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from builder.models import Agent, Usage
from cases.models import Case
from data.network.identity import USER_AGENT
from runs.models import Run, Step
from runs.results.schemas import run_out, with_details
from tests.driving import drive
from tests.fixtures import Make, take
from tests.provider import Failure, Provider, call, calls, fail, refuse, say
from tests.wire import Call

pytestmark = pytest.mark.django_db

DONE = call("complete_case", summary="Done.")


@pytest.fixture(params=["openai-chat", "openai", "anthropic", "google"])
def scripted(request: pytest.FixtureRequest, provider: Provider, settings: Settings) -> Provider:
    settings.BATON_DEFAULT_MODEL = f"{request.param}:scripted"
    return provider


@pytest.fixture
def case(scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue) -> Case:
    make_agent("Triage", queue=queue)
    return make_case("Charged twice")


def work() -> Run:
    [claim] = take()
    return drive(claim)


def retried() -> Run:
    """Works a run whose wait for its provider is over."""
    Run.objects.filter(status="queued").update(available_at="2020-01-01T00:00:00Z")
    return work()


def steps(run: Run) -> list[str]:
    return [step.data.get("code") or step.kind for step in run.steps.all()]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_parks_the_run_and_is_tried_again(scripted: Provider, case: Case, status: int):
    scripted.answers(fail(status, "Come back later."), DONE)

    run = work()
    assert (run.status, run.retries, run.worker) == ("queued", 1, "")
    assert "Come back later." in run.error

    run = retried()
    assert (run.status, run.outcome, run.error, run.requests) == ("completed", "case_completed", "", 1)


def test_retry_after_is_honoured(scripted: Provider, case: Case):
    scripted.answers(fail(429, retry_after=30), DONE)
    run = work()
    run.refresh_from_db()
    assert run.started_at
    assert 25 < (run.available_at - run.started_at).total_seconds() < 40
    assert not take()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_what_will_not_pass_fails_at_once_with_the_providers_words(scripted: Provider, case: Case, status: int):
    scripted.answers(fail(status, "Mind your manners."))
    run = work()
    assert (run.status, run.error_code) == ("failed", "model_refused")
    assert f"{status}: Mind your manners." in run.error
    case.refresh_from_db()
    assert (case.status, case.reason) == ("needs_input", "run_failed")


@pytest.mark.parametrize("kind", ["half", "cut", "garbage", "empty", "hang_up"])
def test_an_answer_that_breaks_off_is_asked_for_again(scripted: Provider, case: Case, kind: Any):
    scripted.answers(Failure(200, kind=kind), DONE)

    run = work()
    assert (run.status, run.retries) == ("queued", 1), (run.error_code, run.error)
    assert not run.steps.filter(kind=Step.Kind.RESPONSE).exists()

    assert retried().outcome == "case_completed"


def test_a_stream_that_falls_silent_is_given_up_and_a_model_that_thinks_is_waited_for(
    scripted: Provider, case: Case, settings: Settings
):
    settings.MODEL_SILENCE_SECONDS = 0.2
    scripted.script = lambda request: replace(DONE, delay=1 if request.number == 1 else 0)
    run = work()
    assert (run.status, run.retries) == ("queued", 1), (run.error_code, run.error)
    assert retried().outcome == "case_completed"


def test_a_slow_provider_times_out_and_is_tried_again(scripted: Provider, case: Case, settings: Settings):
    settings.MODEL_TOTAL_SECONDS = 0.2
    scripted.answers(say("Too late.", delay=1), DONE)
    run = work()
    assert (run.status, run.retries) == ("queued", 1)
    assert "did not answer within 0.2 seconds" in run.error


def test_a_provider_that_stays_away_fails_the_run_in_the_end(scripted: Provider, case: Case, settings: Settings):
    settings.MODEL_RETRIES = 2
    scripted.script = lambda request: fail(503, "Closed.")
    work()
    retried()
    run = retried()
    assert (run.status, run.error_code, len(scripted.requests)) == ("failed", "model_unavailable", 3)
    assert "Closed." in run.error


def test_arguments_that_are_no_json_object_are_answered(scripted: Provider, case: Case, settings: Settings):
    # Anthropic's and Google's are no text but a value, so they are JSON at least.
    is_value = not settings.BATON_DEFAULT_MODEL.startswith("openai")
    scripted.answers(calls(Call("complete_case", '"Do"' if is_value else '{"summary": "Do')), DONE)
    run = work()
    assert run.outcome == "case_completed", (run.error_code, run.error)
    assert "invalid" in steps(run)


def test_a_tool_that_does_not_exist_is_answered(scripted: Provider, case: Case):
    scripted.answers(call("rm_rf", path="/"), DONE)
    run = work()
    assert run.outcome == "case_completed"
    assert "unknown_tool" in steps(run)
    assert "There is no tool rm_rf." in scripted.requests[-1].results[0].text


def test_two_calls_of_a_turn_run_in_order(scripted: Provider, case: Case):
    scripted.answers(
        calls(Call("update_case", {"priority": "high"}), Call("complete_case", {"summary": "Done."}), text="Both.")
    )
    run = work()
    assert (run.outcome, run.requests) == ("case_completed", 1)
    case.refresh_from_db()
    assert (case.status, case.priority) == ("completed", Case.Priority.HIGH)


def test_an_empty_answer_is_corrected_once(scripted: Provider, case: Case):
    scripted.answers(say(""), DONE)
    run = work()
    assert run.outcome == "case_completed", (run.error_code, run.error)
    assert "no_outcome" in steps(run)


def test_two_empty_answers_park_the_case(scripted: Provider, case: Case):
    scripted.answers(say(""), say(""))
    run = work()
    assert (run.status, run.error_code) == ("failed", "no_outcome"), run.error


def test_a_refusal_parks_the_case_and_says_so(scripted: Provider, case: Case, settings: Settings):
    scripted.answers(refuse("I will not help with that."))
    run = work()
    assert (run.status, run.error_code) == ("failed", "model_declined")
    tells_why = settings.BATON_DEFAULT_MODEL.startswith("openai")
    assert run.error.endswith("refused to answer: I will not help with that." if tells_why else "refused to answer.")
    case.refresh_from_db()
    assert (case.status, case.reason) == ("needs_input", "run_failed")


def test_an_answer_of_200_kb_arrives_whole(scripted: Provider, make_run: Make[Run]):
    text = "ü" * 100_000
    make_run()
    scripted.answers(say(text))
    run = work()
    assert (run.outcome, run.result) == ("answered", text)


def test_arguments_of_200_kb_arrive_whole(scripted: Provider, case: Case):
    summary = "ü" * 100_000
    scripted.answers(call("complete_case", summary=summary))
    run = work()
    assert (run.outcome, len(run.result)) == ("case_completed", 100_000), (run.error_code, run.error)


# --- An answer that is cut off ---------------------------------------------------------------


def test_an_answer_cut_off_at_the_token_limit_goes_on_once(scripted: Provider, make_run: Make[Run]):
    make_run()
    scripted.answers(say("One, two, ", is_cut=True), say("three."))
    run = work()
    assert (run.outcome, run.result, run.truncated) == ("answered", "One, two, three.", False)
    assert "Go on exactly where it stopped" in scripted.requests[1].user_text


def test_an_answer_that_is_cut_off_again_says_so(scripted: Provider, make_run: Make[Run], signed_in: Client):
    make_run()
    scripted.answers(say("One, ", is_cut=True), say("two, ", is_cut=True))
    run = work()
    assert (run.outcome, run.result, run.truncated) == ("answered", "One, two, ", True)
    assert len(scripted.requests) == 2
    assert run_out(with_details(Run.objects.filter(pk=run.pk)).get()).truncated
    assert "The answer is incomplete" in signed_in.get(reverse("run", args=[run.pk])).text


def test_a_text_that_was_cut_off_is_no_outcome_of_a_case(scripted: Provider, case: Case):
    scripted.answers(say("I will now", is_cut=True), DONE)
    run = work()
    assert (run.outcome, run.truncated) == ("case_completed", False)


def test_a_tool_call_that_is_cut_off_is_asked_for_twice_more_and_then_said(scripted: Provider, case: Case, settings):
    is_text = settings.BATON_DEFAULT_MODEL.split(":")[0] != "google"
    scripted.script = lambda request: replace(
        calls(Call("complete_case", '{"summary": "Refun' if is_text else {})), is_cut=True
    )
    assert work().status == retried().status == "queued"
    run = retried()
    assert (run.status, run.error_code, len(scripted.requests)) == ("failed", "model_cut", 3)
    assert "reached its token limit in the middle of a tool call" in run.error


def test_answers_that_are_dropped_count_as_used(scripted: Provider, case: Case, settings):
    """They were paid for: those of calls that were cut off, before the one that came whole."""
    is_text = settings.BATON_DEFAULT_MODEL.split(":")[0] != "google"
    cut = replace(calls(Call("complete_case", '{"summary": "Refun' if is_text else {})), is_cut=True)
    scripted.answers(cut, cut, DONE)
    assert work().status == retried().status == "queued"
    run = retried()
    assert (run.outcome, run.requests, run.input_tokens, run.output_tokens) == ("case_completed", 3, 33, 21)
    [used] = Usage.objects.filter(agent=run.agent_id).values("runs", "requests", "input_tokens", "output_tokens")
    assert used == {"runs": 1, "requests": 3, "input_tokens": 33, "output_tokens": 21}


def test_a_whole_call_at_the_token_limit_counts(scripted: Provider, case: Case):
    scripted.answers(replace(DONE, is_cut=True))
    assert work().outcome == "case_completed"


# --- Another model when one fails ------------------------------------------------------------


@pytest.fixture
def two_models(scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue, settings: Settings) -> Case:
    other = "openai" if settings.BATON_DEFAULT_MODEL.startswith("anthropic") else "anthropic"
    make_agent("Triage", queue=queue, fallback=f"{other}:other")
    return make_case("Charged twice")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_the_fallback_goes_on_from_the_step_where_the_model_failed(scripted: Provider, two_models: Case, status: int):
    scripted.answers(call("update_case", priority="high"), fail(status, "Not you."), DONE)
    run = work()
    assert (run.outcome, run.requests) == ("case_completed", 2), run.error
    assert [request.model for request in scripted.requests] == ["scripted", "scripted", "other"]
    assert [result.tool for result in scripted.requests[-1].results] == ["update_case"]
    assert "Not you." not in scripted.requests[-1].user_text
    note = run.steps.get(kind=Step.Kind.NOTE).data["text"]
    assert f"{status}: Not you. The run goes on with " in note
    models = Usage.objects.values_list("model", "requests").order_by("model")
    assert sorted(requests for _, requests in models) == [1, 1] and len({model for model, _ in models}) == 2


def test_the_fallback_is_asked_when_retries_are_used_up(scripted: Provider, two_models: Case, settings: Settings):
    settings.MODEL_RETRIES = 1
    scripted.answers(fail(529), fail(529), fail(529), DONE)
    assert work().retries == 1
    assert retried().status == "queued"  # the fallback has retries of its own
    assert retried().outcome == "case_completed"
    assert [request.model for request in scripted.requests] == ["scripted", "scripted", "other", "other"]


def test_both_failures_are_told_when_the_fallback_fails_too(scripted: Provider, two_models: Case):
    scripted.answers(fail(401, "Wrong key."), fail(404, "No such model."))
    run = work()
    assert (run.status, run.error_code) == ("failed", "model_refused")
    assert "401: Wrong key." in run.error and "404: No such model." in run.error


def test_a_model_that_does_not_exist_has_a_fallback_too(provider: Provider, make_agent, make_run: Make[Run]):
    provider.answers(say("Done."))
    make_run(make_agent(model="nobody:nothing", fallback="openai-chat:other"))
    assert work().outcome == "answered"


def test_a_refusal_is_not_taken_to_another_model(scripted: Provider, two_models: Case):
    scripted.answers(refuse("I will not help with that."))
    run = work()
    assert (run.error_code, len(scripted.requests)) == ("model_declined", 1)


def test_a_long_wait_is_left_to_the_fallback(scripted: Provider, two_models: Case):
    scripted.answers(fail(429, retry_after=600), DONE)
    assert work().outcome == "case_completed"


def test_a_long_wait_without_a_fallback_parks_the_run_that_long(scripted: Provider, case: Case):
    scripted.answers(fail(429, retry_after=600))
    run = work()
    assert run.status == "queued"
    assert run.started_at
    assert 590 < (run.available_at - run.started_at).total_seconds() < 700


def test_a_wait_of_hours_fails_the_run(scripted: Provider, case: Case):
    scripted.answers(fail(429, "Come back tomorrow.", retry_after=50_000))
    run = work()
    assert (run.status, run.error_code) == ("failed", "model_unavailable")


def test_a_provider_is_told_who_asks(scripted: Provider, case: Case):
    scripted.answers(DONE)
    work()
    [request] = scripted.requests
    assert {value for name, value in request.headers.items() if name.lower() == "user-agent"} == {USER_AGENT}
