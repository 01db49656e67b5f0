"""One request to a model. With `providers`, `steps` and `offline` the only code that knows pydantic-ai."""

import asyncio
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import httpx2
from django.conf import settings
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, UserError
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from data.network.addresses import NotAllowed
from data.texts.json_text import check_levels
from runs.offline import similarity
from runs.wire.problems import CUT, DECLINED, ModelProblem, words
from runs.wire.reading import is_object

from . import schema_calls, tool_calling
from .providers import PROVIDERS, Access, Models, without_key

_LONGEST_WAIT = 60.0


async def request(
    model: Model,
    name: str,
    messages: Sequence[ModelMessage],
    tools: list[ToolDefinition],
    access: Access | None = None,
    *,
    must_call: bool = False,
    by_schema: bool = False,
) -> ModelResponse:
    """One answer of the model, or ModelProblem. Neither holds the key that was sent.

    With `must_call` the model is held to call a tool, where its provider knows how to; with `by_schema` to JSON that
    says which.
    """
    try:
        if by_schema:
            asked = schema_calls.messages(messages, tools, must_call=must_call)
            response = await _request(model, name, asked, schema_calls.parameters(tools, must_call=must_call))
            response = schema_calls.read(response, tools)
        else:
            response = await _request(model, name, messages, _parameters(tools, must_call))
        for call in response.tool_calls:
            check_levels(call.args)  # those that the provider's library has read; texts are read by their tools
    except (ModelProblem, AgentRunError, UserError, httpx2.HTTPError, ValueError, RecursionError) as error:
        problem = _problem(name, error, access)
        problem.message = without_key(problem.message, access)
        raise problem from error
    response = _counted(_without_key(response, access))
    if response.finish_reason == "content_filter" and not response.tool_calls:
        raise _dropping(response, _declined(name, response))
    if _is_cut(response, tools):
        message = f"The model “{name}” reached its token limit in the middle of a tool call."
        raise _dropping(response, ModelProblem(CUT, message, passes=True))
    return response


def _dropping(response: ModelResponse, problem: ModelProblem) -> ModelProblem:
    problem.dropped = response
    return problem


def _is_cut(response: ModelResponse, tools: Sequence[ToolDefinition]) -> bool:
    """Return whether the last call is only half there. Some providers give a half as an object of nothing."""
    if response.finish_reason != "length" or not response.tool_calls:
        return False
    last = response.tool_calls[-1]
    needs = any(tool.parameters_json_schema.get("required") for tool in tools if tool.name == last.tool_name)
    given = last.args or {}
    return not is_object(given) or (needs and given in ({}, "{}"))


def _parameters(tools: list[ToolDefinition], must_call: bool) -> ModelRequestParameters:
    return ModelRequestParameters(function_tools=tools, allow_text_output=not (must_call and tools))


