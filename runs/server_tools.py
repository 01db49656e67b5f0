"""Tools of MCP servers as a run's model sees them: their names, descriptions and arguments are the servers' words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import ToolDefinition
from referencing import Registry

from builder.models import Agent, ServerTool
from teams.errors import Refused
from teams.json_text import read_json
from teams.text import storable

from .journal import Work

# How often a schema may refer to another part of itself, which may refer on, while one call is checked.
_REFERENCES = 2_000


@dataclass(frozen=True)
class ServerCall:
    """A call of such a tool, with arguments that fit."""

    tool: ServerTool
    arguments: dict[str, Any]


def tools_of(agent: Agent) -> QuerySet[ServerTool]:
    """Those that the agent may use now."""
    return ServerTool.objects.usable().filter(connections__agent=agent).select_related("server").order_by("key")


def offered(work: Work) -> list[ToolDefinition]:
    return [
        ToolDefinition(name=tool.key, description=tool.description, parameters_json_schema=tool.input_schema)
        for tool in work.server_tools
    ]


def find(work: Work, name: str) -> ServerTool | None:
    return next((tool for tool in work.server_tools if tool.key == name), None)


def must_ask(work: Work, call: ToolCallPart) -> bool:
    """Whether a person has to decide on this call first. In a try nothing comes of it, so nobody is asked."""
    tool = find(work, call.tool_name)
    return tool is not None and tool.asks_first and not is_spared(work, tool) and call.tool_call_id not in work.approved


def is_spared(work: Work, tool: ServerTool) -> bool:
    return work.run.is_try and tool.mark != ServerTool.Mark.READ_ONLY


def given(call: ToolCallPart) -> dict[str, Any]:
    """The arguments of a call of any tool; ValueError when they are none."""
    found = read_json(call.args) if isinstance(call.args, str) and call.args else call.args or {}
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    arguments: dict[str, Any] = storable(found)
    return arguments


def parse(tool: ServerTool, call: ToolCallPart) -> ServerCall:
    """Refused, in words for the model, when the arguments do not fit."""
    try:
        arguments = given(call)
    except ValueError as error:
        raise Refused(f"The arguments are no valid JSON. Please call {tool.key} again.", "invalid") from error
    if wrong := list(_wrong(tool.input_schema, arguments)):
        raise Refused(f"These arguments do not fit: {'; '.join(wrong)}. Please call {tool.key} again.", "invalid")
    return ServerCall(tool, arguments)


def _wrong(schema: Any, arguments: dict[str, Any]) -> Iterator[str]:
    """What does not fit, at most five. A schema that cannot be understood is left to its server."""
    try:
        for number, error in enumerate(_validator(schema).iter_errors(arguments)):
            yield f"{'.'.join(map(str, error.absolute_path)) or 'arguments'}: {error.message[:200]}"
            if number == 4:
                return
    except Exception:
        return


def _validator(schema: Any) -> Validator:
    """One that a stranger's schema cannot keep busy, or send elsewhere: no regular expressions, nothing fetched, and
    only so many references."""
    left = _REFERENCES

    def counted(validator: Any, reference: Any, instance: Any, within: Any) -> Iterator[ValidationError]:
        nonlocal left
        left -= 1
        if left < 0:
            raise OverflowError
        yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, within)

    def additional(validator: Any, allowed: Any, instance: Any, within: Any) -> Iterator[ValidationError]:
        if "patternProperties" not in within:
            yield from Draft202012Validator.VALIDATORS["additionalProperties"](validator, allowed, instance, within)

    unchecked = dict.fromkeys(
        ("pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef")
    )
    checks: Any = {**unchecked, "$ref": counted, "additionalProperties": additional}
    kind: Any = validators.extend(Draft202012Validator, checks)
    return kind(schema, registry=Registry())
