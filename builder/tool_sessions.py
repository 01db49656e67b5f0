"""Conversations with MCP servers: what tools they have, and calls of these.

The protocol is spoken by the client of the `mcp` package, over connections to checked addresses. A conversation is as
long as one question, so that nothing has to be kept alive for a run that waits for its model or a person.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import httpx2
from django.conf import settings
from jsonschema import Draft7Validator, Draft202012Validator, SchemaError

from teams.addresses import checked_client
from teams.text import storable

if TYPE_CHECKING:
    import mcp
    from mcp_types import CallToolResult

TOOLS_LIMIT = 200
DESCRIPTION_LIMIT = 4000
# In characters, of the schema of a tool's arguments and of what a call answers.
SCHEMA_LIMIT = 50_000
RESULT_LIMIT = 100_000
# What a server may send as one answer; of pictures and the like only their size becomes part of a result.
_MOST_BYTES = 8_000_000
_CONNECT_SECONDS = 10.0
_LIST_SECONDS = 20.0
_FAREWELL_SECONDS = 2.0
_PAGES_LIMIT = 50
# What is shorter is no secret, but may well be a word.
_SECRET = 8


@dataclass(frozen=True)
class Endpoint:
    """Where a server is, and what is sent to it with every request."""

    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def without_secrets(self, text: str) -> str:
        """A server might say what it was sent, and steps are for everybody in the team to read."""
        for value in self.headers.values():
            secret = value.rpartition(" ")[2]
            text = text.replace(secret, "…") if len(secret) >= _SECRET else text
        return text


@dataclass(frozen=True)
class OfferedTool:
    """A tool as its server describes it. What it says of its own effects are claims."""

    name: str
    title: str
    description: str
    input_schema: dict[str, Any]
    claims_read_only: bool = False
    claims_idempotent: bool = False

    @property
    def words(self) -> tuple[str, str]:
        """What a model is told of it, to be compared."""
        return self.description, json.dumps(self.input_schema, sort_keys=True)


@dataclass(frozen=True)
class Listing:
    """`left_out`: the names of tools that are too many or too long, or whose arguments no schema tells."""

    tools: list[OfferedTool]
    left_out: list[str]


@dataclass(frozen=True)
class Answer:
    text: str
    ok: bool = True


class ServerProblem(Exception):
    """The conversation broke, in words for people and models. `sent`: a call may have been carried out."""

    def __init__(self, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent


class ToolChanged(Exception):
    """The server describes the tool differently now, or (None) has it no more. It was not called."""

    def __init__(self, found: OfferedTool | None) -> None:
        super().__init__("changed")
        self.found = found


def load() -> None:
    """Imports the client, which takes half a second, once before a worker forks."""
    import mcp  # noqa: F401


async def list_tools(endpoint: Endpoint) -> Listing:
    """All tools of a server, or ServerProblem."""
    return await _converse(endpoint, _LIST_SECONDS, _Course(), _listed)


async def call_tool(
    endpoint: Endpoint, seen: OfferedTool, arguments: dict[str, Any], idempotency_key: str = ""
) -> Answer:
    """Calls a tool when its server still describes it as it was `seen`. Else ToolChanged; or ServerProblem.

    The key tells servers that heed it that a call is the same one once more.
    """
    course = _Course()

    async def talk(client: "mcp.Client") -> Answer:
        found = next((tool for tool in (await _listed(client)).tools if tool.name == seen.name), None)
        if found is None or found.words != seen.words:
            raise ToolChanged(found)
        course.is_sent = True
        answer = await _called(client, seen.name, arguments, idempotency_key)
        return replace(answer, text=endpoint.without_secrets(answer.text))

    return await _converse(endpoint, settings.TOOL_SECONDS, course, talk)


@dataclass
class _Course:
    """How far a conversation came: was the call sent, and the last HTTP status."""

    is_sent: bool = False
    status: int = 0


async def _converse[T](
    endpoint: Endpoint, seconds: float, course: _Course, talk: Callable[["mcp.Client"], Awaitable[T]]
) -> T:
    """Whatever a stranger's server makes of it is a ServerProblem."""
    await asyncio.to_thread(load)
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp_types import Implementation

    who = Implementation(name="Baton", version="1")
    try:
        # Not asyncio's: anyio's also stops what would still be said in parting.
        with anyio.fail_after(seconds):
            async with _http(endpoint, seconds, course) as http:
                transport = streamable_http_client(endpoint.url, http_client=http, max_sse_event_size=_MOST_BYTES)
                async with Client(transport, client_info=who, cache=None) as client:
                    return await talk(client)
    except TimeoutError as error:
        words = f"{endpoint.host} gave no whole answer within {seconds:g} seconds."
        raise ServerProblem(words, sent=course.is_sent) from error
    except Exception as error:
        cause = _cause(error)
        if isinstance(cause, ToolChanged):
            raise cause from None
        words = endpoint.without_secrets(_words(endpoint, cause, course.status))
        raise ServerProblem(words, sent=course.is_sent) from error