async def _request(
    model: Model, name: str, messages: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> ModelResponse:
    try:
        async with asyncio.timeout(settings.MODEL_TOTAL_SECONDS):
            return await model_request(model, messages, model_request_parameters=parameters)
    except TimeoutError as error:
        message = f"The model “{name}” did not answer within {settings.MODEL_TOTAL_SECONDS:g} seconds."
        raise ModelProblem("model_timeout", message, passes=True) from error


def _counted(response: ModelResponse) -> ModelResponse:
    """Return what an answer took, or nothing where it says no tokens at all: no request takes none, so nobody knows."""
    took = response.usage
    if took.input_tokens or took.output_tokens or took.unmeasured_requests:
        return response
    return replace(response, usage=RequestUsage(unmeasured_requests=1))


def _without_key(response: ModelResponse, access: Access | None) -> ModelResponse:
    """A server might say what it was sent, and steps are for everybody in the team to read."""
    if access is None:
        return response
    said = ModelMessagesTypeAdapter.dump_json([response]).decode()
    cleaned = without_key(said, access)
    if cleaned == said:
        return response
    found = ModelMessagesTypeAdapter.validate_json(cleaned)[0]
    assert isinstance(found, ModelResponse)
    return found


def _declined(name: str, response: ModelResponse) -> ModelProblem:
    """Return the problem that the model, or a filter of its provider, declines the subject. Asking again would not
    change that.
    """
    given = (response.provider_details or {}).get("refusal") or response.text
    said = f": {given}" if given else "."
    return ModelProblem(DECLINED, f"The model “{name}” refused to answer{said}")


def _problem(name: str, error: BaseException, access: Access | None) -> ModelProblem:
    """Return what the wire said of it, which the providers' libraries wrap in errors of their own."""
    if problem := _cause(error, ModelProblem):
        return problem
    if refusal := _cause(error, NotAllowed):
        return ModelProblem("model_refused", f"The provider of “{name}” was not asked: {refusal}")
    if lost := _cause(error, httpx2.TransportError):
        why = words(str(lost)) or type(lost).__name__
        return ModelProblem("model_unreachable", f"{_unreachable(name, access)} ({why})", passes=True)
    # What is asked for in a way that the library refuses stays refused; what it could not read may come out better.
    message = f"The model “{name}” gave no usable answer: {words(str(error))}"
    return ModelProblem("model_error", message, passes=not isinstance(error, UserError))


def _cause[Kind: BaseException](error: BaseException | None, kind: type[Kind]) -> Kind | None:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _unreachable(name: str, access: Access | None) -> str:
    if access and access.is_own:
        return f"The provider of “{name}” could not be reached at {access.base_url}. Check the address in the settings."
    # An address of the environment may hold a password.
    where = f" at {re.sub(r'//[^/@]+@', '//', access.base_url)}" if access else ""
    variable = PROVIDERS[name.partition(":")[0]].base_url
    return f"The provider of “{name}” could not be reached{where}. Check that it runs, and {variable}."


# --- Trying a model --------------------------------------------------------------------------

_PING = "This is a test. Call the tool `ready` now, and write nothing."
_READY = ToolDefinition(
    name="ready", description="Says that you are ready.", parameters_json_schema={"type": "object", "properties": {}}
)


@dataclass(frozen=True)
class Trial:
    """What came of one small call. `tone`: success, warning or error. `found`: how it calls tools, if it does."""

    tone: str
    words: str
    found: str = ""


async def try_model(name: str, access: Access, seconds: float = 20) -> Trial:
    """Ask the model one small thing and return in a sentence what came back. Never raises; tells no keys."""
    models = Models()
    try:
        model = models.get(name, access)  # the first one of a provider imports its code, which takes seconds
        began = time.monotonic()
        async with asyncio.timeout(seconds):
            response, found = await _asked_both_ways(model, name, access)
    except TimeoutError:
        return Trial("error", f"The model “{name}” did not answer within {seconds:g} seconds.")
    except ModelProblem as problem:
        return Trial("error", problem.message)
    finally:
        await models.close()
    return _judged(name, response, time.monotonic() - began, found)


async def _asked_both_ways(model: Model, name: str, access: Access) -> tuple[ModelResponse, str]:
    """The answer, and how the model called the tool: native, schema, or not at all."""
    messages: list[ModelMessage] = [ModelRequest([UserPromptPart(_PING)])]
    response = await request(model, name, messages, [_READY], access, must_call=True)
    if response.tool_calls or not tool_calling.may_use_schema(name):
        return response, tool_calling.Style.NATIVE if response.tool_calls else ""
    try:
        held = await request(model, name, messages, [_READY], access, must_call=True, by_schema=True)
    except ModelProblem:
        return response, ""  # it knows no schemas either
    return (held, tool_calling.Style.SCHEMA) if held.tool_calls else (response, "")


def try_offline() -> Trial:
    began = time.monotonic()
    if similarity.available():
        return Trial("success", f"The offline stand-in is ready, after {time.monotonic() - began:.1f} s.")
    return Trial(
        "warning", "It cannot compare texts, as the extra “offline” is not installed. It asks a person each time."
    )


def _judged(name: str, response: ModelResponse, took: float, found: str) -> Trial:
    if found == tool_calling.Style.SCHEMA:
        return Trial(
            "success",
            f"“{name}” answered in {took:.1f} s. It used the tool it was given only when held to a JSON schema, so"
            " agents hold it to one.",
            found,
        )
    if response.tool_calls:
        return Trial("success", f"“{name}” answered in {took:.1f} s and used the tool it was given.", found)
    said = " ".join((response.text or "").split())
    said = f"“{said[:120]}{'…' if len(said) > 120 else ''}”" if said else "nothing"
    return Trial(
        "warning",
        f"“{name}” answered {said} in {took:.1f} s, without using the tool it was given. Agents hand over and end"
        " cases by tools, so look at its first runs.",
    )


def wait_before_retry(problem: ModelProblem, retries: int) -> float:
    """Seconds: what the provider asked for and a little more, else twice as long each time; never all at once."""
    if problem.retry_after is not None:
        return problem.retry_after * (1 + random.random() / 10)  # noqa: S311
    return float(min(2**retries, _LONGEST_WAIT) * (0.5 + random.random() / 2))  # noqa: S311
