"""What four kinds of model providers say and understand over HTTP, as plain data. For `tests.provider`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

type Json = dict[str, Any]
type Api = Literal["chat", "responses", "messages", "google"]


@dataclass(frozen=True)
class Call:
    """A tool call of the model. Arguments given as text are sent as they stand, valid or not."""

    tool: str
    arguments: Json | str = field(default_factory=dict)
    call_id: str = ""

    @property
    def json(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class Message:
    """One thing said in a conversation; of a "call" the text is its arguments, of a "result" what came back."""

    role: Literal["user", "assistant", "call", "result"]
    text: str
    tool: str = ""
    call_id: str = ""


# --- Requests --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Understood:
    model: str
    system: str
    messages: list[Message]
    tools: dict[str, Json]  # the JSON schema of each tool's arguments
    stream: bool


def api_of(path: str) -> Api | None:
    path = path.partition("?")[0]
    if path.endswith((":generateContent", ":streamGenerateContent")):
        return "google"
    ends: dict[str, Api] = {"/chat/completions": "chat", "/responses": "responses", "/messages": "messages"}
    return next((api for end, api in ends.items() if path.endswith(end)), None)


def understand(api: Api, path: str, body: Json) -> Understood:
    return {"chat": _chat, "responses": _responses, "messages": _messages, "google": _google}[api](path, body)


def _chat(path: str, body: Json) -> Understood:
    system, messages = [], []
    for item in body["messages"]:
        text = _text(item.get("content"))
        if item["role"] in ("system", "developer"):
            system.append(text)
        elif item["role"] == "tool":
            messages.append(Message("result", text, call_id=item["tool_call_id"]))
        else:
            messages += [Message(item["role"], text)] if text else []
            for call in item.get("tool_calls") or []:
                function = call["function"]
                messages.append(Message("call", function["arguments"], function["name"], call["id"]))
    tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in body.get("tools") or []}
    return Understood(body["model"], "\n\n".join(system), _named(messages), tools, bool(body.get("stream")))


def _responses(path: str, body: Json) -> Understood:
    system, messages = [body["instructions"]] if body.get("instructions") else [], []
    items = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    for item in items:
        if item.get("type") == "function_call":
            messages.append(Message("call", item["arguments"], item["name"], item["call_id"]))
        elif item.get("type") == "function_call_output":
            messages.append(Message("result", _text(item["output"]), call_id=item["call_id"]))
        elif item.get("role") in ("system", "developer"):
            system.append(_text(item["content"]))
        elif "role" in item:
            messages.append(Message(item["role"], _text(item["content"])))
    tools = {tool["name"]: tool["parameters"] for tool in body.get("tools") or [] if tool["type"] == "function"}
    return Understood(body["model"], "\n\n".join(system), _named(messages), tools, bool(body.get("stream")))


def _messages(path: str, body: Json) -> Understood:
    messages = []
    for item in body["messages"]:
        blocks = item["content"] if isinstance(item["content"], list) else [{"type": "text", "text": item["content"]}]
        for block in blocks:
            if block["type"] == "text":
                messages.append(Message(item["role"], block["text"]))
            elif block["type"] == "tool_use":
                messages.append(Message("call", json.dumps(block["input"]), block["name"], block["id"]))
            elif block["type"] == "tool_result":
                messages.append(Message("result", _text(block.get("content")), call_id=block["tool_use_id"]))
    tools = {tool["name"]: tool["input_schema"] for tool in body.get("tools") or [] if "input_schema" in tool}
    return Understood(body["model"], _text(body.get("system")), _named(messages), tools, bool(body.get("stream")))


def _google(path: str, body: Json) -> Understood:
    messages = []
    for item in body["contents"]:
        for part in item["parts"]:
            if "text" in part:
                messages.append(Message("assistant" if item.get("role") == "model" else "user", part["text"]))
            elif call := part.get("functionCall"):
                messages.append(Message("call", json.dumps(call.get("args") or {}), call["name"], call.get("id") or ""))
            elif result := part.get("functionResponse"):
                text = json.dumps(result["response"], ensure_ascii=False)
                messages.append(Message("result", text, result["name"], result.get("id") or ""))
    declared = [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations") or []]
    kinds = ("parametersJsonSchema", "parameters_json_schema", "parameters")  # the SDK sends the second
    tools: dict[str, Json] = {one["name"]: next((one[kind] for kind in kinds if kind in one), {}) for one in declared}
    system = _text((body.get("systemInstruction") or {}).get("parts"))
    model = path.rpartition("/")[2].partition(":")[0]
    return Understood(model, system, messages, tools, ":stream" in path)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(part if isinstance(part, str) else part.get("text", "") for part in content)
    return content or ""


def _named(messages: list[Message]) -> list[Message]:
    """Results say only which call they answer; here also which tool."""
    tools = {message.call_id: message.tool for message in messages if message.role == "call"}
    return [
        Message("result", message.text, tools.get(message.call_id, ""), message.call_id)
        if message.role == "result"
        else message
        for message in messages
    ]


# --- Answers ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """An answer to put into a provider's words; `name` is unique and goes into its ids."""

    name: str
    model: str
    text: str
    calls: tuple[Call, ...]
    input_tokens: int
    output_tokens: int
    refusal: str = ""
    is_cut: bool = False

    def call_id(self, position: int) -> str:
        return self.calls[position].call_id or f"call_{self.name}_{position}"


