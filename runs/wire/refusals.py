"""What a refusal says: which part of the request the server does not know, and what went wrong in its words."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import httpx2

from .answers import unpacked
from .dialect import FORCED, STREAM, USAGE, Dialect
from .problems import DECLINED, ModelProblem, words
from .reading import Json, Unreadable

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


async def error_body(response: httpx2.Response) -> bytes:
    said = b""
    try:
        async for part in unpacked(response):
            said += part
            if len(said) > _MOST_ERROR_BYTES:
                break
    except (httpx2.HTTPError, Unreadable):
        pass  # the status says enough
    return said[:_MOST_ERROR_BYTES]


def unknown_part(status: int, said: bytes, dialect: Dialect, body: Json, without: frozenset[str]) -> str | None:
    """Return the part of the request that the server says it does not know."""
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


def refusal(name: str, response: httpx2.Response, said: bytes) -> ModelProblem:
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
    """Return the problem of a redirect, which is not followed, as the other server would get the key."""
    to = response.headers.get("location", "").partition("?")[0].partition("#")[0]
    where = f" to {words(to)}" if "@" not in to and to.startswith(("http://", "https://")) else ""
    return ModelProblem(
        "model_refused",
        f"The provider of “{name}” answered {response.status_code}: it sends requests on{where}, which Baton does not"
        " follow. Change the address in the settings, under Models.",
    )


def _retry_after(headers: httpx2.Headers, said: bytes) -> float | None:
    """Return how many seconds to wait, if the answer says so."""
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
