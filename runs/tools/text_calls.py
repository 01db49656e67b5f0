"""Tool calls that a model wrote into its text, as small models on servers of one's own do.

Only a text that is nothing but one call is read as that call: it names an offered tool, and its arguments fit. Prose is
never taken for a call, nor is a call that is quoted in it.
"""

from dataclasses import replace

from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from data.errors import Refused
from runs.record.steps import READ, Work
from runs.tools import tools
from runs.wire.written_calls import written


def as_call(work: Work, response: ModelResponse) -> ModelResponse:
    """The response, with its text as the call that it is."""
    text = response.text
    if response.tool_calls or not text or response.finish_reason == "length":
        return response
    call = written(text, {definition.name for definition in tools.offered(work)})
    if call is None or not _fits(work, call):
        return response
    parts = [part for part in response.parts if not isinstance(part, TextPart)]
    return replace(response, parts=[*parts, call], metadata={**(response.metadata or {}), READ: True})


def _fits(work: Work, call: ToolCallPart) -> bool:
    try:
        tools.parse(work, call)
    except Refused:
        return False
    return True
