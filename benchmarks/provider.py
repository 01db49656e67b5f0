"""The scripted provider of two-stage cases, quick enough not to be what is measured: `python -m benchmarks.provider`.

Prints its address and serves until it is ended. It knows a mail by the words `Mail-<number>` anywhere in a request. The
first answer for a mail calls the tool that hands over; the next one completes the case by a tool, or in words where
there is none. Where a mail says “Look it up”, a call of `list_cases` comes before that. Paths: `/v1/chat/completions`;
`/delay/<seconds>`; `/seen/<first>/<count>`, which tells when the requests for these mails came and were answered, by
the monotonic clock that all processes of a machine share.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import urlopen

import uvloop

ROOT = __file__.rpartition("/benchmarks/")[0]
_HAND_OVER = ("request_handover", "hand_over", "transfer_to_billing")
_COMPLETE, _LOOK = "complete_case", "list_cases"
LOOK_UP = "Look it up"
_MAIL = re.compile(rb"Mail-(\d+)")

type Json = dict[str, Any]


class Provider:
    """`steps`: how many calls of `update_case` come before each completion, for runs of many steps."""

    def __init__(self, steps: int = 0) -> None:
        self.delay = 0.0
        self.steps = steps
        self.seen: dict[int, list[list[float]]] = {}
        self.number = 0

    def answer(self, path: str, body: bytes, came: float) -> tuple[float, Json]:
        """Seconds to wait, and what is said then."""
        if path.startswith("/delay/"):
            self.delay = float(path.split("/")[2])
            return 0, {}
        if path.startswith("/steps/"):
            self.steps = int(path.split("/")[2])
            return 0, {}
        if path.startswith("/seen/"):
            first, count = map(int, path.split("/")[2:4])
            return 0, {"seen": [self.seen.pop(mail, []) for mail in range(first, first + count)]}
        found = _MAIL.search(body)
        mail = int(found[1]) if found else -1
        log = self.seen.setdefault(mail, [])
        log.append([came, 0.0])
        self.number += 1
        return self.delay, self._completion(json.loads(body), mail)

    def answered(self, path: str, body: bytes, came: float) -> None:
        if not path.startswith("/v1/") or not (found := _MAIL.search(body)):
            return
        for entry in self.seen.get(int(found[1]), []):
            if entry[0] == came:
                entry[1] = time.monotonic()

    def _completion(self, request: Json, mail: int) -> Json:
        tools = {tool["function"]["name"] for tool in request.get("tools") or []}
        used = [call["function"]["name"] for one in request["messages"] for call in one.get("tool_calls") or []]
        if LOOK_UP in json.dumps(request["messages"]) and _LOOK in tools and _LOOK not in used:
            return self._said(request, _LOOK, {"queue": "Side", "limit": 5})
        handing = next((name for name in _HAND_OVER if name in tools and name not in used), "")
        if handing and len(self.seen[mail]) == 1:
            said = {"reason": "It is about money."}
            return self._said(request, handing, said | ({"target": "billing"} if handing == "request_handover" else {}))
        if used.count("update_case") < self.steps and "update_case" in tools:
            return self._said(request, "update_case", {"data": {"step": len(used)}})
        if _COMPLETE in tools and _COMPLETE not in used:
            return self._said(request, _COMPLETE, {"summary": "The money was paid back."})
        return self._said(request, "", {})

    def _said(self, request: Json, tool: str, arguments: Json) -> Json:
        message: Json = {"role": "assistant", "content": None if tool else "The money was paid back.", "refusal": None}
        if tool:
            function = {"name": tool, "arguments": json.dumps(arguments)}
            message["tool_calls"] = [{"id": f"call_{self.number}", "type": "function", "function": function}]
        reason = "tool_calls" if tool else "stop"
        return {
            "id": f"chatcmpl-{self.number}",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": request["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 400, "completion_tokens": 20, "total_tokens": 420},
        }


class Connection(asyncio.Protocol):
    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        self.transport: asyncio.Transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if len(rest) < (size := int(length[1]) if length else 0):
            return
        self.received = rest[size:]
        came, path, body = time.monotonic(), head.split(b" ", 2)[1].decode(), rest[:size]
        wait, said = self.provider.answer(path, body, came)
        if wait:
            asyncio.get_running_loop().call_later(wait, self._send, path, body, came, said)
        else:
            self._send(path, body, came, said)

    def _send(self, path: str, body: bytes, came: float, said: Json) -> None:
        content = json.dumps(said).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self.provider.answered(path, body, came)
        self.transport.write(head.encode() + content)


async def _serve() -> None:
    provider = Provider()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


class Standing:
    """The provider in a process of its own, as who measures sees it."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def environment(self) -> dict[str, str]:
        return {"OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_API_KEY": "none"}

    def take(self, seconds: float) -> None:
        """From now on it takes so long for an answer."""
        self._ask(f"/delay/{seconds}")

    def work(self, steps: int) -> None:
        """From now on so many calls of a tool come before each completion."""
        self._ask(f"/steps/{steps}")

    def handovers(self, first: int, count: int) -> list[float]:
        """Seconds between the last answer of the first agent and the first request of the second, of each mail."""
        return [log[1][0] - log[0][1] for log in self.seen(first, count) if len(log) > 1]

    def seen(self, first: int, count: int) -> list[list[list[float]]]:
        """Of each mail, when its requests came and were answered. Told once."""
        rows: list[list[list[float]]] = self._ask(f"/seen/{first}/{count}")["seen"]
        return rows

    def _ask(self, path: str) -> Any:
        with urlopen(self.url + path, timeout=60) as answer:
            return json.loads(answer.read())


@contextmanager
def provider() -> Iterator[Standing]:
    command = [sys.executable, "-m", "benchmarks.provider"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        try:
            yield Standing(process.stdout.readline().strip())
        finally:
            process.terminate()


def mail(number: int) -> tuple[str, str]:
    """Title and text of a case."""
    return f"Mail-{number}", "I was charged twice and want a refund. " * 20


if __name__ == "__main__":
    uvloop.run(_serve())
