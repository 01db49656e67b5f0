"""Reads an answer as it comes in, as a stream of events or in one piece, packed or not."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from .dialect import Dialect, Pieces
from .events import EventReader, is_stream
from .problems import ModelProblem, silent, words
from .reading import Json, Unreadable, dicts, read

_GZIP = b"\x1f\x8b"
_MOST_BYTES = 50_000_000


class AnswerReader:
    """One answer, in whatever form it comes: events, JSON in one piece or line by line, or something else.

    `came_whole`: in one piece, so that it was silent until the model had thought it to the end.
    """

    def __init__(self, name: str, dialect: Dialect) -> None:
        self._name = name
        self._dialect = dialect
        self._pieces: Pieces = dialect.pieces()
        self._events: EventReader | None = None
        self._body = bytearray()
        self.came_whole = False

    async def read(self, response: httpx2.Response) -> Json:
        parts = unpacked(response)
        try:
            async for part in parts:
                if self._take(part):
                    await _drain(parts)
                    return self._pieces.joined()
        except httpx2.ReadTimeout as error:
            if not self._is_whole:
                raise silent(self._name) from error
        except httpx2.HTTPError as error:
            if not self._is_whole:
                raise self._broken() from error
        return self._read()

    @property
    def _is_whole(self) -> bool:
        return self._events is not None and self._pieces.is_whole

    def _take(self, part: bytes) -> bool:
        """Take a part. Return True if the answer says that it is over. Some servers then leave the connection open."""
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
        is_one = isinstance(found, dict)
        if isinstance(found, list):
            for event in dicts(found):
                self._of_error(event, "")
                self._pieces.add(event, "")
            self._pieces.end()
            found = self._pieces.joined()
        if not isinstance(found, dict):
            raise self._no_json(body)
        self._of_error(found, "")
        self.came_whole = is_one
        return found

    def _lines(self, body: bytes) -> list[Json]:
        """Return the JSON values of a body that has one per line."""
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
    """Read to the end, which follows at once or never: only then can the connection be used again."""
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


async def unpacked(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Yield the body, unpacked if it is packed, even though no packed answer was asked for."""
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
