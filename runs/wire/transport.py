"""Where requests to models leave Baton and answers come in.

Every answer is asked for as a stream, so that a provider that has fallen silent is told from a model that thinks. It is
read here, however odd it is, and handed on in one piece as the provider's own library wants to see it; what cannot be
read is a ModelProblem in the provider's words.
"""

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx2
from django.conf import settings

from . import dialects
from .dialect import FORCED, STREAM, USAGE, Dialect, Pieces
from .events import EventReader, is_stream
from .problems import DECLINED, ModelProblem, words
from .reading import Json, Unreadable, dicts, read

_MOST_BYTES = 50_000_000
_MOST_ERROR_BYTES = 65_536
_PASSING = (408, 409, 425, 429)
# Which part of a request a server speaks of that it does not know.
_OF_PART = {
    USAGE: re.compile(r"stream_options|include_usage", re.I),
    FORCED: re.compile(r"tool[ _-]?choice|function[ _-]?calling|forces? tool|['\"`]required['\"`]|\bmode ANY\b", re.I),
    STREAM: re.compile(r"\bstream(ing|ed)?\b", re.I),
}
# One breaks where it does not know how tools are forced; a stream that breaks by itself is another matter.
_MAY_NOT_KNOW = {
    USAGE: (400, 422, 500, 501),
    FORCED: (400, 404, 422, 500, 501),
    STREAM: (400, 404, 405, 415, 422, 501),
}
_RETRY_DELAY = re.compile(r'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"')
_GZIP = b"\x1f\x8b"


class Wire(httpx2.AsyncBaseTransport):
    """Sends through `client`. It remembers of each model what its server did not know, and does not ask again."""

    def __init__(self, client: httpx2.AsyncClient, kind: str) -> None:
        self._client = client
        self._kind = kind
        self._without: dict[str, frozenset[str]] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._handle(request)
        except ModelProblem as problem:
            # A server might repeat the key it was sent, and the providers' libraries log what breaks their requests.
            raise problem.without(_keys(request)) from None

    async def _handle(self, request: httpx2.Request) -> httpx2.Response:
        dialect = dialects.dialect_of(request.url.path)
        if dialect is None:
            return await self._client.send(request, stream=True)
        body: Json = json.loads(await request.aread())
        model = str(body.get("model") or request.url.path.rpartition("/")[2].partition(":")[0])
        name = f"{self._kind}:{model}"
        try:
            settled = dialect.settle(await self._answer(request, dialect, body, name), model)
        except Unreadable as error:
            raise ModelProblem("model_unavailable", f"{error} ({name})", passes=True) from error
        return _response(dialect, settled, is_stream_wanted=body.get("stream") is True, request=request)

    async def _answer(self, request: httpx2.Request, dialect: Dialect, body: Json, name: str) -> Json:
        """Whatever was said, in one piece; asked again without what the server says it does not know."""
        without = self._without.get(name, frozenset())
        while True:
            response = await self._send(_asking(self._client, request, dialect, body, without), name)
            try:
                if response.is_success:
                    self._without[name] = without
                    return await _Reader(name, dialect).read(response)
                said = await _error_body(response)
            finally:
                await response.aclose()
            unknown = _unknown_part(response.status_code, said, dialect, body, without)
            if unknown is None:
                raise _refusal(name, response, said)
            without |= {unknown}

    async def _send(self, request: httpx2.Request, name: str) -> httpx2.Response:
        try:
            return await self._client.send(request, stream=True, follow_redirects=False)
        except httpx2.ReadTimeout as error:
            raise _silent(name) from error


def _asking(
    client: httpx2.AsyncClient, request: httpx2.Request, dialect: Dialect, body: Json, without: frozenset[str]
) -> httpx2.Request:
    url, asked = dialect.ask(request.url, body, without)
    extensions: dict[str, Any] = dict(request.extensions)
    if STREAM in without:
        # An answer that comes whole is silent for as long as the model thinks.
        extensions["timeout"] = {**extensions.get("timeout", {}), "read": settings.MODEL_TOTAL_SECONDS}
    headers = {key: value for key, value in request.headers.items() if key not in _OUR_HEADERS}
    headers["accept-encoding"] = "identity"
    return client.build_request(
        request.method, url, headers=headers, content=json.dumps(asked).encode(), extensions=extensions
    )


def _keys(request: httpx2.Request) -> list[str]:
    return [request.headers[name].removeprefix("Bearer ") for name in _KEY_HEADERS if name in request.headers]


_KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
_OUR_HEADERS = ("content-length", "transfer-encoding", "accept-encoding", "accept")