def _http(endpoint: Endpoint, seconds: float, course: _Course) -> httpx2.AsyncClient:
    async def hurry_the_farewell(request: httpx2.Request) -> None:
        if request.method == "DELETE":
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), _FAREWELL_SECONDS)

    async def note_status(response: httpx2.Response) -> None:
        if response.request.method == "POST":
            course.status = response.status_code

    client = checked_client(
        endpoint.headers, connect_seconds=_CONNECT_SECONDS, silence_seconds=seconds, most_bytes=_MOST_BYTES
    )
    client.event_hooks = {"request": [hurry_the_farewell], "response": [note_status]}
    return client


def _cause(error: BaseException) -> BaseException:
    """The first error of a group, which a conversation of several tasks raises."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _words(endpoint: Endpoint, error: BaseException, status: int) -> str:
    told = _short(error)
    match error:
        case _ if status in (401, 403):
            told = f"refused the credential (HTTP {status})."
        case httpx2.TimeoutException():
            told = "did not answer in time."
        case httpx2.ConnectError():
            told = f"could not be reached: {told}"
        case httpx2.HTTPError():
            told = f"broke off the connection: {told}"
        case _ if status >= 400:
            told = f"answered with HTTP {status}: {told}"
        case ValueError():  # of pydantic, with pages of detail
            told = "did not answer as MCP servers do."
        case _:
            told = f"says: {told}"
    return f"{endpoint.host} {told}"


def _short(error: BaseException) -> str:
    return " ".join(storable(str(error)).split())[:300] or type(error).__name__


# --- Lists -----------------------------------------------------------------------------------


async def _listed(client: "mcp.Client") -> Listing:
    tools: dict[str, OfferedTool] = {}
    left_out: list[str] = []
    cursor: str | None = None
    for _ in range(_PAGES_LIMIT):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            offered = _offered(tool)
            if offered is None or len(tools) >= TOOLS_LIMIT:
                left_out.append(storable(tool.name)[:100])
            else:
                tools.setdefault(offered.name, offered)
        cursor = page.next_cursor
        if not cursor:
            break
    return Listing(list(tools.values()), left_out)


def _offered(tool: "mcp.Tool") -> OfferedTool | None:
    """None when it is too long to be told to a model, or its schema is none."""
    schema = storable(tool.input_schema)
    try:
        length = len(json.dumps(schema, allow_nan=False))
    except ValueError:
        return None
    if length > SCHEMA_LIMIT or len(tool.name) > 200 or storable(tool.name) != tool.name or not _is_sound(schema):
        return None
    claims = tool.annotations
    return OfferedTool(
        tool.name,
        storable(tool.title or (claims.title if claims else None) or "")[:200],
        storable(tool.description or "")[:DESCRIPTION_LIMIT],
        schema,
        claims_read_only=bool(claims and claims.read_only_hint),
        claims_idempotent=bool(claims and claims.idempotent_hint),
    )


def _is_sound(schema: Any) -> bool:
    """Providers and their libraries refuse a whole request over one schema that is wrong."""
    for kind in (Draft202012Validator, Draft7Validator):
        try:
            kind.check_schema(schema)
        except SchemaError:
            continue
        return True
    return False


# --- Calls -----------------------------------------------------------------------------------


async def _called(client: "mcp.Client", name: str, arguments: dict[str, Any], key: str) -> Answer:
    from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, InputRequiredResult, RequestParamsMeta
    from pydantic import TypeAdapter

    # Not `client.call_tool`, which checks results by the server's own schema: patterns in it could take for ever.
    about: RequestParamsMeta = {"baton/idempotency-key": key}  # type: ignore[typeddict-unknown-key]
    request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments, _meta=about))
    kinds: TypeAdapter[CallToolResult | InputRequiredResult] = TypeAdapter(CallToolResult | InputRequiredResult)
    result = await client.session.send_request(request, kinds)
    if isinstance(result, InputRequiredResult):
        return Answer("The tool asks questions back, which Baton does not answer.", ok=False)
    return Answer(_bounded("\n\n".join(_texts(result))) or "(The tool answered nothing.)", ok=not result.is_error)


def _texts(result: "CallToolResult") -> Iterator[str]:
    for block in result.content:
        match block.type:
            case "text":
                yield storable(block.text)
            case "image" | "audio":
                yield f"[{block.type}, {block.mime_type}, about {len(block.data) * 3 // 4:,} bytes: not shown]"
            case "resource_link":
                yield f"[link: {block.name} {block.uri}]"
            case "resource":
                text = getattr(block.resource, "text", None)
                yield storable(text) if text is not None else f"[file {block.resource.uri}: not shown]"
    if not result.content and result.structured_content is not None:
        yield storable(json.dumps(result.structured_content, ensure_ascii=False))


def _bounded(text: str) -> str:
    """As much as a model is told."""
    if len(text) <= RESULT_LIMIT:
        return text
    return (
        f"{text[:RESULT_LIMIT]}\n[Cut off here: {len(text):,} characters in all, of which {RESULT_LIMIT:,} are shown.]"
    )