def body(api: Api, said: Said) -> Json:
    makers = {"chat": _chat_body, "responses": _responses_body, "messages": _messages_body, "google": _google_body}
    return makers[api](said)


def events(api: Api, said: Said) -> Iterator[tuple[str, Json | str]]:
    """The same answer as server-sent events: (event name or "", data)."""
    makers = {"chat": _chat_events, "responses": _responses_events, "messages": _messages_events}
    return makers[api](said) if api in makers else iter([("", _google_body(said))])


def error(api: Api, status: int, message: str) -> Json:
    if api == "messages":
        return {"type": "error", "error": {"type": "api_error", "message": message}}
    if api == "google":
        return {"error": {"code": status, "message": message, "status": "UNKNOWN"}}
    return {"error": {"message": message, "type": "api_error", "param": None, "code": None}}


def _chat_body(said: Said) -> Json:
    message: Json = {"role": "assistant", "content": said.text or None, "refusal": said.refusal or None}
    if said.calls:
        message["tool_calls"] = _chat_calls(said)
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(said)}
    return {**_chat_head(said, "chat.completion"), "choices": [choice], "usage": _chat_usage(said)}


def _finish_reason(said: Said) -> str:
    return "length" if said.is_cut else "tool_calls" if said.calls else "stop"


def _chat_head(said: Said, kind: str) -> Json:
    return {"id": f"chatcmpl-{said.name}", "object": kind, "created": 1_700_000_000, "model": said.model}


def _chat_calls(said: Said) -> list[Json]:
    return [
        {"id": said.call_id(at), "type": "function", "function": {"name": call.tool, "arguments": call.json}}
        for at, call in enumerate(said.calls)
    ]


def _chat_usage(said: Said) -> Json:
    total = said.input_tokens + said.output_tokens
    return {"prompt_tokens": said.input_tokens, "completion_tokens": said.output_tokens, "total_tokens": total}


def _chat_events(said: Said) -> Iterator[tuple[str, Json | str]]:
    def chunk(delta: Json, finish: str | None = None) -> tuple[str, Json]:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return "", {**_chat_head(said, "chat.completion.chunk"), "choices": choices}

    yield chunk({"role": "assistant", "content": ""})
    for piece in _halves(said.text):
        yield chunk({"content": piece})
    for piece in _halves(said.refusal):
        yield chunk({"refusal": piece})
    for at, call in enumerate(_chat_calls(said)):
        yield chunk({"tool_calls": [{"index": at, **call}]})
    yield chunk({}, _finish_reason(said))
    yield "", {**_chat_head(said, "chat.completion.chunk"), "choices": [], "usage": _chat_usage(said)}
    yield "", "[DONE]"


def _responses_body(said: Said) -> Json:
    return {
        "id": f"resp_{said.name}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "incomplete" if said.is_cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if said.is_cut else None,
        "model": said.model,
        "output": [item for item, _ in _responses_items(said)],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": said.input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": said.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": said.input_tokens + said.output_tokens,
        },
    }


def _responses_items(said: Said) -> list[tuple[Json, str]]:
    """The output items, each with the text that a stream would send piece by piece."""
    items: list[tuple[Json, str]] = []
    if said.text:
        content = [{"type": "output_text", "text": said.text, "annotations": []}]
        message = {"type": "message", "id": f"msg_{said.name}", "role": "assistant", "status": "completed"}
        items.append(({**message, "content": content}, said.text))
    if said.refusal:
        content = [{"type": "refusal", "refusal": said.refusal}]
        message = {"type": "message", "id": f"msg_{said.name}", "role": "assistant", "status": "completed"}
        items.append(({**message, "content": content}, said.refusal))
    for at, call in enumerate(said.calls):
        item = {"type": "function_call", "id": f"fc_{said.name}_{at}", "call_id": said.call_id(at), "name": call.tool}
        items.append(({**item, "arguments": call.json, "status": "completed"}, call.json))
    return items


