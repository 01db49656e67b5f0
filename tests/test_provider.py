import asyncio
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelUnavailableError,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from runs.providers import providers

from . import children
from .provider import Failure, Provider, Reply, call, calls, fail, router, say
from .wire import Call

SYSTEM = "You are Triage, an AI agent in a team of agents and people."
TARGET = {
    "anyOf": [
        {"const": "billing-specialist", "description": "Billing Specialist: invoices"},
        {"const": "technical-support", "description": "Technical Support: errors"},
    ]
}
TOOLS = [
    ToolDefinition(
        name="request_handover",
        description="Hand over.",
        parameters_json_schema={
            "type": "object",
            "properties": {"target": TARGET, "reason": {"type": "string"}},
            "required": ["target", "reason"],
        },
    ),
    ToolDefinition(
        name="complete_case",
        description="The case is done.",
        parameters_json_schema={
            "type": "object",
            "properties": {"summary": {"type": "string"}},
            "required": ["summary"],
        },
    ),
]


APIS = ["openai-chat", "openai", "anthropic", "google"]


@pytest.fixture(params=APIS)
def api(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def model(api: str, provider: Provider) -> AsyncIterator[Model]:
    """Each of the product's models, speaking to the provider."""
    kind = providers.PROVIDERS[api]
    async with httpx2.AsyncClient(timeout=60) as client:
        yield kind.build("small", providers.Access("test", provider.environment[kind.base_url]), client)


only_chat = pytest.mark.parametrize("api", ["openai-chat"])


def prompt(text: str = "Charged twice") -> list[ModelMessage]:
    return [ModelRequest(parts=[UserPromptPart(text)], instructions=SYSTEM)]


async def ask(model: Model, messages: list[ModelMessage] | None = None, tools: list[ToolDefinition] = TOOLS):
    parameters = ModelRequestParameters(function_tools=tools)
    return await asyncio.wait_for(model.request(messages or prompt(), None, parameters), timeout=60)


async def test_a_text_arrives(model: Model, provider: Provider):
    provider.answers(say("Done, with an “ü”.", input_tokens=120, output_tokens=34))

    response = await ask(model)

    assert [part.content for part in response.parts if isinstance(part, TextPart)] == ["Done, with an “ü”."]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (120, 34)


async def test_text_and_several_tool_calls_arrive_in_order(model: Model, provider: Provider):
    provider.answers(
        calls(
            Call("request_handover", {"target": "billing-specialist", "reason": "Refund"}),
            Call("complete_case", {"summary": "Grüße"}),
            text="Both.",
        )
    )

    response = await ask(model)

    found = [part for part in response.parts if isinstance(part, ToolCallPart)]
    assert [(part.tool_name, part.args_as_dict()) for part in found] == [
        ("request_handover", {"target": "billing-specialist", "reason": "Refund"}),
        ("complete_case", {"summary": "Grüße"}),
    ]
    assert len({part.tool_call_id for part in found}) == 2
    assert response.text == "Both."


async def test_the_request_is_understood(model: Model, provider: Provider):
    provider.answers(say("ok"))
    history: list[ModelMessage] = [
        *prompt("Charged twice"),
        ModelResponse(
            parts=[TextPart("A moment."), ToolCallPart("complete_case", {"summary": "x"}, tool_call_id="c1")]
        ),
        ModelRequest(parts=[ToolReturnPart("complete_case", "Refused.", tool_call_id="c1")], instructions=SYSTEM),
    ]

    await ask(model, history)

    (request,) = provider.requests
    assert request.model == "small"
    assert request.agent == "Triage"
    assert request.user_text == "Charged twice"
    assert sorted(request.tools) == ["complete_case", "request_handover"]
    assert request.targets == ["billing-specialist", "technical-support"]
    assert [(message.role, message.tool) for message in request.messages] == [
        ("user", ""),
        ("assistant", ""),
        ("call", "complete_case"),
        ("result", "complete_case"),
    ]
    assert json.loads(request.messages[2].text) == {"summary": "x"}
    assert "Refused." in request.results[0].text


async def test_a_failure_has_its_status_message_and_retry_after(model: Model, provider: Provider):
    provider.answers(fail(429, "Slow down.", retry_after=7), fail(503, "Overloaded."), fail(400, "Bad tool."))

    with pytest.raises(ModelRateLimitError, match=r"Slow down\.") as limited:
        await ask(model)
    with pytest.raises(ModelUnavailableError, match=r"Overloaded\."):
        await ask(model)
    with pytest.raises(ModelHTTPError, match=r"Bad tool\.") as rejected:
        await ask(model)

    assert limited.value.retry_after == 7
    assert rejected.value.status_code == 400
    assert len(provider.requests) == 3, "nobody retries on its own"


@pytest.mark.parametrize("kind", ["half", "cut", "garbage", "empty", "hang_up"])
async def test_a_broken_answer_is_an_error_and_the_next_one_is_fine(
    model: Model, api: str, kind: Any, provider: Provider
):
    provider.answers(Failure(kind=kind), say("ok"))

    if (api, kind) == ("google", "empty"):
        assert (await ask(model)).parts == []  # Google's SDK takes it for an answer without content
    else:
        with pytest.raises(ModelAPIError):
            await ask(model)

    assert (await ask(model)).text == "ok"


@pytest.mark.parametrize("api", ["openai-chat", "openai"])  # the others send arguments as data
async def test_arguments_that_are_no_json_arrive_as_they_are(model: Model, provider: Provider):
    provider.answers(calls(Call("complete_case", '{"summary": ')))

    (part,) = (await ask(model)).parts

    assert part.args == '{"summary": '


async def test_an_answer_can_be_held_back(model: Model, provider: Provider):
    release = threading.Event()
    provider.answers(Reply("At last.", after=release))

    waiting = asyncio.create_task(ask(model))
    await asyncio.to_thread(provider.wait_for_requests, 1)
    assert not waiting.done()
    release.set()

    assert (await waiting).text == "At last."


async def test_a_stream_says_the_same(model: Model, provider: Provider):
    provider.answers(calls(Call("complete_case", {"summary": "Done"}), text="Both halves."))

    parameters = ModelRequestParameters(function_tools=TOOLS)
    async with model.request_stream(prompt(), None, parameters) as stream:
        async for _ in stream:
            pass
        response = stream.get()

    assert provider.requests[0].stream
    assert response.text == "Both halves."
    assert [part.args_as_dict() for part in response.tool_calls] == [{"summary": "Done"}]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 7)


