"""A scripted model provider over real HTTP: what tests talk to instead of a model.

It listens on a loopback port, so other processes reach it too; `environment` tells them where. A script is a list of
replies, given in order, or a function of the request. As a process of its own it is a router:
`python -m tests.provider '{"refund": "billing-specialist"}'` prints its address and serves until it is ended.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest
from pydantic_ai.models import override_allow_model_requests

from . import wire
from .wire import Api, Call, Json, Message


@dataclass(frozen=True)
class Reply:
    """What the model says, or with `refusal` will not. `delay` in seconds; `after` is waited for, so that a test can
    hold an answer back. `is_cut`: it reached its token limit.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    delay: float = 0
    after: threading.Event | None = None
    input_tokens: int = 11
    output_tokens: int = 7
    refusal: str = ""
    is_cut: bool = False


@dataclass(frozen=True)
class Failure:
    """What goes wrong instead: an error status, or (with status 200) a body that is `half`, `cut` (half, and ended as
    if it were whole), `garbage` or `empty`, or no answer at all: `hang_up`.
    """

    status: int = 500
    message: str = "The scripted provider fails."
    retry_after: float | str | None = None
    kind: Literal["status", "half", "cut", "garbage", "empty", "hang_up"] = "status"
    delay: float = 0
    after: threading.Event | None = None


def say(text: str, **more: Any) -> Reply:
    return Reply(text, **more)


def call(tool: str, **arguments: Any) -> Reply:
    return Reply(calls=(Call(tool, arguments),))


def calls(*several: Call, text: str = "") -> Reply:
    return Reply(text, several)


def refuse(words: str) -> Reply:
    return Reply(refusal=words)


def fail(status: int, message: str = "The scripted provider fails.", **more: Any) -> Failure:
    return Failure(status, message, **more)


@dataclass(frozen=True)
class Request:
    """One request as the provider got it. `number` counts from 1; `at` is the monotonic clock's."""

    number: int
    api: Api
    path: str
    headers: Mapping[str, str]
    body: Json
    at: float

    @cached_property
    def _understood(self) -> wire.Understood:
        return wire.understand(self.api, self.path, self.body)

    @property
    def model(self) -> str:
        return self._understood.model

    @property
    def system(self) -> str:
        return self._understood.system

    @property
    def messages(self) -> list[Message]:
        return self._understood.messages

    @property
    def tools(self) -> dict[str, Json]:
        return self._understood.tools

    @property
    def stream(self) -> bool:
        return self._understood.stream

    @property
    def agent(self) -> str:
        """Who runs, by the first sentence of the instructions; "" if they do not say."""
        named = re.search(r"You are (.+?), an AI agent", self.system)
        return named[1] if named else ""

    @property
    def user_text(self) -> str:
        return "\n\n".join(message.text for message in self.messages if message.role == "user")

    @property
    def results(self) -> list[Message]:
        return [message for message in self.messages if message.role == "result"]

    @property
    def targets(self) -> list[str]:
        """The keys that `request_handover` offers."""
        schema = self.tools.get("request_handover", {}).get("properties", {}).get("target", {})
        if "const" in schema:  # what some models make of a choice of one
            return [_constant(schema)]
        return [*schema.get("enum", []), *(_constant(one) for one in schema.get("anyOf", []))]


def _constant(schema: Json) -> str:
    return str(schema["const"] if "const" in schema else schema["enum"][0])


type Answer = Reply | Failure
type Script = Callable[[Request], Answer]


def router(routes: Mapping[str, str], otherwise: Answer | None = None, delay: float = 0) -> Script:
    """Hands over to the target whose word is in the user's text, if this agent may; else completes the case.

    `routes` maps words to target keys; a standalone run ends with a text.
    """

    def script(request: Request) -> Answer:
        text = request.user_text.casefold()
        for word, target in routes.items():
            if word.casefold() in text and target in request.targets:
                arguments = {"target": target, "reason": f"It is about “{word}”."}
                return Reply(calls=(Call("request_handover", arguments),), delay=delay)
        if otherwise is not None:
            return otherwise
        if "complete_case" in request.tools:
            summary = f"{request.agent or 'The agent'} did it."
            return Reply(calls=(Call("complete_case", {"summary": summary}),), delay=delay)
        return Reply(f"{request.agent or 'The agent'} did it.", delay=delay)

    return script