def _silent(name: str) -> ModelProblem:
    return ModelProblem("model_timeout", f"The model “{name}” said nothing for too long.", passes=True)


# --- What was refused ------------------------------------------------------------------------


async def _error_body(response: httpx2.Response) -> bytes:
    said = b""
    try:
        async for part in _unpacked(response):
            said += part
            if len(said) > _MOST_ERROR_BYTES:
                break
    except (httpx2.HTTPError, Unreadable):
        pass  # the status says enough
    return said[:_MOST_ERROR_BYTES]


def _unknown_part(status: int, said: bytes, dialect: Dialect, body: Json, without: frozenset[str]) -> str | None:
    """The part of the request that the server says it does not know."""
    text = said.decode("utf-8", "replace")
    parts = [part for part, statuses in _MAY_NOT_KNOW.items() if part not in without and status in statuses]
    if FORCED in parts and not dialect.is_forced(body):
        parts.remove(FORCED)
    # Google itself says in its own form which model it does not know.
    is_elsewhere = status == 404 and dialect.needs_another_address and b'"error"' not in said
    if STREAM in parts and (status in (405, 501) or is_elsewhere):
        return STREAM
    named = [part for part in parts if _OF_PART[part].search(text)]
    return named[0] if named else None


def _refusal(name: str, response: httpx2.Response, said: bytes) -> ModelProblem:
    status = response.status_code
    if 300 <= status < 400:
        return _moved(name, response)
    text = words(said) or response.reason_phrase or "nothing more"
    if status == 400 and b'"content_filter"' in said:
        return ModelProblem(DECLINED, f"The model “{name}” refused to answer: {text}")
    passes = status >= 500 or status in _PASSING
    return ModelProblem(
        "model_unavailable" if passes else "model_refused",
        f"The provider of “{name}” answered {status}: {text}",
        passes=passes,
        retry_after=_retry_after(response.headers, said),
    )


def _moved(name: str, response: httpx2.Response) -> ModelProblem:
    """Not followed: who is sent there would be given the key."""
    to = response.headers.get("location", "").partition("?")[0].partition("#")[0]
    where = f" to {words(to)}" if "@" not in to and to.startswith(("http://", "https://")) else ""
    return ModelProblem(
        "model_refused",
        f"The provider of “{name}” answered {response.status_code}: it sends requests on{where}, which Baton does not"
        " follow. Change the address in the settings, under Models.",
    )


def _retry_after(headers: httpx2.Headers, said: bytes) -> float | None:
    """Seconds."""
    value = headers.get("retry-after", "")
    seconds: float | None
    try:
        seconds = float(headers["retry-after-ms"]) / 1000 if "retry-after-ms" in headers else float(value)
    except ValueError:
        seconds = _until(value)
    if (seconds is None or not isfinite(seconds)) and (found := _RETRY_DELAY.search(said.decode("utf-8", "replace"))):
        seconds = float(found[1])
    return seconds if seconds is not None and isfinite(seconds) and seconds >= 0 else None


