"""A model from its name, and one request to it. With `journal` and `offline` the only code that knows pydantic-ai.

Names: `offline`, or `provider:model` such as `anthropic:claude-sonnet-5`. Keys and base addresses come from the
environment; `openai-chat:` with OPENAI_BASE_URL speaks to anything compatible (Ollama, vLLM, ...).
"""

import asyncio
import os
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import get_args

import httpx2
from django.conf import settings
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRateLimitError,
    ModelServerError,
    ModelUnavailableError,
    UserError,
)
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models import KnownModelName, Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from . import closeness

OFFLINE = "offline"
_LONGEST_WAIT = 60.0


class ModelProblem(Exception):
    """The model gave no answer. `passes` says that a later try may succeed; `retry_after` is in seconds."""

    def __init__(self, code: str, message: str, *, passes: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.passes = passes
        self.retry_after = retry_after


@dataclass(frozen=True)
class Provider:
    """`key` and `base_url` name the environment variables."""

    title: str
    key: str
    base_url: str
    build: Callable[[str, str, str | None, httpx2.AsyncClient], Model]


def _openai_chat(name: str, key: str, base_url: str | None, client: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    sdk = AsyncOpenAI(api_key=key, base_url=base_url, http_client=client, max_retries=0)
    return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=sdk))


def _openai(name: str, key: str, base_url: str | None, client: httpx2.AsyncClient) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    sdk = AsyncOpenAI(api_key=key, base_url=base_url, http_client=client, max_retries=0)
    return OpenAIResponsesModel(name, provider=OpenAIProvider(openai_client=sdk))


def _anthropic(name: str, key: str, base_url: str | None, client: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    sdk = AsyncAnthropic(api_key=key, base_url=base_url, http_client=client, max_retries=0)
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=sdk))


