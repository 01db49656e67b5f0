"""The tools a run offers to its model.

Ordinary tools do something and answer; outcome tools say what should become of the case or the run, which `turns`
settles when the turn's other calls have run; `ask_person` and `request_approval` wait for a person. All of an ordinary
tool's effect is committed together with its result, so a call is never half done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic import ValidationError
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.tools import ToolDefinition
from pydantic_core import ErrorDetails

from builder.models import Agent
from builder.procedures import passages
from builder.procedures.needs import Need
from cases.models import Case
from data.errors import Refused
from runs.models import Run
from runs.prompts.arguments import Arguments, arguments_of, plain, with_ignored
from runs.record.claims import lock_both
from runs.record.steps import Work, append, insert, tool_result

from . import case_tools, server_tools
from .decisions import (
    AskPerson,
    CompleteCase,
    DeclineCase,
    FailCase,
    PostponeCase,
    RequestApproval,
    RequestHandover,
    WithdrawRequest,
)
from .reply_tool import REPLY, ReplyToCustomer, may_reply, must_ask, reply

type Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Tool:
    """A tool of Baton's own. `run` does the work of an ordinary tool and returns what the model reads; it may raise
    Refused.

    `only_reads`: it changes nothing, so that a try may run it. `choices` gives, for arguments that depend on the run,
    the values and what each means; `enums` the values of those that need no words; `leaves_out` the arguments that the
    run has no use for.
    """

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Work, Case | None, Any], str] | None = None
    is_offered: Callable[[Work], bool] = field(default=lambda work: True)
    only_reads: bool = False
    choices: Mapping[str, Callable[[Work], Choices]] = field(default_factory=dict)
    enums: Mapping[str, Callable[[Work], Sequence[str]]] = field(default_factory=dict)
    leaves_out: Callable[[Work], frozenset[str]] = field(default=lambda work: frozenset())

    def definition(self, work: Work) -> ToolDefinition:
        choices = tuple((name, tuple(chosen(work))) for name, chosen in self.choices.items())
        enums = tuple((name, tuple(values(work))) for name, values in self.enums.items())
        return _definition(self.name, choices, enums, self.leaves_out(work))


# Runs that offer the same get the same definitions, which a model prepares once.
@lru_cache(maxsize=1024)
def _definition(
    name: str,
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...],
    enums: tuple[tuple[str, tuple[str, ...]], ...],
    left_out: frozenset[str],
) -> ToolDefinition:
    schema = _schema(TOOLS[name].arguments)
    chosen = {
        argument: {"anyOf": [{"const": value, "description": meaning} for value, meaning in meanings]}
        for argument, meanings in choices
    }
    known = {argument: value for argument, value in schema["properties"].items() if argument not in left_out}
    known |= {argument: {"type": "string", "enum": [*values]} for argument, values in enums if argument in known}
    schema = {**schema, "properties": {**known, **chosen}}
    return ToolDefinition(name=name, description=TOOLS[name].description, parameters_json_schema=schema)


@cache
def _schema(arguments: type[Arguments]) -> dict[str, Any]:
    return arguments.model_json_schema()


def _targets(work: Work) -> Choices:
    return [(row["key"], _target(row)) for row in work.targets]


def _target(row: Mapping[str, Any]) -> str:
    described = f"{row['name']}: {row['description']}".rstrip(": ")
    needs = [Need.model_validate(need).in_words for need in row.get("needs", ())]
    return f"{described}. Needs in fields: {'; '.join(needs)}" if needs else described


def _without_use(work: Work) -> frozenset[str]:
    """Return the arguments that the run has no use for: `fields` where no target needs any, and `because` where the
    target says which mention is meant.
    """
    needless = set() if any(row.get("needs") for row in work.targets) else {"fields"}
    return frozenset(needless if _marks(work) else needless | {"because"})


def _marks(work: Work) -> dict[str, UUID]:
    return passages.marks(work.revision.aop, frozenset(UUID(row["agent_id"]) for row in work.targets))


def _queues(work: Work) -> Choices:
    return [(queue.name, queue.description or queue.name) for queue in work.produces]


def _produces(work: Work) -> bool:
    return bool(work.produces)


def _on_a_case(work: Work) -> bool:
    return work.case is not None


def _may_ask(work: Work) -> bool:
    return work.agent.may_ask


HANDOVER, COMPLETE, FAIL, POSTPONE = "request_handover", "complete_case", "fail_case", "postpone_case"
DECLINE = "decline_case"
ASK, APPROVAL, WITHDRAW = "ask_person", "request_approval", "withdraw_request"
OUTCOMES = frozenset({HANDOVER, COMPLETE, FAIL, POSTPONE, DECLINE})
REQUESTS = frozenset({ASK, APPROVAL})
# What `turns` settles together when a turn's other calls have run.
SETTLED = OUTCOMES | REQUESTS | {WITHDRAW}

TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            HANDOVER,
            "Hand your work over to another agent, who continues it. Ends your work.",
            RequestHandover,
            is_offered=lambda work: bool(work.targets),
            choices={"target": _targets},
            enums={"because": lambda work: list(_marks(work))},
            leaves_out=_without_use,
        ),
        Tool(
            "update_case",
            "Change the case's title, data, priority or labels.",
            case_tools.UpdateCase,
            case_tools.update_case,
            _on_a_case,
        ),
        Tool(COMPLETE, "The case is done. Ends your work.", CompleteCase, is_offered=_on_a_case),
        Tool(FAIL, "The case cannot be done by anyone. Ends your work.", FailCase, is_offered=_on_a_case),
        Tool(
            POSTPONE,
            "The case has to wait; you take it up again then. Ends your work.",
            PostponeCase,
            is_offered=_on_a_case,
        ),
        Tool(
            DECLINE,
            "The case you were handed is not for you: return it to the agent that handed it over. Ends your work.",
            DeclineCase,
            is_offered=lambda work: work.may_decline,
        ),
        Tool(
            REPLY,
            "Write to the customer of the case. People may read and change the text before it is sent.",
            ReplyToCustomer,
            is_offered=may_reply,
        ),
        Tool(
            "add_cases",
            "Add cases to a queue.",
            case_tools.AddCases,
            case_tools.add_cases,
            _produces,
            choices={"queue": _queues},
        ),
        Tool(
            "list_cases",
            "Look up cases of a queue.",
            case_tools.ListCases,
            case_tools.list_cases,
            _produces,
            only_reads=True,
            choices={"queue": _queues},
        ),
        Tool(
            ASK,
            "Ask the people of the team, and wait for their answer.",
            AskPerson,
            is_offered=_may_ask,
            leaves_out=lambda work: frozenset({"because"}),
        ),
        Tool(
            APPROVAL,
            "Ask the people of the team whether you may do something, and wait for their decision.",
            RequestApproval,
            is_offered=_may_ask,
        ),
        Tool(
            WITHDRAW,
            "Take back what you asked people earlier in this very turn. Later you wait until they have answered.",
            WithdrawRequest,
            is_offered=_may_ask,
        ),
    )
}


SPARED = "Noted, and nothing was done: this is only a try. Go on as if it were done."


def offered(work: Work) -> list[ToolDefinition]:
    own = [tool.definition(work) for tool in TOOLS.values() if tool.is_offered(work)]
    return own + server_tools.offered(work, len(own))


def parse(work: Work, call: ToolCallPart) -> Any:
    """Return the call's arguments. Raise Refused, in words for the model, when the tool is not offered or they do not
    fit.
    """
    tool = TOOLS.get(call.tool_name)
    # A server's tool has two underscores in its name, so it cannot be one of ours.
    if tool is None and (served := work.server_tool(call.tool_name)):
        return server_tools.parse(served, call)
    if tool is None or not tool.is_offered(work):
        names = ", ".join(definition.name for definition in offered(work))
        raise Refused(f"There is no tool {call.tool_name}. Your tools: {names}.", "unknown_tool")
    try:
        return read(call, work.run, work.agent, work.case)
    except ValidationError as error:
        wrong = "; ".join(_wrong(item) for item in error.errors())
        raise Refused(f"These arguments do not fit: {wrong}. Please call {tool.name} again.", "invalid") from error
    except ValueError as error:
        raise Refused(f"The arguments are no valid JSON. Please call {tool.name} again.", "invalid") from error


def is_settled(work: Work, call: ToolCallPart) -> bool:
    """Return whether the call is acted upon together with others, when the turn's other calls have run."""
    return call.tool_name in SETTLED or must_ask(work, call) or server_tools.must_ask(work, call)


