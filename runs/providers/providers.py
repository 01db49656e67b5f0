"""The providers of models, and how a team reaches them: by a key of its own, or by what the environment says.

A model's name is `offline`, or `provider:model` such as `anthropic:claude-sonnet-5`; `openai-chat:` with a base
address speaks to anything compatible (Ollama, vLLM, ...). A key of a team wins over the environment's, and is only
ever sent to the address that the team gave with it, or to the provider's own.
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, get_args
from uuid import UUID

import httpx2
from asgiref.sync import sync_to_async
from django.conf import settings
from pydantic_ai.models import KnownModelName, Model

from data.network.addresses import checked_client
from data.network.identity import USER_AGENT
from data.secrets import Unreadable
from runs.wire.problems import ModelProblem
from runs.wire.transport import Wire
from teams.keys import credentials
from teams.models import Credential

from .prepared_tools import remembering

OFFLINE = "offline"
_MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Access:
    """What a provider is reached with. `is_own`: the team's, so that addresses are checked."""

    key: str = field(repr=False)
    base_url: str
    is_own: bool = False


@dataclass(frozen=True)
class Provider:
    """A provider of models. `key` and `base_url` name the environment variables."""

    title: str
    key: str
    base_url: str
    home: str
    build: Callable[[str, Access, httpx2.AsyncClient], Model]


