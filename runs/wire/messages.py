"""Anthropic's Messages API. Pure."""

import httpx2

from .dialect import FORCED, STREAM, made_id, named, usage
from .reading import Json, Unreadable, arguments, as_object, as_text, child, dicts, index, is_object, string, text

_REASONS = (
    *("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "compaction"),
    "model_context_window_exceeded",
)
_ALIASES = {"length": "max_tokens", "content_filter": "refusal", "safety": "refusal"}
_COUNTS = {
    name: name for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
}


def is_asked(path: str) -> bool:
    return path.endswith("/messages")


def ask(url: httpx2.URL, body: Json, without: frozenset[str]) -> tuple[httpx2.URL, Json]:
    asked = {key: value for key, value in body.items() if key != STREAM}
    if FORCED in without:
        asked.pop("tool_choice", None)
    return url, asked if STREAM in without else {**asked, "stream": True}


def is_forced(body: Json) -> bool:
    return child(body.get("tool_choice")).get("type") == "any"


class Pieces:
    def __init__(self) -> None:
        self._head: Json = {}
        self._usage: Json = {}
        self._blocks: dict[int, Json] = {}
        self._is_over = False

    def add(self, event: Json, name: str) -> bool:
        kind = string(event.get("type")) or name
        match kind:
            case "message_start":
                self._start(child(event.get("message")))
            case "content_block_start":
                at = index(event.get("index"))
                self._blocks[len(self._blocks) if at is None else at] = dict(child(event.get("content_block")))
            case "content_block_delta":
                self._delta(event, child(event.get("delta")))
            case "message_delta":
                self._head |= {key: value for key, value in child(event.get("delta")).items() if value is not None}
                self._count(event)
            case "message_stop":
                self._is_over = True
        return self._is_over

    def _start(self, message: Json) -> None:
        self._head |= message
        self._count(message)
        self._blocks |= dict(enumerate(dicts(message.get("content"))))

    def _count(self, said: Json) -> None:
        self._usage |= {key: value for key, value in child(said.get("usage")).items() if value is not None}

    def _delta(self, event: Json, delta: Json) -> None:
        at = index(event.get("index"))
        block = self._blocks.setdefault(max(self._blocks, default=0) if at is None else at, {})
        for source, key in (("text", "text"), ("thinking", "thinking"), ("signature", "signature")):
            if string(delta.get(source)):
                block[key] = string(block.get(key)) + string(delta[source])
        given = delta.get("partial_json")
        if isinstance(given, str):
            block["partial"] = string(block.get("partial")) + given
        elif given is not None:
            block["input"] = given

    def end(self) -> None:
        self._is_over = True

    @property
    def is_whole(self) -> bool:
        calls = [_input(block) for block in self._blocks.values() if _is_call(block)]
        is_called = bool(calls) and all(is_object(given) for given in calls)
        return self._is_over or bool(self._head.get("stop_reason")) or is_called

    def joined(self) -> Json:
        return {**self._head, "content": [self._blocks[at] for at in sorted(self._blocks)], "usage": self._usage}


def settle(whole: Json, model: str) -> Json:
    found = whole.get("content")
    if not isinstance(found, list | dict | str):
        raise Unreadable("The model answered without content.")
    blocks = [{"text": found}] if isinstance(found, str) else _objects(found)
    content = [settled for block in blocks for settled in _block(block)]
    is_called = any(block["type"] == "tool_use" for block in content)
    counts = usage(child(whole.get("usage")), _COUNTS, ("input_tokens", "output_tokens"))
    return {
        "id": string(whole.get("id")) or made_id().replace("call", "msg"),
        "type": "message",
        "role": "assistant",
        "model": string(whole.get("model")) or model,
        "content": content,
        "stop_reason": _reason(string(whole.get("stop_reason")).lower(), is_called),
        "stop_sequence": string(whole.get("stop_sequence")) or None,
        "usage": counts or {"input_tokens": 0, "output_tokens": 0},
    }


def _objects(found: object) -> list[Json]:
    items = found if isinstance(found, list) else [found]
    return [{"text": item} if isinstance(item, str) else item for item in items if isinstance(item, str | dict)]


def _is_call(block: Json) -> bool:
    return block.get("type") == "tool_use" or (not block.get("type") and "name" in block)


def _block(block: Json) -> list[Json]:
    """Return the block, or None for kinds that say nothing to an agent."""
    kind = block.get("type")
    if _is_call(block):
        given = as_object(_input(block))
        name = named(string(block.get("name")).strip())
        return [{"type": "tool_use", "id": string(block.get("id")) or made_id(), "name": name, "input": given}]
    # Without its signature a thought would be refused when it goes back with the next request.
    if kind == "thinking" and string(block.get("thinking")) and string(block.get("signature")):
        return [{"type": "thinking", "thinking": block["thinking"], "signature": block["signature"]}]
    if kind == "redacted_thinking" and string(block.get("data")):
        return [{"type": "redacted_thinking", "data": block["data"]}]
    said = text(block.get("text")) if kind in ("text", None, "") else ""
    return [{"type": "text", "text": said}] if said else []


def _input(block: Json) -> Json | str:
    """A stream gives it in pieces, and says `{}` first."""
    return arguments(block.get("partial") or block.get("input"))


def _reason(said: str, is_called: bool) -> str:
    reason = _ALIASES.get(said, said)
    return reason if reason in _REASONS else "tool_use" if is_called else "end_turn"


def replay(settled: Json) -> list[tuple[str, Json]]:
    """Return the answer as the events of a stream, for a library that asked for one."""
    counts = settled["usage"]
    # As Anthropic's stream begins: the tokens out are told at its end.
    start = {**settled, "content": [], "stop_reason": None, "usage": {**counts, "output_tokens": 0}}
    events: list[Json] = [{"type": "message_start", "message": start}]
    for at, block in enumerate(settled["content"]):
        empty, deltas = _opened(block)
        events.append({"type": "content_block_start", "index": at, "content_block": empty})
        events += [{"type": "content_block_delta", "index": at, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": at})
    end = {"stop_reason": settled["stop_reason"], "stop_sequence": settled["stop_sequence"]}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": counts["output_tokens"]}})
    events.append({"type": "message_stop"})
    return [(event["type"], event) for event in events]


def _opened(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "tool_use":
            given = as_text(block["input"])
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": given}]
        case "text":
            return {**block, "text": ""}, [{"type": "text_delta", "text": block["text"]}]
        case "thinking":
            thought = {"type": "thinking_delta", "thinking": block["thinking"]}
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [thought, signed]
    return block, []
