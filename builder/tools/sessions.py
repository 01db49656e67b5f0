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

from data.network.addresses import NotAllowed, checked_client
from data.network.identity import VERSION
from data.texts.text import storable

from . import listings
from .listings import Listing, OfferedTool
from .wire import Taken, fix_surrogates, taking_tools

if TYPE_CHECKING:
    import mcp
    from mcp_types import CallToolResult

# In characters, of what a call answers.
RESULT_LIMIT = 100_000
# What a server may send as one answer; of pictures and the like only their size becomes part of a result.
_MOST_BYTES = 8_000_000
_CONNECT_SECONDS = 10.0
_LIST_SECONDS = 20.0
_FAREWELL_SECONDS = 2.0
_PAGES_LIMIT = 50
# What is shorter is no secret, but may well be a word.
_SECRET = 8
# JSON-RPC: the request is none, there is no such method, its parameters are wrong. Nothing was carried out.
_REFUSALS = (-32600, -32601, -32602)
# HTTP statuses of those who have not looked at what a request wants.
_UNREAD = frozenset({400, 401, 403, 404, 405, 406, 411, 413, 414, 415, 421, 422, 426, 428, 429, 431})
_MCP = ("application/json", "text/event-stream")
_IS_IT_RIGHT = "is the address right (often …/mcp)?"


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
class Answer:
    text: str
    ok: bool = True


class ServerProblem(Exception):
    """The conversation broke, in words for people and models.

    `sent`: a call may have been carried out. `refused`: it was not, and another one may be. `about`: url or
    credential, whichever is wrong for all that is known.
    """

    def __init__(self, message: str, *, sent: bool = False, refused: bool = False, about: str = "url") -> None:
        super().__init__(message)
        self.sent = sent
        self.refused = refused
        self.about = about


class ToolChanged(Exception):
    """The server describes the tool differently now, or (None) has it no more. It was not called."""

    def __init__(self, found: OfferedTool | None) -> None:
        super().__init__("changed")
        self.found = found


def load() -> None:
    """Import the client, which takes half a second, once before a worker forks."""
    import mcp  # noqa: F401


async def list_tools(endpoint: Endpoint) -> Listing:
    """All tools of a server, or ServerProblem."""
    course = _Course()
    await _converse(endpoint, _LIST_SECONDS, course, _list)
    # Off the loop: hundreds of large schemas take seconds.
    return await asyncio.to_thread(listings.read_listing, course.taken.tools)


async def call_tool(
    endpoint: Endpoint,
    seen: OfferedTool,
    arguments: dict[str, Any],
    idempotency_key: str = "",
    schema_only: bool = False,
) -> Answer:
    """Call a tool when its server still describes it as it was `seen`. Else ToolChanged; or ServerProblem.

    The key tells servers that heed it that a call is the same one once more. `schema_only`: its description may differ.
    """
    course = _Course()

    async def talk(client: "mcp.Client") -> Answer:
        await _list(client)
        found = listings.find_tool(course.taken.tools, seen.name)
        if found is None or found.words[schema_only:] != seen.words[schema_only:]:
            raise ToolChanged(found if found and listings.is_usable(found) else None)
        course.is_sent = True
        answer = await _called(client, seen.name, arguments, idempotency_key)
        return replace(answer, text=endpoint.without_secrets(answer.text))

    return await _converse(endpoint, settings.TOOL_SECONDS, course, talk)


@dataclass
class _Course:
    """How far a conversation came: was the call sent, what was the last answer like, and the tools that were told."""

    is_sent: bool = False
    status: int = 0
    content_type: str = ""
    location: str = ""
    taken: Taken = field(default_factory=Taken)


async def _converse[T](
    endpoint: Endpoint, seconds: float, course: _Course, talk: Callable[["mcp.Client"], Awaitable[T]]
) -> T:
    """Everything that goes wrong on the server's side is raised as a ServerProblem."""
    await asyncio.to_thread(load)
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client
    from mcp_types import Implementation

    who = Implementation(name="Baton", version=VERSION)
    try:
        # Not asyncio's: anyio's also stops what would still be said in parting.
        with anyio.fail_after(seconds):
            async with _http(endpoint, seconds, course) as http:
                transport = streamable_http_client(endpoint.url, http_client=http, max_sse_event_size=_MOST_BYTES)
                sifted = taking_tools(transport, course.taken)
                async with Client(sifted, client_info=who, cache=None) as client:
                    return await talk(client)
    except TimeoutError as error:
        words = f"{endpoint.host} gave no whole answer within {seconds:g} seconds."
        raise ServerProblem(words, sent=course.is_sent) from error
    except Exception as error:
        cause = _cause(error)
        if isinstance(cause, ToolChanged):
            raise cause from None
        raise _problem(endpoint, cause, course) from error