def _until(date: str) -> float | None:
    try:
        found = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, (found.replace(tzinfo=found.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


# --- What was answered -----------------------------------------------------------------------


class _Reader:
    """One answer, in whatever form it comes: events, JSON in one piece or line by line, or something else."""

    def __init__(self, name: str, dialect: Dialect) -> None:
        self._name = name
        self._dialect = dialect
        self._pieces: Pieces = dialect.pieces()
        self._events: EventReader | None = None
        self._body = bytearray()

    async def read(self, response: httpx2.Response) -> Json:
        parts = _unpacked(response)
        try:
            async for part in parts:
                if self._take(part):
                    await _drain(parts)
                    return self._pieces.joined()
        except httpx2.ReadTimeout as error:
            if not self._is_whole:
                raise _silent(self._name) from error
        except httpx2.HTTPError as error:
            if not self._is_whole:
                raise self._broken() from error
        return self._read()

    @property
    def _is_whole(self) -> bool:
        return self._events is not None and self._pieces.is_whole

    def _take(self, part: bytes) -> bool:
        """True when the answer says that it is over. Some servers then leave the connection open."""
        if self._events is None:
            # Some send white space while the model thinks.
            self._body = self._body + part if self._body else bytearray(part.lstrip(_BLANK))
            if not is_stream(bytes(self._body[:_HEAD])):
                return False
            self._events, part = EventReader(), bytes(self._body)
        return any(self._add(name, data) for name, data in self._events.feed(part))

    def _add(self, name: str, data: str) -> bool:
        if data.strip() in ("[DONE]", "DONE"):
            self._pieces.end()
            return True
        try:
            events = dicts(read(data))
        except ValueError:
            events = self._of_lines(data)
        return any(self._of_error(event, name) or self._pieces.add(event, name) for event in events)

    def _of_lines(self, data: str) -> list[Json]:
        """Some servers leave out the empty lines between events. What is no JSON at all is no part of the answer."""
        events: list[Json] = []
        for line in data.split("\n"):
            try:
                events += dicts(read(line))
            except ValueError as error:
                if line.lstrip().startswith("{"):
                    raise self._broken() from error
        return events

    def _read(self) -> Json:
        if self._events is not None:
            for name, data in self._events.close():
                if self._add(name, data):
                    break
            if not self._pieces.is_whole:
                raise self._broken()
            return self._pieces.joined()
        return self._read_plain(bytes(self._body))

    def _read_plain(self, body: bytes) -> Json:
        if not body.strip():
            raise Unreadable("The model's answer was empty.")
        try:
            found = read(body)
        except ValueError as error:
            found = self._lines(body)
            if not found:
                raise self._no_json(body) from error
        if isinstance(found, list):
            for event in dicts(found):
                self._of_error(event, "")
                self._pieces.add(event, "")
            self._pieces.end()
            found = self._pieces.joined()
        if not isinstance(found, dict):
            raise self._no_json(body)
        self._of_error(found, "")
        return found

    def _lines(self, body: bytes) -> list[Json]:
        """JSON line by line."""
        try:
            return dicts([read(line) for line in body.splitlines() if line.strip()])
        except ValueError:
            return []

    def _of_error(self, event: Json, name: str) -> bool:
        """False, or Unreadable with its words."""
        said = event.get("error") or (event if _is_error(event, name) else None)
        if not said and (response := event.get("response")) and isinstance(response, dict):
            said = response.get("error")
        if said:
            raise Unreadable(f"The model answered with an error: {words(said) or 'it does not say which.'}")
        return False

    def _no_json(self, body: bytes) -> Exception:
        begun = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if begun in (b"{", b"["):
            return self._broken()
        what = "with a web page" if begun == b"<" else "with something other than JSON"
        return Unreadable(f"The model answered {what}: {words(body) or 'it says nothing.'}")

    def _broken(self) -> ModelProblem:
        return ModelProblem("model_unavailable", f"The answer of “{self._name}” broke off.", passes=True)


async def _drain(parts: AsyncIterator[bytes]) -> None:
    """Reads to the end, which follows at once or never: only then can the connection be used again."""
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            async for _ in parts:
                pass
    except (TimeoutError, httpx2.HTTPError, Unreadable):
        pass


_HEAD = 64
_BLANK = b"\xef\xbb\xbf \t\r\n"
_LINGER_SECONDS = 0.2
_ERROR_KEYS = ("detail", "errors", "message", "msg", "error_description")
_ANSWER_KEYS = ("choices", "output", "content", "candidates", "response", "delta", "item", "promptFeedback", "usage")


def _is_error(event: Json, name: str) -> bool:
    """An error that does not call itself one has nothing that an answer has."""
    if "error" in (event.get("type"), event.get("object"), name):
        return True
    says = any(isinstance(event.get(key), str | list) and event[key] for key in _ERROR_KEYS)
    return says and not any(key in event for key in _ANSWER_KEYS)


async def _unpacked(response: httpx2.Response) -> AsyncIterator[bytes]:
    """The body, whether or not it is packed as its head says. Nothing packed was asked for."""
    unpack: Any = None
    left, is_first = _MOST_BYTES, True
    async for part in response.aiter_raw():
        if is_first and part:
            unpack = zlib.decompressobj(wbits=47) if part.startswith(_GZIP) else None
            is_first = False
        if unpack is not None:
            part = _unpack(unpack, part, left)  # noqa: PLW2901
        left -= len(part)
        if left <= 0:
            raise Unreadable("The model's answer is too long to be read.")
        yield part


def _unpack(unpack: Any, part: bytes, most: int) -> bytes:
    try:
        found: bytes = unpack.decompress(part, most)
    except zlib.error as error:
        raise Unreadable("The model's answer is packed in a way that cannot be read.") from error
    return found


def _response(dialect: Dialect, settled: Json, *, is_stream_wanted: bool, request: httpx2.Request) -> httpx2.Response:
    if is_stream_wanted and dialect.replay:
        lines = [f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in dialect.replay(settled)]
        return httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, content="".join(lines).encode(), request=request
        )
    return httpx2.Response(200, json=settled, request=request)
