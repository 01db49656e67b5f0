"""OpenAI's Responses API. Pure."""

from typing import Any

import httpx2

from .dialect import FORCED, STREAM, made_id, named, usage
from .reading import Json, Unreadable, arguments, as_text, child, count, dicts, index, is_object, string, text

_ENDS = ("response.completed", "response.incomplete", "response.failed", "response.done", "response.cancelled")


def is_asked(path: str) -> bool:
    return path.endswith("/responses")


def ask(url: httpx2.URL, body: Json, without: frozenset[str]) -> tuple[httpx2.URL, Json]:
    asked = {key: value for key, value in body.items() if key not in (STREAM, "stream_options")}
    if FORCED in without:
        asked.pop("tool_choice", None)
    return url, asked if STREAM in without else {**asked, "stream": True}


def is_forced(body: Json) -> bool:
    return body.get("tool_choice") == "required"


class Pieces:
    def __init__(self) -> None:
        self._whole: Json = {}
        self._items: dict[Any, Json] = {}
        self._is_over = False

    def add(self, event: Json, name: str) -> bool:
        kind = string(event.get("type")) or name
        place = self._place(event)
        if response := child(event.get("response")):
            self._whole |= {key: value for key, value in response.items() if value or key not in self._whole}
            self._is_over |= kind in _ENDS
            return kind in _ENDS
        if kind in ("response.output_item.added", "response.output_item.done"):
            self._item(place, child(event.get("item")), is_done=kind.endswith("done"))
        elif kind.endswith(".delta"):
            self._delta(kind, place, event.get("delta"))
        elif kind == "response.function_call_arguments.done":
            self._arguments(place, event)
        return False

    def _place(self, event: Json) -> Any:
        at = index(event.get("output_index"))
        if at is not None:
            return at
        return string(event.get("item_id")) or string(child(event.get("item")).get("id")) or "only"

    def _item(self, place: Any, item: Json, *, is_done: bool) -> None:
        known = self._items.setdefault(place, {})
        # What came in pieces stays where the item that closes them is empty.
        known |= {key: value for key, value in item.items() if value or key not in known}
        known["is_done"] = is_done

    def _delta(self, kind: str, place: Any, delta: object) -> None:
        item = self._items.setdefault(place, {})
        if kind == "response.function_call_arguments.delta":
            item["arguments"] = string(item.get("arguments")) + text(delta)
        elif kind in ("response.output_text.delta", "response.refusal.delta"):
            key = "refusal" if "refusal" in kind else "said"
            item[key] = string(item.get(key)) + text(delta)

    def _arguments(self, place: Any, event: Json) -> None:
        item = self._items.setdefault(place, {})
        item["arguments"] = event.get("arguments") or item.get("arguments")
        item["name"] = item.get("name") or event.get("name")

    def end(self) -> None:
        self._is_over = True

    @property
    def is_whole(self) -> bool:
        calls = [item for item in self._items.values() if _is_call(item)]
        return self._is_over or (
            bool(calls) and all(is_object(as_text(arguments(one.get("arguments")))) for one in calls)
        )

    def joined(self) -> Json:
        items = [self._items[place] for place in self._items]
        return {**self._whole, "output": dicts(self._whole.get("output")) or items}


def settle(whole: Json, model: str) -> Json:
    if not isinstance(whole.get("output"), list | dict | str) and not text(whole.get("output_text")):
        raise Unreadable("The model answered without an output.")
    if string(whole.get("status")) in ("failed", "cancelled"):
        raise Unreadable("The model broke off with an error.")
    output = [settled for item in dicts(whole.get("output")) for settled in _item(item)]
    said = text(whole.get("output_text")) or string(whole.get("output"))
    if not output and said:
        output = [_message([{"text": said}])]
    reason = string(child(whole.get("incomplete_details")).get("reason"))
    return {
        "id": string(whole.get("id")) or made_id(),
        "object": "response",
        "created_at": count(whole.get("created_at")) or 0,
        "status": "incomplete" if reason or whole.get("status") == "incomplete" else "completed",
        "incomplete_details": {"reason": _reason(reason)} if reason or whole.get("status") == "incomplete" else None,
        "model": string(whole.get("model")) or model,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": _usage(child(whole.get("usage"))),
    }


def _reason(reason: str) -> str:
    return "content_filter" if "filter" in reason or "safety" in reason.lower() else "max_output_tokens"


def _is_call(item: Json) -> bool:
    return item.get("type") == "function_call" or (not item.get("type") and "name" in item and "arguments" in item)


def _item(item: Json) -> list[Json]:
    """Return the item, or None for kinds that say nothing to an agent."""
    if _is_call(item):
        return [_call(item)]
    if item.get("type") == "reasoning":
        return _reasoning(item)
    if item.get("type") not in ("message", None, ""):
        return []
    content = item.get("content")
    parts = dicts(content) if isinstance(content, list | dict) else []
    loose = [part for part in (content if isinstance(content, list) else [content]) if isinstance(part, str)]
    parts += [{"text": said} for said in (*loose, string(item.get("said"))) if said and not parts]
    if refusal := string(item.get("refusal")):
        parts.append({"refusal": refusal})
    return [_message(parts, string(item.get("id")))] if parts else []


def _message(parts: list[Json], id: str = "") -> Json:
    content: list[Json] = []
    for part in parts:
        if refusal := text(part.get("refusal")):
            content.append({"type": "refusal", "refusal": refusal})
        elif part.get("type") in ("output_text", "text", "", None) and (said := text(part.get("text"))):
            content.append({"type": "output_text", "text": said, "annotations": []})
    return {
        "type": "message",
        "id": id or made_id().replace("call", "msg"),
        "role": "assistant",
        "status": "completed",
        "content": content,
    }


def _call(item: Json) -> Json:
    call = {
        "type": "function_call",
        "call_id": string(item.get("call_id")) or string(item.get("id")) or made_id(),
        "name": named(string(item.get("name")).strip()),
        "arguments": as_text(arguments(item.get("arguments"))),
        "status": "completed",
    }
    return {**call, "id": string(item["id"])} if string(item.get("id")) else call


def _reasoning(item: Json) -> list[Json]:
    """Return the reasoning as it came. It goes back with the next request, so it stays as it is; without an id there is
    nothing to go back to.
    """
    id = string(item.get("id"))
    summary = [{"type": "summary_text", "text": text(part)} for part in dicts(item.get("summary"))]
    sealed = string(item.get("encrypted_content")) or None
    return [{"type": "reasoning", "id": id, "summary": summary, "encrypted_content": sealed}] if id else []


def _usage(found: Json) -> Json | None:
    names = {"input_tokens": "input_tokens", "output_tokens": "output_tokens"}
    counts = usage(found, names, ("input_tokens", "output_tokens"))
    if counts is None:
        return None
    cached = count(child(found.get("input_tokens_details")).get("cached_tokens")) or 0
    written = count(child(found.get("input_tokens_details")).get("cache_write_tokens")) or 0
    thought = count(child(found.get("output_tokens_details")).get("reasoning_tokens")) or 0
    return {
        **counts,
        "total_tokens": counts["input_tokens"] + counts["output_tokens"],
        "input_tokens_details": {"cached_tokens": min(cached, counts["input_tokens"]), "cache_write_tokens": written},
        "output_tokens_details": {"reasoning_tokens": thought},
    }