def _http(endpoint: Endpoint, seconds: float, course: _Course) -> httpx2.AsyncClient:
    async def hurry_the_farewell(request: httpx2.Request) -> None:
        if request.method == "DELETE":
            request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), _FAREWELL_SECONDS)

    async def note(response: httpx2.Response) -> None:
        fix_surrogates(response)
        if response.request.method == "POST":
            course.status = response.status_code
            course.content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            course.location = response.headers.get("location", "")

    client = checked_client(
        endpoint.headers, connect_seconds=_CONNECT_SECONDS, silence_seconds=seconds, most_bytes=_MOST_BYTES
    )
    client.event_hooks = {"request": [hurry_the_farewell], "response": [note]}
    return client


def _cause(error: BaseException) -> BaseException:
    """The first error of a group, which a conversation of several tasks raises."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _problem(endpoint: Endpoint, error: BaseException, course: _Course) -> ServerProblem:
    told = _of_answer(endpoint, course) or _of_error(error, course.status)
    is_refused = course.is_sent and _is_refusal(error, course)
    return ServerProblem(
        endpoint.without_secrets(f"{endpoint.host} {told}"),
        sent=course.is_sent and not is_refused and not isinstance(error, NotAllowed | httpx2.ConnectError),
        refused=is_refused,
        about="credential" if course.status in (401, 403) else "url",
    )


def _is_refusal(error: BaseException, course: _Course) -> bool:
    """Return whether the server said that it did not carry out the call. The client says it too of answers it cannot
    read.
    """
    from mcp import MCPError

    if course.status in _UNREAD:
        return True
    is_readable = course.status == 200 and course.content_type in _MCP
    return is_readable and isinstance(error, MCPError) and error.code in _REFUSALS


def _of_answer(endpoint: Endpoint, course: _Course) -> str:
    """Return what is wrong by the last answer's status and kind; empty where these are as they should be."""
    status, kind = course.status, course.content_type
    told = ""
    if status in (401, 403):
        verb = "refused the credential" if endpoint.headers else "wants a credential, and was given none"
        told = f"{verb} (HTTP {status})."
    elif status == 405:
        told = f"speaks the older kind of MCP; {_IS_IT_RIGHT}"
    elif 300 <= status < 400:
        where = f" to {_short_address(course.location)}" if course.location else ""
        told = f"sends Baton on{where} (HTTP {status}), which is not followed. If that is the right address, use it."
    elif kind in ("text/html", "application/xhtml+xml"):
        told = f"answered with a web page (HTTP {status}), which is not MCP; {_IS_IT_RIGHT}"
    elif status == 404 and kind != "application/json":
        told = f"answered with HTTP 404: nothing is there; {_IS_IT_RIGHT}"
    elif status == 200 and kind not in _MCP:
        told = f"answered with {_short_text(kind) or 'no content type'}, which is not MCP; {_IS_IT_RIGHT}"
    return told


def _of_error(error: BaseException, status: int) -> str:
    told = _short_text(str(error)) or type(error).__name__
    match error:
        case httpx2.TimeoutException():
            return "did not answer in time."
        case httpx2.ConnectError():
            return f"could not be reached: {told}"
        case httpx2.HTTPError():
            return f"broke off the connection: {told}"
        case _ if status >= 400:
            return f"answered with HTTP {status}: {told}"
        case ValueError():  # of pydantic, with pages of detail
            return "did not answer as MCP servers do."
    return f"says: {told}"


def _short_address(location: str) -> str:
    """Without what may be secret in it."""
    parts = urlsplit(location)
    return _short_text(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else parts.path
    )


def _short_text(text: str) -> str:
    return " ".join(storable(text).split())[:300]


# --- Lists -----------------------------------------------------------------------------------


async def _list(client: "mcp.Client") -> None:
    """Ask for all pages; their tools are taken on their way in. A cursor that comes again ends the list."""
    cursors: set[str | None] = set()
    cursor: str | None = None
    while cursor not in cursors and len(cursors) < _PAGES_LIMIT:
        cursors.add(cursor)
        cursor = (await client.list_tools(cursor=cursor)).next_cursor or None


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