def _responses_events(said: Said) -> Iterator[tuple[str, Json | str]]:
    number = 0

    def event(kind: str, **data: Any) -> tuple[str, Json]:
        nonlocal number
        number += 1
        return kind, {"type": kind, "sequence_number": number, **data}

    whole = _responses_body(said)
    yield event("response.created", response={**whole, "status": "in_progress", "output": [], "usage": None})
    for at, (item, text) in enumerate(_responses_items(said)):
        place = {"output_index": at, "item_id": item["id"]}
        if item["type"] == "message":
            yield event("response.output_item.added", output_index=at, item={**item, "content": []})
            for piece in _halves(text):
                delta = {"content_index": 0, "delta": piece, "logprobs": []}
                yield event("response.output_text.delta", **place, **delta)
        else:
            yield event("response.output_item.added", output_index=at, item={**item, "arguments": ""})
            yield event("response.function_call_arguments.delta", **place, delta=text)
            yield event("response.function_call_arguments.done", **place, arguments=text, name=item["name"])
        yield event("response.output_item.done", output_index=at, item=item)
    yield event(f"response.{whole['status']}", response=whole)


def _messages_body(said: Said) -> Json:
    content: list[Json] = [{"type": "text", "text": said.text}] if said.text else []
    for at, call in enumerate(said.calls):
        arguments = json.loads(call.json)
        content.append({"type": "tool_use", "id": said.call_id(at), "name": call.tool, "input": arguments})
    return {
        "id": f"msg_{said.name}",
        "type": "message",
        "role": "assistant",
        "model": said.model,
        "content": content,
        "stop_reason": _stop_reason(said),
        "stop_sequence": None,
        "usage": {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens},
    }


def _stop_reason(said: Said) -> str:
    return "max_tokens" if said.is_cut else "refusal" if said.refusal else "tool_use" if said.calls else "end_turn"


def _messages_events(said: Said) -> Iterator[tuple[str, Json | str]]:
    def event(kind: str, **data: Any) -> tuple[str, Json]:
        return kind, {"type": kind, **data}

    usage = {"input_tokens": said.input_tokens, "output_tokens": 1}
    start = {"id": f"msg_{said.name}", "type": "message", "role": "assistant", "model": said.model, "content": []}
    yield event("message_start", message={**start, "stop_reason": None, "stop_sequence": None, "usage": usage})
    at = 0
    if said.text:
        yield event("content_block_start", index=at, content_block={"type": "text", "text": ""})
        for piece in _halves(said.text):
            yield event("content_block_delta", index=at, delta={"type": "text_delta", "text": piece})
        yield event("content_block_stop", index=at)
        at += 1
    for position, call in enumerate(said.calls):
        block = {"type": "tool_use", "id": said.call_id(position), "name": call.tool, "input": {}}
        yield event("content_block_start", index=at, content_block=block)
        for piece in _halves(call.json):
            yield event("content_block_delta", index=at, delta={"type": "input_json_delta", "partial_json": piece})
        yield event("content_block_stop", index=at)
        at += 1
    end = {"stop_reason": _stop_reason(said), "stop_sequence": None}
    yield event("message_delta", delta=end, usage={"output_tokens": said.output_tokens})
    yield event("message_stop")


def _google_body(said: Said) -> Json:
    parts: list[Json] = [{"text": said.text}] if said.text else []
    for at, call in enumerate(said.calls):
        parts.append({"functionCall": {"id": said.call_id(at), "name": call.tool, "args": json.loads(call.json)}})
    reason = "MAX_TOKENS" if said.is_cut else "SAFETY" if said.refusal else "STOP"
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": said.input_tokens,
            "candidatesTokenCount": said.output_tokens,
            "totalTokenCount": said.input_tokens + said.output_tokens,
        },
        "modelVersion": said.model,
        "responseId": said.name,
    }


def _halves(text: str) -> list[str]:
    middle = len(text) // 2
    return [piece for piece in (text[:middle], text[middle:]) if piece]
