"""Chat completions, as OpenAI defined them and others imitate them. Pure."""

from typing import Any

import httpx2

from .dialect import FORCED, STREAM, USAGE, made_id, named, usage
from .reading import Json, Unreadable, arguments, as_text, child, count, dicts, index, is_object, string, text

_FINISHED = {
    "length": ("max_tokens", "model_length", "max_output_tokens", "token_limit"),
    "tool_calls": ("tool_use", "tool_call", "function_call"),
    "content_filter": ("safety", "content-filter", "content_filtered", "refusal", "sensitive"),
}
_TIERS = ("auto", "default", "flex", "scale", "priority")
_THOUGHTS = ("reasoning_content", "reasoning")


def is_asked(path: str) -> bool:
    return path.endswith("/chat/completions")


def ask(url: httpx2.URL, body: Json, without: frozenset[str]) -> tuple[httpx2.URL, Json]:
    asked = {key: value for key, value in body.items() if key not in (STREAM, USAGE)}
    if FORCED in without:
        asked.pop("tool_choice", None)
    if STREAM not in without:
        asked["stream"] = True
        if USAGE not in without:
            asked["stream_options"] = {"include_usage": True}
    return url, asked


def is_forced(body: Json) -> bool:
    return body.get("tool_choice") == "required"


class Pieces:
    def __init__(self) -> None:
        self._head: Json = {}
        self._texts: dict[str, str] = {}
        self._calls: list[Json] = []
        self._finish: Any = None
        self._is_begun = self._is_over = False

    def add(self, event: Json, name: str) -> bool:
        for key in ("id", "created", "model", "service_tier", "usage"):
            if event.get(key):
                self._head[key] = event[key]
        for choice in dicts(event.get("choices")):
            self._is_begun = True
            if not index(choice.get("index")):
                self._choice(choice)
        self._is_over |= bool(event.get("usage")) and event.get("choices") == []
        return False

    def _choice(self, choice: Json) -> None:
        self._finish = choice.get("finish_reason") or self._finish
        if message := child(choice.get("message")):  # the whole of it, repeated at the end
            self._texts, self._calls = {}, []
        delta = message or child(choice.get("delta"))
        for key in ("content", "refusal", *_THOUGHTS):
            self._texts[key] = self._texts.get(key, "") + text(delta.get(key))
        self._texts["content"] += string(choice.get("text"))
        for call in dicts(delta.get("tool_calls")):
            self._call(call)
        if call := child(delta.get("function_call")):
            self._call({"index": 0, "function": call})

    def _call(self, said: Json) -> None:
        function = child(said.get("function")) or said
        name, given = string(function.get("name")), function.get("arguments")
        slot = self._slot(index(said.get("index")), string(said.get("id")), name)
        if name and name != slot["name"]:
            slot["name"] += name
        if isinstance(given, str):
            # Some repeat the whole of it at the end.
            is_repeated = given == slot["arguments"] and len(given) > 2 and is_object(given)
            slot["arguments"] = given if is_repeated else f"{slot['arguments']}{given}"
        elif given is not None:
            slot["arguments"] = as_text(arguments(given))

    def _slot(self, at: int | None, id: str, name: str) -> Json:
        """Return the call that this is a piece of. Some servers leave the index out, others give 0 to every call."""
        fits = [slot for slot in self._calls if (id and slot["id"] == id)]
        if not fits and not (id and at is None):
            fits = [slot for slot in self._calls if at is None or slot["at"] == at]
        last = fits[-1] if fits else None
        is_next = (
            last is not None
            and name
            and last["arguments"]
            and ((id and id != last["id"]) or (not id and is_object(last["arguments"])))
        )
        if last is None or is_next:
            last = {"at": at, "id": id, "name": "", "arguments": ""}
            self._calls.append(last)
        last["id"] = last["id"] or id
        return last

    def end(self) -> None:
        self._is_over = True

    @property
    def is_whole(self) -> bool:
        is_called = bool(self._calls) and all(is_object(call["arguments"]) for call in self._calls)
        return self._is_over or bool(self._finish) or is_called

    def joined(self) -> Json:
        calls = [{"id": call["id"], "function": call} for call in self._calls]
        message = {**self._texts, "tool_calls": calls}
        choices = [{"message": message, "finish_reason": self._finish}] if self._is_begun else []
        return {**self._head, "choices": choices}


def settle(whole: Json, model: str) -> Json:
    choice = _first_choice(whole)
    message = child(choice.get("message")) or child(choice.get("delta")) or {"content": choice.get("text")}
    calls = [call for item in _calls_in(message) if (call := _call(item))]
    finish = _finish(string(choice.get("finish_reason")), bool(calls))
    said: Json = {"role": "assistant", "content": text(message.get("content")) or None}
    said["refusal"] = text(message.get("refusal")) or None
    said |= {key: text(message[key]) for key in _THOUGHTS if text(message.get(key))}
    if calls:
        said["tool_calls"] = calls
    tier = whole.get("service_tier")
    return {
        "id": string(whole.get("id")),
        "object": "chat.completion",
        "created": count(whole.get("created")) or 0,
        "model": string(whole.get("model")) or model,
        "choices": [{"index": 0, "message": said, "finish_reason": finish, "logprobs": None}],
        "usage": _usage(child(whole.get("usage"))),
        **({"service_tier": tier} if tier in _TIERS else {}),
    }


def _first_choice(whole: Json) -> Json:
    choices = dicts(whole.get("choices"))
    if choices:
        return choices[0]
    if message := child(whole.get("message")):  # Ollama's own API, at another address
        return {"message": message, "finish_reason": whole.get("done_reason")}
    raise Unreadable("The model answered without a choice.")


def _calls_in(message: Json) -> list[Json]:
    legacy = child(message.get("function_call"))
    return dicts(message.get("tool_calls")) or ([{"function": legacy}] if legacy else [])


# The first is the right one; models of other schools write the others.
_ARGUMENTS = ("arguments", "parameters", "args", "input")


def _call(item: Json) -> Json | None:
    """Return the call, or None for an item that holds nothing."""
    function = child(item.get("function")) or item
    name = string(function.get("name")).strip()
    given = next((function[key] for key in _ARGUMENTS if key in function), None)
    if not name and not given:
        return None
    settled = {"name": named(name), "arguments": as_text(arguments(given))}
    return {"id": string(item.get("id")) or made_id(), "type": "function", "function": settled}


def _finish(reason: str, is_called: bool) -> str:
    said = reason.lower()
    if said == "error":
        raise Unreadable("The model broke off with an error.")
    for known, others in _FINISHED.items():
        if said == known or said in others:
            return known
    return "tool_calls" if is_called else "stop"


def _usage(found: Json) -> Json | None:
    counts = usage(
        found,
        {"prompt_tokens": "prompt_tokens", "completion_tokens": "completion_tokens"},
        ("prompt_tokens", "completion_tokens"),
    )
    if counts is None:
        return None
    details = child(found.get("prompt_tokens_details"))
    cached = min(count(details.get("cached_tokens")) or 0, counts["prompt_tokens"])
    thought = count(child(found.get("completion_tokens_details")).get("reasoning_tokens"))
    return {
        **counts,
        "total_tokens": counts["prompt_tokens"] + counts["completion_tokens"],
        "prompt_tokens_details": {"cached_tokens": cached},
        **({"completion_tokens_details": {"reasoning_tokens": thought}} if thought is not None else {}),
    }
