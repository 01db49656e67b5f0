"""Replays that the offline stand-in answers: it compares texts, about 30 ms each, so no run is made of them.

What is typed is replayed each time the words rest. A run for each of 50 cases would cost three times as much, and leave
as many runs behind.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from pydantic_ai.messages import TextPart, ToolCallPart

from builder.models import Agent, Purpose
from builder.procedures.needs import NEEDS
from cases.models import Case
from data import rows
from data.redis import bell
from routes.checks import answers
from routes.models import Trial
from routes.routing_tests import decisions
from routes.routing_tests.decisions import Decision
from runs.models import Run
from runs.offline import answering, examples, offline
from runs.offline.offline import Brief, Example, Target
from runs.opening import receiving, samples
from runs.prompts import prompts
from runs.providers.providers import OFFLINE

# Which waiting trials these are.
IS_INSTANT = (
    f"(trial.question ->> 'purpose' = '{Purpose.IMPACT}' and trial.question #>> '{{told,model}}' = '{OFFLINE}')"
)


def answer(next_trials: str, limit: int) -> None:
    """Answer the next of these trials. The rows are locked while texts are compared, so each is answered once."""
    statement = (
        f"{next_trials} and {IS_INSTANT} order by trial.created_at, trial.id limit %s for update of trial skip locked"
    )
    with transaction.atomic():
        taken: list[Trial] = [trial for (trial,) in rows.join(statement, [limit], trial=Trial)]
        shown = _examples(taken)
        for trial in taken:
            trial.decision, trial.why = decide(trial.question, shown[trial.agent_id])
            trial.status, trial.question = Trial.Status.DECIDED, {}
            trial.save(update_fields=["decision", "why", "status", "question"])
    if taken:
        answers.answered({(trial.team_id, trial.key) for trial in taken})
        bell.ring()  # there may be more: the shift that took these looks again after its cases


def _examples(trials: Collection[Trial]) -> dict[UUID, list[Example]]:
    agents = Agent.objects.in_bulk({trial.agent_id for trial in trials})
    return {id: examples.of(agent) for id, agent in agents.items()}


def decide(question: dict[str, Any], shown: Collection[Example]) -> tuple[Decision, str]:
    """Return what the stand-in decides, and why. A replay is not its own example."""
    told, sample = question["told"], question["sample"]
    run = Run(sample=sample, input=sample.get("text", ""))
    case = samples.case_of(run)
    text = prompts.case_text(run, case)
    brief = Brief(
        aop=told["aop"],
        case_text=text,
        targets=[_target(row, case) for row in told["targets"]],
        own=Target(UUID(told["agent"]["id"]), "", told["agent"]["name"], told["agent"]["description"]),
        examples=[one for one in shown if one.text.strip() != text.strip()],
        values=answering.values_of(case.data, title=case.title, number=case.number) if case else {},
    )
    tools = {tool["name"] for tool in told["tools"]}
    act = offline.first_act(brief, tools)
    return _refused(act, told["targets"], tools) or _decision(act, told["targets"], sample["mode"])


def _target(row: dict[str, Any], case: Case | None) -> Target:
    id, fields = UUID(row["agent_id"]), receiving.found_in(case, row.get("needs", ()))
    return Target(id, row["key"], row["name"], row["description"], fields=fields)


def _refused(
    act: ToolCallPart | TextPart, targets: list[dict[str, Any]], tools: set[str]
) -> tuple[Decision, str] | None:
    """Return the outcome of a handover that lacks what its receiver needs: a run is told so, and asks a person if it
    may.
    """
    if isinstance(act, TextPart) or act.tool_name != "request_handover":
        return None
    said = act.args_as_dict()
    row = next(row for row in targets if row["key"] == said["target"])
    target = Agent(pk=UUID(row["agent_id"]), name=row["name"])
    lacking = receiving.why_incomplete(target, NEEDS.validate_python(row.get("needs", [])), said.get("fields", {}))
    if lacking is None:
        return None
    if "ask_person" in tools:
        return {"decision": decisions.ASK}, lacking.message
    return {"decision": decisions.NONE, "code": "no_outcome"}, lacking.message


_IDS = {"person": "user_id", "group": "group_id"}


def _decision(act: ToolCallPart | TextPart, targets: list[dict[str, Any]], mode: str) -> tuple[Decision, str]:
    if isinstance(act, TextPart):
        is_answer = mode == samples.STANDALONE
        return (
            {"decision": decisions.ANSWER} if is_answer else {"decision": decisions.NONE, "code": "no_outcome"}
        ), act.content
    said = act.args_as_dict()
    if act.tool_name == "request_handover":
        row = next(row for row in targets if row["key"] == said["target"])
        to = _IDS.get(row.get("kind", ""), "agent_id")
        return {"decision": decisions.HAND_OVER, to: row["agent_id"]}, said["reason"]
    if act.tool_name == "ask_person":
        return {"decision": decisions.ASK}, said["question"]
    # A reply is no decision: the case is completed when it is on its way.
    return {"decision": "complete"}, said["text"] if act.tool_name == offline.REPLY else said["summary"]
