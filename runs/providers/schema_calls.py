"""Tool calls as JSON that a server holds its model to by a schema, for models that cannot call tools by themselves.

The tools stand in the instructions, calls and results of earlier turns in the texts, and an answer is one call.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.tools import ToolDefinition

from runs.wire.written_calls import written

ANSWER = "answer"
_ANSWER = ToolDefinition(
    name=ANSWER,
    description="Say something as the result of your work. Ends your work.",
    parameters_json_schema={"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
)
_HOW = (
    "You act by answering with one JSON object and nothing else, which calls one of your tools:"
    ' {"call": {"tool": "NAME", "arguments": {…}}}. Your tools, each with the schema of its arguments:'
)


def parameters(tools: Sequence[ToolDefinition], *, must_call: bool) -> ModelRequestParameters:
    """Holds the answer to one call of the tools; without `must_call` it may be a text too."""
    offered = _offered(tools, must_call=must_call)
    definitions: dict[str, Any] = {}
    calls = [_call_schema(tool, definitions) for tool in offered]
    schema: dict[str, Any] = {"type": "object", "properties": {"call": {"anyOf": calls}}, "required": ["call"]}
    schema |= {"additionalProperties": False, **({"$defs": definitions} if definitions else {})}
    return ModelRequestParameters(
        output_mode="native",
        output_object=OutputObjectDefinition(json_schema=schema, name="call", strict=False),
        allow_text_output=False,
    )


def _offered(tools: Sequence[ToolDefinition], *, must_call: bool) -> list[ToolDefinition]:
    return [*tools] if must_call and tools else [*tools, _ANSWER]


def _call_schema(tool: ToolDefinition, definitions: dict[str, Any]) -> dict[str, Any]:
    """References of a tool's schema are read from the root, so what they name moves there under a name of its own."""
    text = json.dumps(tool.parameters_json_schema)
    schema = json.loads(text.replace('"#/$defs/', f'"#/$defs/{tool.name}.'))
    definitions |= {f"{tool.name}.{name}": value for name, value in schema.pop("$defs", {}).items()}
    named = {"tool": {"type": "string", "enum": [tool.name]}, "arguments": schema}
    return {"type": "object", "properties": named, "required": ["tool", "arguments"], "additionalProperties": False}


def messages(
    history: Sequence[ModelMessage], tools: Sequence[ToolDefinition], *, must_call: bool
) -> list[ModelMessage]:
    """The conversation as a model reads it that knows no tool calls."""
    lines = [
        f"- {tool.name}: {tool.description or ''} {json.dumps(tool.parameters_json_schema, ensure_ascii=False)}"
        for tool in _offered(tools, must_call=must_call)
    ]
    told = "\n".join([_HOW, *lines])
    return [_request(one, told) if isinstance(one, ModelRequest) else _response(one) for one in history]


def _request(message: ModelRequest, told: str) -> ModelRequest:
    parts: list[ModelRequestPart] = [
        _told(part) if isinstance(part, ToolReturnPart) else part for part in message.parts
    ]
    return replace(message, parts=parts, instructions="\n\n".join([*filter(None, [message.instructions]), told]))


def _told(part: ToolReturnPart) -> UserPromptPart:
    return UserPromptPart(f"What the tool {part.tool_name} answered:\n{part.model_response_str()}")


def _response(message: ModelResponse) -> ModelResponse:
    parts: list[ModelResponsePart] = [_said(part) if isinstance(part, ToolCallPart) else part for part in message.parts]
    return replace(message, parts=parts)


def _said(call: ToolCallPart) -> TextPart:
    given = call.args if isinstance(call.args, dict) else call.args_as_json_str()
    arguments = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return TextPart(f'{{"call": {{"tool": {json.dumps(call.tool_name)}, "arguments": {arguments}}}}}')


def read(response: ModelResponse, tools: Sequence[ToolDefinition]) -> ModelResponse:
    """The response with its call as a call, and an answer as a text. Anything else stays as it is."""
    call = written(response.text or "", {ANSWER, *(tool.name for tool in tools)})
    if call is None or response.tool_calls:
        return response
    given = call.args_as_dict()
    is_answer = call.tool_name == ANSWER and all(tool.name != ANSWER for tool in tools)
    part: ModelResponsePart = TextPart(str(given.get("text", ""))) if is_answer else call
    return replace(response, parts=[*(one for one in response.parts if not isinstance(one, TextPart)), part])
