"""Google's generateContent. Pure."""

import base64
import binascii
from typing import Any

import httpx2

from .dialect import FORCED, STREAM, made_id, named, usage
from .reading import Json, Unreadable, arguments, as_object, child, dicts, string, text

_PLAIN, _STREAM = ":generateContent", ":streamGenerateContent"
_REASONS = (
    *("STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"),
    *("IMAGE_SAFETY",),
)
_BROKEN_CALL = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")
_ALIASES = {"LENGTH": "MAX_TOKENS", "CONTENT_FILTER": "SAFETY"}
_COUNTS = {
    name: name
    for name in (
        *("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount"),
        "toolUsePromptTokenCount",
    )
}


def is_asked(path: str) -> bool:
    return path.endswith((_PLAIN, _STREAM))


def ask(url: httpx2.URL, body: Json, without: frozenset[str]) -> tuple[httpx2.URL, Json]:
    if FORCED in without:
        body = {key: value for key, value in body.items() if key != "toolConfig"}
    if STREAM in without:
        return url, body
    path = url.path.replace(_PLAIN, _STREAM)
    return url.copy_with(path=path).copy_merge_params({"alt": "sse"}), body


def is_forced(body: Json) -> bool:
    return child(_either(child(body.get("toolConfig")), "functionCallingConfig")).get("mode") == "ANY"


class Pieces:
    def __init__(self) -> None:
        self._head: Json = {}
        self._parts: list[Json] = []
        self._candidate: Json = {}
        self._is_over = False

    def add(self, event: Json, name: str) -> bool:
        self._head |= {key: value for key, value in event.items() if value and key != "candidates"}
        for candidate in dicts(event.get("candidates"))[:1]:
            self._parts += _parts(candidate)
            self._candidate |= {key: value for key, value in candidate.items() if value}
        return False

    def end(self) -> None:
        self._is_over = True

    @property
    def is_whole(self) -> bool:
        is_called = any(_call_in(part) is not None for part in self._parts)
        is_finished = bool(_either(self._candidate, "finishReason") or _either(self._head, "promptFeedback"))
        return self._is_over or is_called or is_finished

    def joined(self) -> Json:
        candidates = [{**self._candidate, "content": {"parts": self._parts}}] if self._candidate else []
        return {**self._head, "candidates": candidates}


def settle(whole: Json, model: str) -> Json:
    candidates = dicts(whole.get("candidates"))
    blocked = string(_either(child(_either(whole, "promptFeedback")), "blockReason"))
    if not candidates and not blocked:
        raise Unreadable("The model answered without a choice.")
    candidate = candidates[0] if candidates else {"finishReason": "SAFETY"}
    counts = usage(
        _camel(child(_either(whole, "usageMetadata"))), _COUNTS, ("promptTokenCount", "candidatesTokenCount")
    )
    settled: Json = {
        "candidates": [
            {
                "index": 0,
                "content": {
                    "role": "model",
                    "parts": _joined([part for one in _parts(candidate) for part in _part(one)]),
                },
                "finishReason": _reason(string(_either(candidate, "finishReason")).upper()),
            }
        ],
        "modelVersion": string(_either(whole, "modelVersion")) or model,
    }
    if id := string(_either(whole, "responseId")):
        settled["responseId"] = id
    if counts:
        settled["usageMetadata"] = {**counts, "totalTokenCount": _total(counts)}
    return settled


def _total(counts: Json) -> int:
    return sum(number for name, number in counts.items() if name != "cachedContentTokenCount")


def _reason(said: str) -> str:
    if said in _BROKEN_CALL:
        raise Unreadable("The model wrote a tool call that its provider could not read.")
    reason = _ALIASES.get(said, said)
    return reason if reason in _REASONS else "STOP"


def _parts(candidate: Json) -> list[Json]:
    content = candidate.get("content")
    if isinstance(content, str):
        return [{"text": content}]
    found = content if isinstance(content, list) else child(content).get("parts")
    if isinstance(found, str):
        return [{"text": found}]
    items = found if isinstance(found, list) else [found]
    return [{"text": item} if isinstance(item, str) else item for item in items if isinstance(item, str | dict)]


def _call_in(part: Json) -> Json | None:
    found = _either(part, "functionCall")
    return found if isinstance(found, dict) else None


def _part(part: Json) -> list[Json]:
    """Return the part, or None for kinds that say nothing to an agent."""
    settled: Json = {}
    if (call := _call_in(part)) is not None:
        given = as_object(arguments(call.get("args", call.get("arguments"))))
        settled["functionCall"] = {
            "id": string(call.get("id")) or made_id(),
            "name": named(string(call.get("name")).strip()),
            # Google's library takes nothing but objects; what is none is refused to the model in our own words.
            "args": given if isinstance(given, dict) else {"arguments": given},
        }
    elif said := text(part.get("text")):
        settled["text"] = said
        if part.get("thought") is True:
            settled["thought"] = True
    if signature := _signature(_either(part, "thoughtSignature")):
        settled["thoughtSignature"] = signature
        settled.setdefault("text", "") if "functionCall" not in settled else None
    return [settled] if settled else []


def _joined(parts: list[Json]) -> list[Json]:
    """A stream gives a text in pieces."""
    joined: list[Json] = []
    for part in parts:
        last = joined[-1] if joined else {}
        is_more = "text" in part and "text" in last and part.get("thought") == last.get("thought")
        if is_more and "thoughtSignature" not in last:
            joined[-1] = {**last, **part, "text": last["text"] + part["text"]}
        else:
            joined.append(part)
    return joined


def _signature(said: object) -> str:
    try:
        base64.b64decode(string(said), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return string(said)


def _either(found: Json, name: str) -> Any:
    """Return a value by its name as in JSON, or as gateways in Python write it."""
    return found[name] if name in found else found.get(_snake(name))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _camel(found: Json) -> Json:
    return {name: _either(found, name) for name in _COUNTS}
