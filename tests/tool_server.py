"""An MCP server to test with: that of the `mcp` package, over HTTP, with tools as a test wants them."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from mcp.server.lowlevel import Server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations

type Act = Callable[[dict[str, Any]], Awaitable[CallToolResult]]

TEXTS = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def answers(*content: Any, is_error: bool = False) -> CallToolResult:
    blocks = [TextContent(type="text", text=item) if isinstance(item, str) else item for item in content]
    return CallToolResult(content=blocks, is_error=is_error)


async def echo(arguments: dict[str, Any]) -> CallToolResult:
    return answers(f"echo: {json.dumps(arguments)}")


@dataclass
class ToolServer:
    """`called`: the calls that reached a tool. `methods`: of all requests. `token`: what is asked for as a bearer's.

    A call of a tool in `hanging` is never answered; one in `dying` is broken off in the middle of its answer.
    `redirect`: where every request is sent instead. `is_old`: it speaks only the protocol with sessions.
    `listing` makes the result of `tools/list` from the cursor, `result` that of a call from its arguments. `bare`: the
    status, content type and body of every answer, or of those to calls (`bare_calls`).
    """

    tools: dict[str, Tool] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    hanging: set[str] = field(default_factory=set)
    dying: set[str] = field(default_factory=set)
    token: str = ""
    redirect: str = ""
    is_old: bool = False
    listing: Callable[[str | None], Any] | None = None
    result: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    bare: tuple[int, str, str] | None = None
    bare_calls: tuple[int, str, str] | None = None
    was_called: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def add(
        self,
        name: str,
        description: str = "",
        *,
        act: Act = echo,
        schema: dict[str, Any] | None = None,
        **claims: bool,
    ) -> None:
        """`claims`: read_only_hint, idempotent_hint."""
        self.tools[name] = Tool(
            name=name,
            description=description or f"Does {name}.",
            input_schema=schema or TEXTS,
            annotations=ToolAnnotations(**claims) if claims else None,
        )
        self.acts[name] = act

    def start(self) -> None:
        self._closing = asyncio.Event()
        server = Server("Tools to test with", on_list_tools=self._list, on_call_tool=self._call)
        self._app = server.streamable_http_app(json_response=False)
        config = uvicorn.Config(
            self._gate, host="127.0.0.1", port=0, interface="asgi3", log_config=None, timeout_graceful_shutdown=1
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._uvicorn.run, daemon=True)
        self._thread.start()
        while not self._uvicorn.started:
            threading.Event().wait(0.01)
        self.port = self._uvicorn.servers[0].sockets[0].getsockname()[1]

    def close(self) -> None:
        self._closing.set()
        self._uvicorn.should_exit = True
        self._thread.join(5)

    async def _list(self, context: Any, params: Any) -> ListToolsResult:
        return ListToolsResult(tools=list(self.tools.values()))

    async def _call(self, context: Any, params: Any) -> CallToolResult:
        self.called.append((params.name, params.arguments or {}))
        self.was_called.set()
        if params.name in self.hanging:
            await self._closing.wait()
        return await self.acts[params.name](params.arguments or {})

    async def _gate(self, scope: Any, receive: Any, send: Any) -> None:
        """Before the server: looks at requests, and spoils what a test wants spoilt."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        message = await receive()
        said = json.loads(message["body"]) if message.get("body") else {}
        self.headers.append(headers)
        self.methods.append(said.get("method", scope["method"]))
        if self.redirect:
            await _answer(send, 307, [(b"location", self.redirect.encode())])
        elif self.token and headers.get("authorization") != f"Bearer {self.token}":
            await _answer(send, 401)
        elif self.bare:
            await _answer_bare(send, self.bare)
        elif self.bare_calls and said.get("method") == "tools/call":
            self.called.append((said["params"]["name"], said["params"].get("arguments", {})))
            await _answer_bare(send, self.bare_calls)
        elif self.listing and said.get("method") == "tools/list":
            await _answer_with(send, said["id"], self.listing(said.get("params", {}).get("cursor")))
        elif self.result and said.get("method") == "tools/call":
            await _answer_with(send, said["id"], self.result(said["params"].get("arguments", {})))
        elif self.is_old and said.get("method") == "server/discover":
            await _answer(send, 404)
        elif said.get("method") == "tools/call" and said["params"]["name"] in self.dying:
            self.called.append((said["params"]["name"], said["params"].get("arguments", {})))
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
            )
            await send({"type": "http.response.body", "body": b"event: mess", "more_body": True})
            raise ConnectionAbortedError
        else:
            told = iter([message])

            async def again() -> Any:
                return next(told, None) or await receive()

            await self._app(scope, again, send)


async def _answer_with(send: Any, id: Any, result: dict[str, Any] | str) -> None:
    """A result as JSON, or as text that is none."""
    if isinstance(result, dict):
        result = json.dumps({"resultType": "complete", "ttlMs": 0, "cacheScope": "private"} | result)
    body = f'{{"jsonrpc": "2.0", "id": {json.dumps(id)}, "result": {result}}}'
    await _answer_bare(send, (200, "application/json", body))


async def _answer_bare(send: Any, bare: tuple[int, str, str]) -> None:
    status, kind, body = bare
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body.encode())).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


async def _answer(send: Any, status: int, headers: Any = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def tool_server(settings) -> Iterator[ToolServer]:
    """With three tools: `look` claims only to read, `put` to be idempotent, `pay` nothing."""
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    server = ToolServer()
    server.add("look", "Looks a thing up.", read_only_hint=True)
    server.add("put", "Puts a thing in its place.", idempotent_hint=True)
    server.add("pay", "Pays money.")
    server.start()
    yield server
    server.close()
