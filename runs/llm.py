"""One request to a model. With `providers`, `journal` and `offline` the only code that knows pydantic-ai."""

import asyncio
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
from django.conf import settings
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelServerError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from teams.addresses import NotAllowed
from teams.json_text import check_levels

from . import closeness
from .providers import PROVIDERS, Access, ModelProblem, Models, streams, without_key

DECLINED = "model_declined"
_LONGEST_WAIT = 60.0


async def request(
    model: Model, name: str, messages: Sequence[ModelMessage], tools: list[ToolDefinition], access: Access | None = None
) -> ModelResponse:
    """One answer of the model, or ModelProblem. Neither holds the key that was sent."""
    try:
        response = await _request(model, name, messages, tools)
        for call in response.tool_calls:
            check_levels(call.args)  # those that the provider's library has read; texts are read by their tools
    except ModelAPIError as error:
        problem = _problem(name, error, access)
        problem.message = without_key(problem.message, access)
        raise problem from error
    except (AgentRunError, UserError, httpx2.HTTPError, ValueError, RecursionError) as error:
        words = without_key(str(error), access)
        raise ModelProblem("model_error", f"The model “{name}” gave no usable answer: {words}") from error
    response = _without_key(response, access)
    if response.finish_reason == "content_filter" and not response.tool_calls:
        raise _declined(name, response)
    return response


async def _request(
    model: Model, name: str, messages: Sequence[ModelMessage], tools: list[ToolDefinition]
) -> ModelResponse:
    try:
        async with asyncio.timeout(settings.MODEL_TOTAL_SECONDS):
            parameters = ModelRequestParameters(function_tools=tools)
            if streams(name):
                return await _stream(model, name, messages, parameters)
            return await model_request(model, messages, model_request_parameters=parameters)
    except TimeoutError as error:
        message = f"The model “{name}” did not answer within {settings.MODEL_TOTAL_SECONDS:g} seconds."
        raise ModelProblem("model_timeout", message, passes=True) from error


async def _stream(
    model: Model, name: str, messages: Sequence[ModelMessage], parameters: ModelRequestParameters
) -> ModelResponse:
    broken = ModelProblem("model_unavailable", f"The answer of “{name}” broke off.", passes=True)
    try:
        async with model_request_stream(model, messages, model_request_parameters=parameters) as pieces:
            async for _ in pieces:
                pass
            response = pieces.get()
    except UnexpectedModelBehavior as error:
        raise broken from error
    if response.finish_reason is None:
        raise broken
    return response


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
    """It, or a filter of its provider, will not have to do with this. Asking again would not change its mind."""
    words = (response.provider_details or {}).get("refusal") or response.text
    said = f": {words}" if words else "."
    return ModelProblem(DECLINED, f"The model “{name}” refused to answer{said}")


def _problem(name: str, error: ModelAPIError, access: Access | None) -> ModelProblem:
    if refusal := _not_allowed(error):
        return ModelProblem("model_refused", f"The provider of “{name}” was not asked: {refusal}")
    if isinstance(error, ModelConnectionError):
        return ModelProblem("model_unreachable", f"{_unreachable(name, access)} ({error.message})", passes=True)
    status = error.status_code if isinstance(error, ModelHTTPError) else None
    # Without a status it is an answer that broke off or was no answer at all.
    passes = status is None or isinstance(error, ModelRateLimitError | ModelUnavailableError | ModelServerError)
    said = f"{status}: {_words(error.body) or error.message}" if status else error.message
    return ModelProblem(
        "model_unavailable" if passes else "model_refused",
        f"The provider of “{name}” answered {said}",
        passes=passes or status == 408,
        retry_after=error.retry_after,
    )


def _not_allowed(error: BaseException) -> NotAllowed | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, NotAllowed):
        cause = cause.__cause__ or cause.__context__
    return cause


def _words(body: object) -> str:
    """What an error body says, where providers put it."""
    for key in ("error", "message"):
        body = body.get(key, body) if isinstance(body, dict) else body
    return str(body or "")


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
    """What came of one small call. `tone`: success, warning or error."""

    tone: str
    words: str


async def try_model(name: str, access: Access, seconds: float = 20) -> Trial:
    """Asks the model one small thing and says in a sentence what came back. Never raises; tells no keys."""
    models = Models()
    try:
        model = models.get(name, access)  # the first one of a provider imports its code, which takes seconds
        began = time.monotonic()
        async with asyncio.timeout(seconds):
            response = await request(model, name, [ModelRequest([UserPromptPart(_PING)])], [_READY], access)
    except TimeoutError:
        return Trial("error", f"The model “{name}” did not answer within {seconds:g} seconds.")
    except ModelProblem as problem:
        return Trial("error", problem.message)
    finally:
        await models.close()
    return _judged(name, response, time.monotonic() - began)


def try_offline() -> Trial:
    began = time.monotonic()
    if closeness.available():
        return Trial("success", f"The offline stand-in is ready, after {time.monotonic() - began:.1f} s.")
    return Trial(
        "warning", "It cannot compare texts, as the extra “offline” is not installed. It asks a person each time."
    )


def _judged(name: str, response: ModelResponse, took: float) -> Trial:
    if response.tool_calls:
        return Trial("success", f"“{name}” answered in {took:.1f} s and used the tool it was given.")
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
