"""How large the body of a request may be, before anything of it is kept: Django itself stores it whole, then looks."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

MB = 1024 * 1024
# Forms with files: 20 files of 20 MB are the most that anything takes, and what wraps them.
FILES_LIMIT = 410 * MB
# How many times the limit of a browser's body is read, and dropped.
_READ_ON = 4

type Message = Mapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def bounded(app: App) -> App:
    """The ASGI application, which is told that the sender is gone when it sends too much."""

    async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await app(scope, receive, send)
        headers, taken = dict(scope["headers"]), 0
        limit = _limit(scope["path"], headers)

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= limit else {"type": "http.disconnect"}

        said = headers.get(b"content-length", b"")
        if not (said.isdigit() and int(said) > limit):
            await app(scope, counted, send)
            if taken <= limit:
                return None
        if b"text/html" not in headers.get(b"accept", b""):
            return await _refuse(send, limit)
        # A browser shows an answer only when it could send all it had; of what is absurd the rest is not waited for.
        while taken <= limit * _READ_ON and (message := await receive()).get("more_body"):
            taken += len(message.get("body", b""))
        return await _show_refusal(send, limit, is_public=scope["path"].startswith(tuple(settings.BODY_LIMITS)))

    return answer


def _limit(path: str, headers: dict[bytes, bytes]) -> int:
    for beginning, limit in settings.BODY_LIMITS.items():
        if path.startswith(beginning):
            return limit
    is_form = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
    return FILES_LIMIT if is_form else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


async def _show_refusal(send: Send, limit: int, *, is_public: bool) -> None:
    page = render_to_string("413.html", {"most": f"{limit / MB:g} MB", "is_public": is_public}).encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": page})


async def _refuse(send: Send, limit: int) -> None:
    message = f"The body is too large: {limit / MB:g} MB at most."
    body = json.dumps({"error": {"code": "too_large", "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
