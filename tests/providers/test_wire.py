"""Odd answers of providers, each in a file of its own with what it is to be read as, sent over real HTTP."""

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic_ai.messages import ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models import override_allow_model_requests
from pydantic_ai.tools import ToolDefinition
from pytest_django.fixtures import Settings

from runs.providers import model_requests
from runs.providers.providers import Access, Models
from runs.wire.problems import LONGEST, ModelProblem

FILES = sorted((Path(__file__).parent / "wire").glob("*.json"))
TOOLS = [ToolDefinition(name=name, description="") for name in ("complete_case", "update_case")]


class Server(ThreadingHTTPServer):
    """Answers whatever it is asked with the same bytes."""

    daemon_threads = True
    recorded: dict[str, Any]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        Thread(target=self.serve_forever, args=[0.02], daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        recorded = self.server.recorded
        if "stream" in self.path:
            recorded = recorded.get("to_a_stream", recorded)
        content, kind = _content(recorded)
        stays_open = recorded.get("stays_open", False)
        self.send_response(recorded.get("status", 200))
        headers = {
            "content-type": kind,
            "content-length": str(len(content) + stays_open),
            **recorded.get("headers", {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        time.sleep(recorded.get("thinks", 0))
        step = recorded.get("step", len(content)) or 1
        for at in range(0, len(content), step):
            self.wfile.write(content[at : at + step])
            self.wfile.flush()
        if stays_open:
            self.rfile.read(1)  # until the other side hangs up

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the test output is for the tests."""


def _content(recorded: dict[str, Any]) -> tuple[bytes, str]:
    if "stream" in recorded:
        return "".join(recorded["stream"]).encode(), "text/event-stream"
    text = recorded["text"] if "text" in recorded else json.dumps(recorded["body"])
    content = text.encode("utf-8", "surrogatepass")
    return gzip.compress(content) if recorded.get("gzip") else content, "application/json"


class Asking:
    """Asks as the engine does, from one event loop."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._runner = asyncio.Runner()
        self._models = Models()

    def ask(self, kind: str, *, is_own: bool = False) -> ModelResponse:
        url = f"http://127.0.0.1:{self.server.server_port}" + ("/v1" if kind.startswith("openai") else "")
        access, name = Access("a-key-of-ours", url, is_own), f"{kind}:small"
        prompt: list[Any] = [ModelRequest([UserPromptPart("Charged twice")], instructions="You are Triage.")]
        return self._runner.run(
            model_requests.request(self._models.get(name, access), name, prompt, TOOLS, access, must_call=True)
        )

    def close(self) -> None:
        self._runner.run(self._models.close())
        self._runner.close()


@pytest.fixture(scope="module")
def asking(server: Server) -> Iterator[Asking]:
    running = Asking(server)
    yield running
    running.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    with override_allow_model_requests(True):
        yield running
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_odd_answer_is_read_as_it_was_meant(server: Server, asking: Asking, path: Path) -> None:
    server.recorded = json.loads(path.read_text())
    expected = server.recorded["expected"]
    if "problem" not in expected:
        _compare(asking.ask(server.recorded["model"]), expected)
        return
    with pytest.raises(ModelProblem) as raised:
        asking.ask(server.recorded["model"])
    problem = raised.value
    assert expected["problem"] in problem.message
    assert problem.passes == expected["passes"], problem.message
    assert len(problem.message) <= LONGEST + 150 and "\n" not in problem.message
    assert not [sign for sign in ("{'", "<p>", "</", "secret") if sign in problem.message]


@pytest.mark.parametrize("name", ["chat-gzip", "chat-gzip-declared", "chat-gzip-undeclared"])
def test_a_packed_answer_is_read_from_an_address_of_the_teams_own_too(
    server: Server, asking: Asking, settings: Settings, name: str
) -> None:
    settings.BATON_ALLOW_PRIVATE_ADDRESSES = True
    server.recorded = json.loads((Path(__file__).parent / "wire" / f"{name}.json").read_text())
    _compare(asking.ask("openai-chat", is_own=True), server.recorded["expected"])


def test_a_gateway_to_google_may_know_no_address_for_streams(server: Server, asking: Asking) -> None:
    recorded = json.loads((Path(__file__).parent / "wire" / "google-plain.json").read_text())
    server.recorded = {**recorded, "to_a_stream": {"status": 404, "text": "404 page not found"}}
    _compare(asking.ask("google"), recorded["expected"])


def test_a_server_that_ignores_the_wish_for_a_stream_may_be_silent_as_long_as_it_thinks(
    server: Server, settings: Settings
) -> None:
    recorded = json.loads((Path(__file__).parent / "wire" / "chat-type-text.json").read_text())
    settings.MODEL_SILENCE_SECONDS = 0.2
    asking = Asking(server)
    server.recorded = recorded
    _compare(asking.ask("openai-chat"), recorded["expected"])  # at once, and whole
    server.recorded = {**recorded, "thinks": 0.5}
    _compare(asking.ask("openai-chat"), recorded["expected"])
    asking.close()


def test_an_answer_that_unpacks_to_more_than_can_be_read_is_given_up(server: Server, asking: Asking) -> None:
    server.recorded = {"text": " " * 60_000_000, "gzip": True}
    with pytest.raises(ModelProblem, match="too long to be read") as raised:
        asking.ask("openai-chat")
    assert raised.value.passes


def _compare(response: ModelResponse, expected: dict[str, Any]) -> None:
    calls = [[call.tool_name, _arguments(call.args)] for call in response.tool_calls]
    assert calls == expected.get("calls", [])
    assert all(call.tool_call_id for call in response.tool_calls)
    if "text" in expected:
        assert (response.text or "") == expected["text"]
    if "finish" in expected:
        assert response.finish_reason == expected["finish"]
    if "ids" in expected:
        assert [call.tool_call_id for call in response.tool_calls] == expected["ids"]
    if "usage" in expected:
        _compare_usage(response, expected["usage"])


def _compare_usage(response: ModelResponse, expected: list[int] | None) -> None:
    took = response.usage
    if expected is None:
        assert took.unmeasured_requests == 1 and not took.input_tokens and not took.output_tokens
    else:
        assert [took.input_tokens, took.output_tokens] == expected and not took.unmeasured_requests


def _arguments(given: Any) -> Any:
    if isinstance(given, str):
        try:
            return json.loads(given)
        except ValueError:
            return given
    return given