def _wrong(error: ErrorDetails) -> str:
    words = error["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{'.'.join(map(str, error['loc']))}: {words}" if error["loc"] else words


def read(call: ToolCallPart, run: Run, agent: Agent, case: Case | None) -> Any:
    """Return the arguments of a call of one of our tools. Raise ValidationError, which is a ValueError, when they do
    not fit.
    """

    def own() -> set[str]:
        names = [run.pk, agent.pk, agent.name, agent.slug]
        if case:
            names += [case.pk, case.number, case.title, case.queue_id, case.queue.name]
        return {plain(str(name)) for name in names}

    context = {"zone": agent.team.time_zone, "own": own}
    return TOOLS[call.tool_name].arguments.model_validate(arguments_of(call), context=context)


def execute(work: Work, call: ToolCallPart) -> bool:
    """Run an ordinary tool and write its result in the same transaction. Return False if the tool failed."""
    try:
        arguments = parse(work, call)
        tool = TOOLS[call.tool_name]
        with transaction.atomic():
            _, case = lock_both(work.claim)
            if work.run.is_try and not tool.only_reads:
                content = SPARED
            elif tool.name == REPLY:
                content = reply(work, case, arguments, call.tool_call_id)
            else:
                assert tool.run
                content = tool.run(work, case, arguments)
            said = content if tool.only_reads else ""
            insert(work, tool_result(call, with_ignored(content, tool.name, arguments), said=said))
    except Refused as refusal:
        append(work, tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
        return False
    return True
