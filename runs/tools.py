"""The tools a run offers to its model.

Ordinary tools do something and answer; outcome tools say what should become of the case or the run, which `turns`
settles when the turn's other calls have run; `ask_person` waits. All of an ordinary tool's effect is committed
together with its result, so a call is never half done.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import ToolDefinition

from cases import changes
from cases.models import Case
from teams.errors import Refused
from teams.text import storable

from .endings import lock_both
from .journal import Work, append, tool_result
from .models import Run


class Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UpdateCase(Arguments):
    title: str | None = Field(None, description="A better title.", max_length=200)
    data: dict[str, Any] | None = Field(None, description="Fields to add to the case's data, or to change in it.")
    priority: Literal["none", "medium", "high"] | None = None
    labels: list[str] | None = Field(None, description="All labels the case should have.", max_length=20)


class CompleteCase(Arguments):
    summary: str = Field(description="What was done, for the people who read the case.", min_length=1)


class FailCase(Arguments):
    reason: str = Field(description="Why nobody can complete this case.", min_length=1)


class RequestHandover(Arguments):
    target: str
    reason: str = Field(description="Why this agent should continue.", min_length=1)
    note: str = Field("", description="What the agent should know.")


class AskPerson(Arguments):
    question: str = Field(description="The question, complete and short.", min_length=1)
    choices: list[str] = Field(default_factory=list, description="Answers to choose from, if any.", max_length=10)


@dataclass(frozen=True)
class Tool:
    """`run` does the work of an ordinary tool and returns what the model reads; it may raise Refused."""

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Run, Case | None, Any], str] | None = None
    is_offered: Callable[[Work], bool] = field(default=lambda work: True)

    def definition(self, work: Work) -> ToolDefinition:
        schema = self.arguments.model_json_schema()
        if self.arguments is RequestHandover:
            schema["properties"]["target"] = {
                "description": "The agent that continues.",
                "anyOf": [
                    {"const": row["key"], "description": f"{row['name']}: {row['description']}".rstrip(": ")}
                    for row in work.targets
                ],
            }
        return ToolDefinition(name=self.name, description=self.description, parameters_json_schema=schema)


def _update_case(run: Run, case: Case | None, wanted: UpdateCase) -> str:
    assert case
    changed = changes.change_case(
        case,
        title=wanted.title,
        data=_merged(case.data, wanted.data),
        priority=None if wanted.priority is None else Case.Priority[wanted.priority.upper()],
        labels=wanted.labels,
        agent_id=run.agent_id,
        run_id=run.pk,
    )
    return f"Changed: {', '.join(changed)}." if changed else "Nothing was different."


def _merged(old: Any, new: dict[str, Any] | None) -> Any:
    if new is None:
        return None
    return {**(old if isinstance(old, dict) else {"text": old}), **new}


def _on_a_case(work: Work) -> bool:
    return work.case is not None


HANDOVER, COMPLETE, FAIL, ASK = "request_handover", "complete_case", "fail_case", "ask_person"
OUTCOMES = frozenset({HANDOVER, COMPLETE, FAIL})

TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            HANDOVER,
            "Hand your work over to another agent, who continues it. Ends your work.",
            RequestHandover,
            is_offered=lambda work: bool(work.targets),
        ),
        Tool("update_case", "Change the case's title, data, priority or labels.", UpdateCase, _update_case, _on_a_case),
        Tool(COMPLETE, "The case is done. Ends your work.", CompleteCase, is_offered=_on_a_case),
        Tool(FAIL, "The case cannot be done by anybody. Ends your work.", FailCase, is_offered=_on_a_case),
        Tool(
            ASK,
            "Ask the people of the team, and wait for their answer.",
            AskPerson,
            is_offered=lambda work: work.agent.may_ask,
        ),
    )
}


def offered(work: Work) -> list[ToolDefinition]:
    return [tool.definition(work) for tool in TOOLS.values() if tool.is_offered(work)]


def parse(work: Work, call: ToolCallPart) -> Any:
    """The call's arguments. Refused, in words for the model, when the tool is not offered or they do not fit."""
    tool = TOOLS.get(call.tool_name)
    if tool is None or not tool.is_offered(work):
        names = ", ".join(tool.name for tool in TOOLS.values() if tool.is_offered(work))
        raise Refused(f"There is no tool {call.tool_name}. Your tools: {names}.", "unknown_tool")
    try:
        return tool.arguments.model_validate(storable(call.args_as_dict(raise_if_invalid=True)))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Refused(f"These arguments do not fit: {wrong}. Please call {tool.name} again.", "invalid") from error
    except (ValueError, AssertionError) as error:
        raise Refused(f"The arguments are no valid JSON. Please call {tool.name} again.", "invalid") from error


def execute(work: Work, call: ToolCallPart) -> bool:
    """Runs an ordinary tool and writes its result in the same transaction. False when it could not."""
    try:
        arguments = parse(work, call)
        run = TOOLS[call.tool_name].run
        assert run
        with transaction.atomic():
            row, case = lock_both(work.claim)
            content = run(row, case, arguments)
            append(work, tool_result(call, content))
    except Refused as refusal:
        append(work, tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
        return False
    return True
