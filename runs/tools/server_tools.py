"""Tools of MCP servers as a run's model sees them: their names, descriptions and arguments are the servers' words."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import ToolDefinition

from builder.models import Agent, ServerTool
from builder.tools import arguments as tool_arguments
from builder.tools import provider_schemas
from builder.tools.schema_reading import Unusable
from data.errors import Refused
from runs.prompts.arguments import arguments_of
from runs.record.steps import Work


@dataclass(frozen=True)
class ServerCall:
    """A call of such a tool, with arguments that fit."""

    tool: ServerTool
    arguments: dict[str, Any]


def tools_of(agent: Agent) -> QuerySet[ServerTool]:
    """Return the tools that the agent may use now."""
    return ServerTool.objects.usable().filter(connections__agent=agent).select_related("server").order_by("key")


def offered(work: Work, own: int) -> list[ToolDefinition]:
    """Return the tools as the provider of the run's model takes them, beside so many of Baton's own.

    One that was kept before schemas were read closely may be left out.
    """
    model = work.model
    kept = [_definition(model, tool.key, tool.description, json.dumps(tool.input_schema)) for tool in work.server_tools]
    told = [definition for definition in kept if definition]
    return told[: max(0, provider_schemas.MOST_TOOLS - own)]


# The same one for the same words, which a model prepares once.
@lru_cache(maxsize=1024)
def _definition(model: str, key: str, description: str, schema: str) -> ToolDefinition | None:
    try:
        told = provider_schemas.told(model, description, json.loads(schema))
    except Unusable:
        return None
    return ToolDefinition(
        name=key, description=told.description, parameters_json_schema=told.schema, strict=told.strict
    )


def must_ask(work: Work, call: ToolCallPart) -> bool:
    """Return whether a person has to decide on this call first. In a try nothing comes of it, so nobody is asked."""
    tool = work.server_tool(call.tool_name)
    return tool is not None and tool.asks_first and not is_spared(work, tool) and call.tool_call_id not in work.approved


def is_spared(work: Work, tool: ServerTool) -> bool:
    return work.run.is_try and tool.mark != ServerTool.Mark.READ_ONLY


def parse(tool: ServerTool, call: ToolCallPart) -> ServerCall:
    """Return the call with arguments that fit. Raise Refused, in words for the model, when they do not."""
    try:
        arguments = provider_schemas.restored(tool.input_schema, arguments_of(call))
    except ValueError as error:
        raise Refused(f"The arguments are no valid JSON. Please call {tool.key} again.", "invalid") from error
    wrong = tool_arguments.wrong(tool.input_schema, arguments)
    if wrong and not tool_arguments.wrong(tool.input_schema, fewer := _without_nulls(arguments)):
        return ServerCall(tool, fewer)
    if wrong:
        raise Refused(f"These arguments do not fit: {'; '.join(wrong)}. Please call {tool.key} again.", "invalid")
    return ServerCall(tool, arguments)


def _without_nulls(value: Any) -> Any:
    """Return the value without nulls. Models write null for what they leave out, also where a schema knows no null."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