def _google(name: str, key: str, base_url: str | None, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    return GoogleModel(name, provider=GoogleProvider(api_key=key, base_url=base_url, http_client=client))


PROVIDERS = {
    "openai-chat": Provider("OpenAI compatible", "OPENAI_API_KEY", "OPENAI_BASE_URL", _openai_chat),
    "openai": Provider("OpenAI", "OPENAI_API_KEY", "OPENAI_BASE_URL", _openai),
    "anthropic": Provider("Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", _anthropic),
    "google": Provider("Google", "GOOGLE_API_KEY", "GOOGLE_BASE_URL", _google),
}


@dataclass(frozen=True)
class Offer:
    """A provider as people choose it. `form` is how its models are named, `missing` what keeps it from being used."""

    title: str
    form: str
    missing: str = ""


def offers() -> list[Offer]:
    """All providers, those that can be used first."""
    found = [Offer(row.title, f"{kind}:NAME", _missing(kind, row)) for kind, row in PROVIDERS.items()]
    return sorted(found, key=lambda offer: bool(offer.missing))


def _missing(kind: str, provider: Provider) -> str:
    if os.environ.get(provider.key) or (kind == "openai-chat" and os.environ.get(provider.base_url)):
        return ""
    return f"{provider.key} or {provider.base_url}" if kind == "openai-chat" else provider.key


def known_names() -> list[str]:
    """Names of models of the providers that can be used, as far as they are known; others work as well."""
    usable = {offer.form.partition(":")[0] for offer in offers() if not offer.missing}
    if os.environ.get(PROVIDERS["openai-chat"].base_url):
        usable -= {"openai", "openai-chat"}  # somebody else's server, with models of its own
    names = get_args(KnownModelName.__value__)
    return [name for name in names if name.partition(":")[0] in usable and "image" not in name]


def check_name(name: str) -> None:
    """ModelProblem, in a sentence that says what to do, when no model can be made from this name."""
    if name != OFFLINE:
        _provider(name)


def _provider(name: str) -> tuple[Provider, str, str]:
    kind, _, model = name.partition(":")
    provider = PROVIDERS.get(kind)
    if provider is None or not model:
        known = ", ".join([OFFLINE, *(f"{kind}:…" for kind in PROVIDERS)])
        raise ModelProblem("unknown_model", f"There is no model “{name}”. Models are named {known}.")
    key = os.environ.get(provider.key, "")
    if not key and kind == "openai-chat" and os.environ.get(provider.base_url):
        key = "none"  # servers of one's own seldom want one
    if not key:
        raise ModelProblem(
            "missing_key",
            f"The model “{name}” needs a key: set {provider.key} in the environment and restart,"
            " or choose another model.",
        )
    return provider, model, key


class Models:
    """The models of one event loop, with one pool of connections."""

    def __init__(self) -> None:
        self._made: dict[str, Model] = {}
        self._client: httpx2.AsyncClient | None = None

    def get(self, name: str) -> Model:
        if name not in self._made:
            provider, model, key = _provider(name)
            base_url = os.environ.get(provider.base_url) or None
            self._client = self._client or _client()
            self._made[name] = provider.build(model, key, base_url, self._client)
        return self._made[name]

    async def close(self) -> None:
        if self._client:
            await self._client.aclose()


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(settings.MODEL_SILENCE_SECONDS, connect=settings.MODEL_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
    )


def import_providers() -> None:
    """Imports what the configured providers need. It takes a second each: once, before a worker forks."""
    for kind, provider in PROVIDERS.items():
        if os.environ.get(provider.key) or os.environ.get(provider.base_url):
            import_module(f"pydantic_ai.models.{kind.partition('-')[0]}")


async def request(
    model: Model, name: str, messages: Sequence[ModelMessage], tools: list[ToolDefinition]
) -> ModelResponse:
    """One answer of the model, or ModelProblem."""
    try:
        async with asyncio.timeout(settings.MODEL_TOTAL_SECONDS):
            response = await model_request(
                model, messages, model_request_parameters=ModelRequestParameters(function_tools=tools)
            )
    except TimeoutError as error:
        message = f"The model “{name}” did not answer within {settings.MODEL_TOTAL_SECONDS:g} seconds."
        raise ModelProblem("model_timeout", message, passes=True) from error
    except ModelAPIError as error:
        raise _problem(name, error) from error
    except (AgentRunError, UserError, httpx2.HTTPError, ValueError) as error:
        raise ModelProblem("model_error", f"The model “{name}” gave no usable answer: {error}") from error
    if response.finish_reason == "content_filter" and not response.tool_calls:
        raise _declined(name, response)
    return response


def _declined(name: str, response: ModelResponse) -> ModelProblem:
    """It, or a filter of its provider, will not have to do with this. Asking again would not change its mind."""
    words = (response.provider_details or {}).get("refusal") or response.text
    said = f": {words}" if words else "."
    return ModelProblem("model_declined", f"The model “{name}” refused to answer{said}")


def _problem(name: str, error: ModelAPIError) -> ModelProblem:
    if isinstance(error, ModelConnectionError):
        return ModelProblem("model_unreachable", f"{_unreachable(name)} ({error.message})", passes=True)
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


def _words(body: object) -> str:
    """What an error body says, where providers put it."""
    for key in ("error", "message"):
        body = body.get(key, body) if isinstance(body, dict) else body
    return str(body or "")


def _unreachable(name: str) -> str:
    provider = PROVIDERS[name.partition(":")[0]]
    address = os.environ.get(provider.base_url)
    where = f" at {address}" if address else ""
    return f"The provider of “{name}” could not be reached{where}. Check that it runs, and {provider.base_url}."


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


async def try_model(name: str, seconds: float = 20) -> Trial:
    """Asks the model one small thing and says in a sentence what came back. Never raises; tells no keys."""
    models = Models()
    try:
        if name == OFFLINE:
            return await _try_offline()
        model = models.get(name)  # the first one of a provider imports its code, which takes seconds
        began = time.monotonic()
        async with asyncio.timeout(seconds):
            response = await request(model, name, [ModelRequest([UserPromptPart(_PING)])], [_READY])
    except TimeoutError:
        return Trial("error", f"The model “{name}” did not answer within {seconds:g} seconds.")
    except ModelProblem as problem:
        return Trial("error", _without_keys(problem.message))
    finally:
        await models.close()
    return _judged(name, response, time.monotonic() - began)


async def _try_offline() -> Trial:
    began = time.monotonic()
    if await asyncio.to_thread(closeness.available):
        return Trial("success", f"The offline stand-in is ready, after {time.monotonic() - began:.1f} s.")
    return Trial(
        "warning", "It cannot compare texts, as the extra “offline” is not installed. It asks a person each time."
    )


def _judged(name: str, response: ModelResponse, took: float) -> Trial:
    if response.tool_calls:
        return Trial("success", f"“{name}” answered in {took:.1f} s and used the tool it was given.")
    said = " ".join(_without_keys(response.text or "").split())
    said = f"“{said[:120]}{'…' if len(said) > 120 else ''}”" if said else "nothing"
    return Trial(
        "warning",
        f"“{name}” answered {said} in {took:.1f} s, without using the tool it was given. Agents hand over and end"
        " cases by tools, so look at its first runs.",
    )


def _without_keys(text: str) -> str:
    """Some servers repeat the key they were given, and an address may hold a password."""
    for key in {os.environ.get(provider.key, "") for provider in PROVIDERS.values()} - {""}:
        text = text.replace(key, "…")
    return re.sub(r"//[^/@\s]+@", "//", text)


def wait_before_retry(problem: ModelProblem, retries: int) -> float:
    """Seconds: what the provider asked for, else twice as long each time, with jitter."""
    if problem.retry_after is not None:
        return min(problem.retry_after, _LONGEST_WAIT)
    return float(min(2**retries, _LONGEST_WAIT) * (0.5 + random.random() / 2))  # noqa: S311
