"""What MCP servers send, as it comes in, before the client of the `mcp` package reads it.

That client refuses a whole list over one tool that is not as the protocol has it, a result over one part of it, and any
answer over half of a surrogate pair. So tools are taken from a list on its way, parts of results that cannot be read
are named instead, and such halves become the replacement character.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx2

# What a pair, half of one, and any other escape look like. All are matched, so that none is seen inside another.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_LONGEST_ESCAPE = 12


@dataclass
class Taken:
    """The tools of all lists that came in, as they were, and whether the client heeds the headers they ask for."""

    tools: list[Any] = field(default_factory=list)


@asynccontextmanager
async def taking_tools(transport: AbstractAsyncContextManager[Any], taken: Taken) -> AsyncIterator[tuple[Any, Any]]:
    """The same transport, whose lists of tools come in without them."""
    async with transport as (reading, writing):
        yield _Sifted(reading, taken), writing


class _Sifted:
    """A stream of the client's, with what it reads passed through `_sift`."""

    def __init__(self, stream: Any, taken: Taken) -> None:
        self._stream = stream
        self._taken = taken

    @property
    def last_context(self) -> Any:
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        return _sift(await self._stream.receive(), self._taken)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return _sift(await self._stream.__anext__(), self._taken)

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        result: bool | None = await self._stream.__aexit__(kind, error, trace)
        return result


def _sift(item: Any, taken: Taken) -> Any:
    result = getattr(getattr(item, "message", None), "result", None)
    if isinstance(result, dict) and isinstance(result.get("tools"), list):
        taken.tools += result["tools"]
        result["tools"] = [tool for tool in map(_with_headers, result["tools"]) if tool]
        if not isinstance(result.get("nextCursor", ""), str):
            del result["nextCursor"]
    elif isinstance(result, dict) and result.keys() & {"content", "isError", "structuredContent"}:
        # What a call came to, without what no client could read: that the rest of it came is worth knowing.
        content = result.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        result["content"] = [_block(block) for block in content] if isinstance(content, list) else []
        result["isError"] = result.get("isError") is True
        for name in ("structuredContent", "_meta"):
            if not isinstance(result.get(name, {}), dict):
                del result[name]
    return item


def _block(block: Any) -> dict[str, Any]:
    from mcp_types import ContentBlock
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(ContentBlock).validate_python(block, by_name=False)
    except ValidationError:
        kind = block.get("type") if isinstance(block, dict) else None
        return {"type": "text", "text": f"[{kind if isinstance(kind, str) else 'something unknown'}: not shown]"}
    sound: dict[str, Any] = block
    return sound


def _with_headers(tool: Any) -> dict[str, Any] | None:
    """A tool that wants arguments repeated in headers, which the client does by what it reads of it here."""
    from mcp.shared.inbound import find_invalid_x_mcp_header

    schema = tool.get("inputSchema") if isinstance(tool, dict) and isinstance(tool.get("name"), str) else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or "x-mcp-header" not in str(properties):
        return None
    told = {"type": "object", "properties": properties}
    try:
        is_sound = find_invalid_x_mcp_header(told) is None
    except Exception:
        is_sound = False
    return {"name": tool["name"], "inputSchema": told} if is_sound else None


def fix_surrogates(response: httpx2.Response) -> None:
    """No half of a surrogate pair comes in with this answer."""
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _FixedStream(response.stream)


class _FixedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held = b""
        async for part in self._stream:
            whole, held = _split(held + part)
            if whole:
                yield _ESCAPE.sub(_replaced, whole)
        if held:
            yield _ESCAPE.sub(_replaced, held)

    async def aclose(self) -> None:
        await self._stream.aclose()


def _split(data: bytes) -> tuple[bytes, bytes]:
    """Return the part that can be read now, and the escape at the end that may continue."""
    end = 0
    for match in _ESCAPE.finditer(data):
        if match.start() > len(data) - _LONGEST_ESCAPE:
            return data[: match.start()], data[match.start() :]
        end = match.end()
    start = data.find(b"\\", end)
    return (data, b"") if start < 0 else (data[:start], data[start:])


def _replaced(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match[1] else match[0]
