"""What a model is asked for, and what becomes of it where a server does not know it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.tools import ToolDefinition

from runs.providers import model_requests, providers
from runs.providers.providers import Access, Models
from runs.wire.problems import ModelProblem
from tests.provider import Answer, Provider, Request, call, fail, say

TOOLS = [ToolDefinition(name="complete_case", description="")]
DONE = call("complete_case", summary="Done.")


@pytest.fixture(params=list(providers.PROVIDERS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def models() -> AsyncIterator[Models]:
    made = Models()
    yield made
    await made.close()


async def ask(models: Models, provider: Provider, kind: str, *, must_call: bool = True) -> ModelResponse:
    access = Access("test", provider.environment[providers.PROVIDERS[kind].base_url])
    prompt: list[Any] = [ModelRequest([UserPromptPart("Charged twice")])]
    model = models.get(f"{kind}:small", access)
    return await asyncio.wait_for(
        model_requests.request(model, "small", prompt, TOOLS, access, must_call=must_call), 20
    )


def forced(request: Request) -> bool:
    body = request.body
    mode = (body.get("toolConfig") or {}).get("functionCallingConfig", {}).get("mode")
    return body.get("tool_choice") in ("required", {"type": "any"}) or mode == "ANY"


def unless(refused: Any, answer: Answer) -> Any:
    """A server that refuses some requests in this way and does all others."""
    return lambda request: answer if refused(request) else DONE


async def test_every_provider_is_asked_for_a_stream(models: Models, provider: Provider, kind: str) -> None:
    provider.answers(DONE)
    response = await ask(models, provider, kind)
    assert provider.requests[0].stream and response.tool_calls
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 7)


async def test_a_model_is_held_to_a_tool_only_where_it_must_call_one(
    models: Models, provider: Provider, kind: str
) -> None:
    provider.answers(DONE, say("Done."))
    await ask(models, provider, kind)
    await ask(models, provider, kind, must_call=False)
    assert [forced(request) for request in provider.requests] == [True, False]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "tool_choice is not supported by this model."),
        (422, "body.tool_choice: Input should be 'none' or 'auto'"),
        (500, "Only tool_choice auto is implemented"),
        (400, "Thinking may not be enabled when tool_choice forces tool use."),
        (400, "Function calling mode ANY is not enabled"),
        (400, "Invalid value: 'required'. Supported values are: 'auto' and 'none'."),
    ],
)
async def test_a_server_that_cannot_be_held_to_a_tool_is_asked_without_and_only_once(
    models: Models, provider: Provider, kind: str, status: int, words: str
) -> None:
    provider.script = unless(forced, fail(status, words))
    assert (await ask(models, provider, kind)).tool_calls
    assert (await ask(models, provider, kind)).tool_calls
    assert [forced(request) for request in provider.requests] == [True, False, False]


@pytest.mark.parametrize(("status", "words"), [(400, "Streaming is not supported."), (501, "Not implemented.")])
async def test_a_server_that_knows_no_streams_is_asked_for_the_whole(
    models: Models, provider: Provider, kind: str, status: int, words: str
) -> None:
    provider.script = unless(lambda request: request.stream, fail(status, words))
    assert (await ask(models, provider, kind)).tool_calls
    assert (await ask(models, provider, kind)).tool_calls
    assert [request.stream for request in provider.requests] == [True, False, False]


async def test_a_server_that_counts_no_tokens_of_streams_is_asked_without(models: Models, provider: Provider) -> None:
    refusal = fail(422, "stream_options: Extra inputs are not permitted")
    provider.script = unless(lambda request: "stream_options" in request.body, refusal)
    assert (await ask(models, provider, "openai-chat")).tool_calls
    assert [request.stream for request in provider.requests] == [True, True]


async def test_a_refusal_of_something_else_is_told_at_once(models: Models, provider: Provider, kind: str) -> None:
    provider.script = lambda request: fail(400, "The context is too long.")
    with pytest.raises(ModelProblem, match=r"400: The context is too long\."):
        await ask(models, provider, kind)
    assert len(provider.requests) == 1


async def test_what_a_server_did_not_know_when_it_failed_is_asked_for_again(
    models: Models, provider: Provider, kind: str
) -> None:
    provider.answers(fail(400, "tool_choice?"), fail(400, "Out of credit."), DONE)
    with pytest.raises(ModelProblem, match=r"Out of credit\."):
        await ask(models, provider, kind)
    await ask(models, provider, kind)
    assert [forced(request) for request in provider.requests] == [True, False, True]
