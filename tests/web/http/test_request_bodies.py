"""How large the body of a request may be."""

import asyncio
import json
from typing import Any

import pytest

from web.http import request_bodies
from web.http.request_bodies import MB

JSON, FORM = b"application/json", b"multipart/form-data; boundary=x"
LIMIT = 2_621_440


def send(
    size: int, kind: bytes = JSON, *, says: int | None = None, path: str = "/", accept: bytes = b"*/*"
) -> tuple[list[dict[str, Any]], int]:
    """What is answered to a body of that size, sent in pieces, and how much of it the application was given."""
    pieces = [b"x" * min(65_536, size - start) for start in range(0, size, 65_536)]
    headers = [(b"content-type", kind), (b"accept", accept)]
    if says is not None:
        headers.append((b"content-length", str(says).encode()))
    answers: list[dict[str, Any]] = []
    given = 0

    async def receive() -> dict[str, Any]:
        body = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": body, "more_body": bool(pieces)}

    async def answer(message: Any) -> None:
        answers.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal given
        while (message := await receive())["type"] == "http.request":
            given += len(message["body"])
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return

    async def ask() -> None:
        await request_bodies.bounded(app)({"type": "http", "path": path, "headers": headers}, receive, answer)

    asyncio.run(ask())
    return answers, given


@pytest.mark.parametrize(("size", "kind"), [(0, JSON), (LIMIT, JSON), (LIMIT + 1, FORM)])
def test_what_is_not_too_large_gets_through(size: int, kind: bytes) -> None:
    answers, given = send(size, kind, says=size)
    assert [answer["status"] for answer in answers] == [200]
    assert given == size


@pytest.mark.parametrize("says", [None, 10])
def test_a_body_is_broken_off_where_it_gets_too_large(says: int | None) -> None:
    answers, given = send(LIMIT * 2, says=says)
    assert answers[0]["status"] == 413
    assert json.loads(answers[1]["body"])["error"]["code"] == "too_large"
    assert given <= LIMIT


@pytest.mark.parametrize(("kind", "says"), [(JSON, LIMIT + 1), (FORM, request_bodies.FILES_LIMIT + 1)])
def test_one_that_says_it_is_too_large_is_not_read(kind: bytes, says: int) -> None:
    answers, given = send(LIMIT * 2, kind, says=says)
    assert (answers[0]["status"], given) == (413, 0)


def test_what_anyone_may_send_is_smaller() -> None:
    limit = 25 * 1024 * 1024
    assert send(10, FORM, says=limit + 1, path="/f/token")[0][0]["status"] == 413
    assert send(10, FORM, says=limit, path="/f/token")[0][0]["status"] == 200


def test_a_browser_gets_a_page() -> None:
    accept = b"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
    for path, size, words in (("/f/token", 26 * MB, "larger than 25 MB"), ("/agents/", 3 * MB, "Go to Home")):
        answers, given = send(size, FORM if path == "/f/token" else JSON, says=size, path=path, accept=accept)
        assert (answers[0]["status"], given) == (413, 0)
        assert words in answers[1]["body"].decode() and ("Go to Home" in answers[1]["body"].decode()) == (
            path != "/f/token"
        )
