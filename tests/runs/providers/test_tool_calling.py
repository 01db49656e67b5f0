"""How a model calls its tools: found out by a test, chosen by people, and done by a schema where it cannot natively."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from jsonschema import Draft202012Validator
from pydantic_ai.tools import ToolDefinition
from pytest_django.fixtures import Settings

from builder.models import Agent
from cases.models import Case
from runs.models import Run, ToolCalling
from runs.providers import schema_calls, tool_calling
from runs.tools import tools
from teams.models import Team
from tests.driving import drive
from tests.fixtures import Make, take
from tests.markup import one_line
from tests.provider import Provider, Request, Script, call, fail, say

pytestmark = pytest.mark.django_db

MODEL = "openai-chat:small"


def as_json(tool: str, **arguments: Any) -> str:
    return json.dumps({"call": {"tool": tool, "arguments": arguments}})


def held(*answers: str) -> Script:
    """A model that only talks, unless its server holds it to a schema: then these, in order."""
    left = iter(answers)
    return lambda request: say(next(left)) if "response_format" in request.body else say("I would be glad to help.")


def schema(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = request.body["response_format"]["json_schema"]["schema"]
    return found


def asked(client: Client, model: str = MODEL) -> Any:
    return client.post(reverse("model_test"), {"model_kind": "provider", "model": model})


def choose(client: Client, style: str, model: str = MODEL) -> int:
    return client.post(reverse("tool_calls"), {"model": model, "tool_calls": style}).status_code


@pytest.fixture
def case(provider: Provider, make_agent: Make[Agent], make_case: Make[Case], queue, settings: Settings) -> Case:
    make_agent("Triage", queue=queue, model=MODEL)
    return make_case("Charged twice")


def work() -> Run:
    [claim] = take()
    return drive(claim)


def test_the_test_finds_out_that_a_model_needs_a_schema(signed_in: Client, provider: Provider, team: Team) -> None:
    provider.script = held(as_json("ready"))
    page = asked(signed_in)
    assert page.context["trial"].tone == "success" and "held to a JSON schema" in page.context["trial"].words
    assert "Automatic (JSON schema)" in one_line(page.text)
    assert tool_calling.by_schema(team.pk, {MODEL}) == {MODEL}


def test_a_model_that_calls_natively_is_asked_once(signed_in: Client, provider: Provider, team: Team) -> None:
    provider.answers(call("ready"))
    assert "Automatic (native)" in one_line(asked(signed_in).text)
    assert tool_calling.by_schema(team.pk, {MODEL}) == frozenset()


def test_a_server_that_knows_neither_is_a_warning(signed_in: Client, provider: Provider) -> None:
    provider.script = lambda request: fail(400, "What?") if "response_format" in request.body else say("Hello.")
    trial = asked(signed_in).context["trial"]
    assert trial.tone == "warning" and "“Hello.”" in trial.words


def test_a_run_is_held_to_the_offered_tools(signed_in: Client, provider: Provider, case: Case) -> None:
    assert choose(signed_in, "schema") == 200
    provider.script = held(as_json("update_case", priority="high"), as_json("complete_case", summary="Refunded."))
    run = work()
    assert (run.outcome, run.result, run.requests) == ("case_completed", "Refunded.", 2), run.error
    case.refresh_from_db()
    assert case.priority == Case.Priority.HIGH
    first, second = provider.requests
    assert not first.tools and "complete_case" in first.system and "schema of its arguments" in first.system
    Draft202012Validator(schema(first)).validate(json.loads(as_json("complete_case", summary="x")))
    assert [message.role for message in second.messages] == ["user", "assistant", "user"]
    assert "What the tool update_case answered" in second.user_text


def test_a_run_without_a_case_can_answer(signed_in: Client, provider: Provider, make_agent, make_run) -> None:
    choose(signed_in, "schema")
    make_run(make_agent("Clerk", model=MODEL))
    provider.script = held(as_json("answer", text="Three reviews."))
    run = work()
    assert (run.outcome, run.result) == ("answered", "Three reviews.")


def test_what_people_chose_stands_whatever_a_test_finds(signed_in: Client, provider: Provider, team: Team) -> None:
    choose(signed_in, "native")
    provider.script = held(as_json("ready"))
    asked(signed_in)
    assert tool_calling.by_schema(team.pk, {MODEL}) == frozenset()
    choose(signed_in, "automatic")
    assert tool_calling.by_schema(team.pk, {MODEL}) == {MODEL}


@pytest.mark.parametrize(("style", "model"), [("telepathy", MODEL), ("schema", "anthropic:claude"), ("schema", "")])
def test_what_is_no_choice_is_refused(signed_in: Client, style: str, model: str) -> None:
    assert choose(signed_in, style, model) == 422
    assert not ToolCalling.objects.exists()


def test_a_choice_of_one_team_is_not_anothers(team: Team, make_team: Make[Team]) -> None:
    tool_calling.record_tool_calling(make_team("Strangers"), MODEL, "schema")
    assert tool_calling.by_schema(team.pk, {MODEL}) == frozenset()


def test_references_of_a_tools_schema_still_lead_somewhere(make_agent: Make[Agent]) -> None:
    definitions = [_definition(name, tool.arguments.model_json_schema()) for name, tool in tools.TOOLS.items()]
    found = schema_calls.parameters(definitions, must_call=True).output_object
    assert found
    check = Draft202012Validator(found.json_schema)
    case = {"queue": "Refunds", "cases": [{"title": "One"}]}
    check.validate({"call": {"tool": "add_cases", "arguments": case}})
    assert not check.is_valid({"call": {"tool": "add_cases", "arguments": {"queue": "Refunds", "cases": [{}]}}})
    assert not check.is_valid({"call": {"tool": "rm_rf", "arguments": {}}})


def _definition(name: str, schema: dict[str, Any]) -> Any:
    return ToolDefinition(name=name, description="", parameters_json_schema=schema)