def _openai_chat(name: str, access: Access, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return remembering(OpenAIChatModel)(name, provider=OpenAIProvider(openai_client=_openai_sdk(access, client)))


def _openai(name: str, access: Access, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    return remembering(OpenAIResponsesModel)(name, provider=OpenAIProvider(openai_client=_openai_sdk(access, client)))


def _openai_sdk(access: Access, client: httpx2.AsyncClient) -> Any:
    from openai import AsyncOpenAI

    sdk = AsyncOpenAI(api_key=access.key, base_url=access.base_url, http_client=client, max_retries=0)
    if access.is_own:
        sdk.organization = sdk.project = None
        sdk._custom_headers = {}  # nothing of the operator's environment goes along with a team's key
    return sdk


def _anthropic(name: str, access: Access, client: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    sdk = AsyncAnthropic(api_key=access.key, base_url=access.base_url, http_client=client, max_retries=0)
    if access.is_own:
        sdk._custom_headers = {}
    return remembering(AnthropicModel)(name, provider=AnthropicProvider(anthropic_client=sdk))


def _google(name: str, access: Access, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(api_key=access.key, base_url=access.base_url, http_client=client)
    return remembering(GoogleModel)(name, provider=provider)


_OPENAI = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1")
PROVIDERS = {
    "openai-chat": Provider("OpenAI compatible", *_OPENAI, _openai_chat),
    "openai": Provider("OpenAI", *_OPENAI, _openai),
    "anthropic": Provider(
        "Anthropic",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "https://api.anthropic.com",
        _anthropic,
    ),
    "google": Provider(
        "Google", "GOOGLE_API_KEY", "GOOGLE_BASE_URL", "https://generativelanguage.googleapis.com", _google
    ),
}


# --- What a team can use ---------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """A provider as people choose it. `missing`: what the environment would need, if it cannot be used."""

    kind: str
    provider: Provider
    missing: str = ""
    own: Credential | None = None

    @property
    def form(self) -> str:
        """How its models are named."""
        return f"{self.kind}:NAME"


def offers(team_id: UUID) -> list[Offer]:
    """All providers, those that the team can use first."""
    own = credentials.of_team(team_id)
    found = [
        Offer(kind, row, "" if kind in own or is_in_environment(kind) else _needs(kind, row), own.get(kind))
        for kind, row in PROVIDERS.items()
    ]
    return sorted(found, key=lambda offer: bool(offer.missing))


def any_usable(team_id: UUID) -> bool:
    return any(not offer.missing for offer in offers(team_id))


def is_in_environment(kind: str) -> bool:
    provider = PROVIDERS[kind]
    return bool(os.environ.get(provider.key) or (kind == "openai-chat" and os.environ.get(provider.base_url)))


def _needs(kind: str, provider: Provider) -> str:
    return f"{provider.key} or {provider.base_url}" if kind == "openai-chat" else provider.key


def known_names(team_id: UUID) -> list[str]:
    """Names of models of the providers that the team can use, as far as they are known; others work as well."""
    return names_of({offer.kind for offer in offers(team_id) if not offer.missing and not _is_elsewhere(offer)})


def names_of(kinds: Collection[str]) -> list[str]:
    """The names of these providers' models that are known."""
    names = get_args(KnownModelName.__value__)
    return [name for name in names if name.partition(":")[0] in kinds and "image" not in name]


def _is_elsewhere(offer: Offer) -> bool:
    """Someone else's server, with models of its own."""
    base_url = offer.own.base_url if offer.own else os.environ.get(PROVIDERS[offer.kind].base_url)
    return bool(base_url) and offer.kind in ("openai", "openai-chat")


def access_of(team_id: UUID, name: str) -> Access:
    """Return what the team reaches this model with now. See `access_with`."""
    return access_with(credentials.find_credential(team_id, kind_of(name)), name)


def kind_of(name: str) -> str:
    """The provider's, of a model's name. ModelProblem when there is no such model."""
    return _provider(name)[0]


def access_with(own: Credential | None, name: str) -> Access:
    """Return what a team with this key reaches the model with. ModelProblem, in a sentence that says what to do, when
    with nothing.
    """
    kind, provider = _provider(name)
    if own:
        try:
            return Access(credentials.key_of(own) or _NO_KEY, own.base_url or provider.home, is_own=True)
        except Unreadable:
            message = (
                f"The key “{own.name}” cannot be read with today's encryption keys. Give it again in the settings."
            )
            raise ModelProblem("unreadable_key", message) from None
    base_url = os.environ.get(provider.base_url, "")
    key = os.environ.get(provider.key, "")
    if not key and kind == "openai-chat" and base_url:
        key = _NO_KEY
    if not key:
        raise ModelProblem(
            "missing_key",
            f"The model “{name}” needs a key: add one in the settings, under Models, or choose another model.",
        )
    return Access(key, base_url or provider.home)


_NO_KEY = "none"  # servers of one's own seldom want one
_SECRET = 8  # what is shorter is no secret, but may well be a word


def without_key(text: str, access: Access | None) -> str:
    """Some servers repeat the key they were given."""
    return text.replace(access.key, "…") if access and len(access.key) >= _SECRET else text


def _provider(name: str) -> tuple[str, Provider]:
    kind, _, model = name.partition(":")
    provider = PROVIDERS.get(kind)
    if provider is None or not model:
        known = ", ".join([OFFLINE, *(f"{kind}:…" for kind in PROVIDERS)])
        raise ModelProblem("unknown_model", f"There is no model “{name}”. Models are named {known}.")
    return kind, provider


# --- Connections -----------------------------------------------------------------------------


class Models:
    """The models of one event loop. Each key has its model, so that a changed one is another from the next request."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, Access], Model] = {}
        self._clients: dict[Access | None, httpx2.AsyncClient] = {}
        self._wires: dict[tuple[Access, str], httpx2.AsyncClient] = {}

    async def reach(self, team_id: UUID, name: str, keys: Mapping[str, Credential] | None) -> tuple[Model, Access]:
        """The model as this team reaches it now, or ModelProblem. `keys`: the team's, if they were read just now."""
        if keys is None:
            access = await sync_to_async(access_of)(team_id, name)
        else:
            access = access_with(keys.get(kind_of(name)), name)
        return self.get(name, access), access

    def get(self, name: str, access: Access) -> Model:
        if (name, access) not in self._made:
            kind, provider = _provider(name)
            self._made[name, access] = provider.build(name.partition(":")[2], access, self._wire(access, kind))
        return self._made[name, access]

    def _wire(self, access: Access, kind: str) -> httpx2.AsyncClient:
        """Return what the provider's library sends through. What a server knows is remembered for each way to
        reach it.
        """
        if (access, kind) not in self._wires:
            client = self._client(access if access.is_own else None)
            wire = Wire(client, kind)
            self._wires[access, kind] = httpx2.AsyncClient(transport=wire, timeout=client.timeout, trust_env=False)
        return self._wires[access, kind]

    def _client(self, own: Access | None) -> httpx2.AsyncClient:
        """One for each of the teams' own keys, as a client has cookies. None follows redirects."""
        if own not in self._clients:
            self._clients[own] = _checked() if own else _free()
            self._clients[own].event_hooks = {"request": [_say_who_asks]}
        return self._clients[own]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


async def _say_who_asks(request: httpx2.Request) -> None:
    """Name Baton in the request, in place of the providers' libraries."""
    request.headers["user-agent"] = USER_AGENT


def _checked() -> httpx2.AsyncClient:
    return checked_client(
        {},
        connect_seconds=settings.MODEL_CONNECT_SECONDS,
        silence_seconds=settings.MODEL_SILENCE_SECONDS,
        most_bytes=_MOST_BYTES,
        packed=True,  # the wire unpacks, and bounds what comes of it
    )


def _free() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(settings.MODEL_SILENCE_SECONDS, connect=settings.MODEL_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
    )


def import_providers() -> None:
    """Import what the configured providers need. It takes a second each: once, before a worker forks."""
    own = credentials.providers_in_use()
    for kind, provider in PROVIDERS.items():
        if kind in own or os.environ.get(provider.key) or os.environ.get(provider.base_url):
            import_module(f"pydantic_ai.models.{kind.partition('-')[0]}")