async def test_the_router_hands_over_what_it_may_and_completes_the_rest(model: Model, provider: Provider):
    provider.script = router({"charged": "billing-specialist", "crash": "technical-support"})

    (handover,) = (await ask(model, prompt("Charged twice"))).tool_calls
    (other,) = (await ask(model, prompt("Hello"))).tool_calls
    (alone,) = (await ask(model, prompt("It crashes"), TOOLS[1:])).tool_calls
    standalone = await ask(model, prompt("It crashes"), [])

    assert handover.args_as_dict() == {"target": "billing-specialist", "reason": "It is about “charged”."}
    assert (other.tool_name, alone.tool_name) == ("complete_case", "complete_case")
    assert alone.args_as_dict() == {"summary": "Triage did it."}
    assert standalone.text == "Triage did it."


@only_chat
async def test_a_script_can_depend_on_the_request(model: Model, provider: Provider):
    provider.script = lambda request: call("complete_case", summary=f"{request.number}: {request.agent}")

    answers = await asyncio.gather(*(ask(model) for _ in range(30)))

    numbers = sorted(int(answer.tool_calls[0].args_as_dict()["summary"].split(":")[0]) for answer in answers)
    assert numbers == list(range(1, 31))
    assert [request.number for request in provider.requests] == numbers


@only_chat
async def test_a_script_that_is_at_its_end_says_so(model: Model, provider: Provider):
    provider.answers(say("one"))
    await ask(model)

    with pytest.raises(ModelHTTPError, match="no answer to request 2"):
        await ask(model)


def test_waiting_for_requests_that_do_not_come_ends(provider: Provider):
    with pytest.raises(TimeoutError, match="0 requests came"):
        provider.wait_for_requests(1, timeout=0.05)


def test_other_processes_find_it_through_the_environment(provider: Provider):
    provider.answers(say("Hello from here."))
    code = """
import json, os, urllib.request
body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body)
print(json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"])
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)

    assert done.stdout == "Hello from here.\n"


def test_an_unknown_path_is_not_found(provider: Provider):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{provider.url}/v1/embeddings", b"{}")
    assert provider.requests == []


def test_it_can_be_a_process_of_its_own():
    command = [sys.executable, "-m", "tests.provider", '{"refund": "billing"}']
    root = Path(__file__).parents[1]
    with children.start(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()
            with urllib.request.urlopen(f"{url}/v1/chat/completions", body, timeout=60) as response:
                assert json.load(response)["choices"][0]["message"]["content"] == "The agent did it."
        finally:
            process.terminate()
