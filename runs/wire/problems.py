"""Why a model gave no answer, in one short sentence with the provider's own words."""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import TYPE_CHECKING, Any

from data.texts.text import storable

from .reading import read

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse  # takes long to import, and pages do without

LONGEST = 300
DECLINED = "model_declined"
CUT = "model_cut"
_READ = 65_536
_HIDDEN = re.compile(r"(?is)<(script|style|svg|noscript)\b.*?(</\1\s*>|$)|<!--.*?(-->|$)")
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*(>|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
# Where providers and the frameworks they are built with put their words, the most telling first.
_KEYS = (
    "error",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "error_description",
    "reason",
    "title",
    "description",
)


class ModelProblem(Exception):
    """The model gave no answer. `passes` says that a later try may succeed; `retry_after` is in seconds."""

    def __init__(self, code: str, message: str, *, passes: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.passes = passes
        self.retry_after = retry_after
        # What was answered all the same, and is dropped: it was paid for.
        self.dropped: ModelResponse | None = None

    def without(self, secrets: Iterable[str]) -> "ModelProblem":
        """Return the same problem without the secrets in its words."""
        message = self.message
        for secret in filter(None, secrets):
            message = message.replace(secret, "…")
        return ModelProblem(self.code, message, passes=self.passes, retry_after=self.retry_after)


def words(body: object) -> str:
    """Return what an error says, as at most 300 characters of plain text; "" when it says nothing. Never a dump of a
    dict.
    """
    if isinstance(body, bytes):
        body = body[:_READ].decode("utf-8", "replace")
    return _short(_plain(next(_said(body), "")))


def _said(body: object, depth: int = 0) -> Iterator[str]:
    """Return every text in it that was meant to be read, the most helpful first."""
    if depth > 8:
        return
    if isinstance(body, str):
        yield from _in_text(body, depth)
    elif isinstance(body, list):
        for item in body:
            yield from _said(item, depth + 1)
    elif isinstance(body, dict):
        for key in (*(key for key in _KEYS if key in body), *(key for key in body if key not in _KEYS)):
            yield from _said(body[key], depth + 1)


def _in_text(text: str, depth: int) -> Iterator[str]:
    """Gateways quote the JSON they were answered as a text."""
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        try:
            found: Any = read(text)
        except ValueError:
            found = None
        if isinstance(found, dict | list):
            yield from _said(found, depth + 1)
            return
    if text.strip():
        yield text


def _plain(text: str) -> str:
    """Return the text on one line, without the tags of a page."""
    text = _TAG.sub(" ", _HIDDEN.sub(" ", text[:_READ]))
    return " ".join(_CONTROL.sub(" ", storable(unescape(text))).split())


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def silent(name: str) -> ModelProblem:
    return ModelProblem("model_timeout", f"The model “{name}” said nothing for too long.", passes=True)