def in_order(answers: Sequence[Answer]) -> Script:
    left = iter(answers)
    lock = threading.Lock()

    def script(request: Request) -> Answer:
        with lock:
            return next(left, None) or Failure(400, f"The script has no answer to request {request.number}.")

    return script


@dataclass
class Provider:
    """A running server. `script` may be exchanged at any time; `requests` holds all that came, in order."""

    script: Script = field(default_factory=lambda: in_order([]))
    requests: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._came = threading.Condition()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to take this for every provider."""
        return {
            "OPENAI_BASE_URL": f"{self.url}/v1",
            "OPENAI_API_KEY": "test",
            "ANTHROPIC_BASE_URL": self.url,
            "ANTHROPIC_API_KEY": "test",
            "GOOGLE_BASE_URL": self.url,
            "GOOGLE_API_KEY": "test",
        }

    def answers(self, *answers: Answer) -> None:
        """From now on these, in order; what comes after the last is refused with status 400."""
        self.script = in_order(answers)

    def note(self, api: Api, path: str, headers: Mapping[str, str], body: Json) -> Request:
        with self._came:
            request = Request(len(self.requests) + 1, api, path, headers, body, time.monotonic())
            self.requests.append(request)
            self._came.notify_all()
        return request

    def wait_for_requests(self, count: int, timeout: float = 60) -> list[Request]:
        """Returns when that many have come in all."""
        with self._came:
            if not self._came.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} requests came in {timeout} s, not {count}.")
            return list(self.requests)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a fault of the script and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for head and body
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        if len(content) < length:
            return  # who asked was killed in the meantime
        api = wire.api_of(self.path)
        if api is None:
            self._send_json(404, {"error": {"message": f"There is nothing at {self.path}."}})
            return
        provider = self.server.provider
        request = provider.note(api, self.path, dict(self.headers), json.loads(content))
        try:
            answer = provider.script(request)
        except Exception as error:
            self._send_json(400, wire.error(api, 400, f"The script broke: {type(error).__name__}: {error}"))
            raise
        if answer.after is not None:
            answer.after.wait(60)
        time.sleep(answer.delay)
        if isinstance(answer, Failure) and answer.kind == "status":
            self._send_json(answer.status, wire.error(api, answer.status, answer.message), answer.retry_after)
        elif isinstance(answer, Failure):
            self._break(request, answer.kind)
        else:
            self._send(*_written(request, answer))

    def _break(self, request: Request, kind: str) -> None:
        if kind in ("half", "cut"):
            content_type, content = _written(request, Reply("This answer is never finished."))
            half = content[: len(content) // 2]
            self._send(content_type, half, length=len(content if kind == "half" else half))
            self.close_connection = kind == "half"
        elif kind == "garbage":
            self._send("application/json", b"<html>502 Bad Gateway</html>")
        elif kind == "empty":
            self._send("application/json", b"")
        else:
            self.close_connection = True

    def _send_json(self, status: int, body: Json, retry_after: float | str | None = None) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._send("application/json", json.dumps(body).encode(), status=status, headers=headers)

    def _send(
        self,
        content_type: str,
        content: bytes,
        *,
        status: int = 200,
        length: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the test output is for the tests."""


def _written(request: Request, reply: Reply) -> tuple[str, bytes]:
    """Content type and body of an answer, streamed if the request wants a stream."""
    said = wire.Said(
        str(request.number),
        request.model,
        reply.text,
        reply.calls,
        reply.input_tokens,
        reply.output_tokens,
        reply.refusal,
        reply.is_cut,
    )
    if not request.stream:
        return "application/json", json.dumps(wire.body(request.api, said)).encode()
    lines = []
    for event, data in wire.events(request.api, said):
        name = f"event: {event}\n" if event else ""
        lines.append(f"{name}data: {data if isinstance(data, str) else json.dumps(data)}\n\n")
    return "text/event-stream", "".join(lines).encode()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider for this test alone. The environment points to it, of this process and of those it starts."""
    running = Provider()
    for name, value in running.environment.items():
        monkeypatch.setenv(name, value)
    with override_allow_model_requests(True):
        yield running
    running.close()


if __name__ == "__main__":
    standing = Provider(router(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}))
    print(standing.url, flush=True)  # noqa: T201
    threading.Event().wait()
