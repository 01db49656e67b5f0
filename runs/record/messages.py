"""The conversation of a run so far, as the next request to its model sends it."""

from typing import Any, Literal

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelRequestPart, ToolReturnPart, UserPromptPart

from runs.models import Step
from runs.prompts.quoting import marked

from .steps import FALLBACK, Work, response_of


def messages(work: Work, *, are_marked: bool = True) -> list[ModelMessage]:
    """Return the conversation so far, as the next request sends it, with others' words in results between marks."""
    found: list[ModelMessage] = []
    parts: list[ModelRequestPart] = []
    instructions = mark = ""
    for step in work.steps:
        if step.kind == Step.Kind.RESPONSE:
            found += [ModelRequest(parts, instructions=instructions), response_of(step)]
            parts = []
            continue
        if step.kind == Step.Kind.PROMPT:
            instructions = step.data["instructions"]
            mark = step.data.get("mark", "") if are_marked else ""
        if step.kind == Step.Kind.INTENT or (step.kind == Step.Kind.NOTE and step.data.get("code") == FALLBACK):
            continue
        parts.append(_part(step, mark))
    return [*found, ModelRequest(parts, instructions=instructions)] if parts else found


def _part(step: Step, mark: str) -> ModelRequestPart:
    if step.kind == Step.Kind.TOOL_RESULT:
        outcome: Literal["success", "failed"] = "success" if step.data["ok"] else "failed"
        content = _content(step.data, mark)
        return ToolReturnPart(step.data["tool"], content, tool_call_id=step.data["call_id"], outcome=outcome)
    return UserPromptPart(step.data["prompt"] if step.kind == Step.Kind.PROMPT else step.data["text"])


def _content(result: dict[str, Any], mark: str) -> str:
    """Return a result as the model reads it. Runs from before there were marks go on without."""
    content: str = result["content"]
    if not mark or "said" not in result:
        return content
    start, end = result["said"]
    return f"{content[:start]}{marked(content[start:end], mark)}{content[end:]}"
