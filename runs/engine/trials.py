"""Runs of routing tests: their calls are answered from a recording, and their first decision ends them.

Nothing is carried out and nobody is asked. What a run decided is its last step, a note with the code DECIDED, to be
compared with what the test expects; or DIVERGED, when it wanted to read what no recording answers.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from pydantic_ai.messages import ToolCallPart

from builder.models import ServerTool
from data.errors import Refused
from runs.models import Run, Step
from runs.record import lifecycle
from runs.record.claims import lock_both
from runs.record.outcomes import (
    Answered,
    Broken,
    CaseCompleted,
    CaseDeclined,
    CaseFailed,
    CasePostponed,
    Ending,
    HandedOver,
    HandedToPeople,
)
from runs.record.steps import Work, append, count_in, insert, response_of, tool_result
from runs.tools import tools
from runs.tools.brake import normalised
from runs.wire.problems import DECLINED

type Entry = tuple[Step.Kind, dict[str, Any]]
type Decision = dict[str, Any]

DECIDED, DIVERGED = "decided", "diverged"
# The codes of calls that were refused before anything was looked up. They are no part of a recording.
_NOT_MADE = {"invalid", "unknown_tool"}


class Diverged(Exception):
    """A call wants to read what the recording does not hold."""


# --- The recording ---------------------------------------------------------------------------


def recording(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The calls of a run that were carried out, in order, each with what came back."""
    arguments = {
        call.tool_call_id: normalised(call.args)
        for step in steps
        if step.kind == Step.Kind.RESPONSE
        for call in response_of(step).tool_calls
    }
    return [
        {"arguments": arguments.get(step.data["call_id"], "{}"), **_kept(step.data)}
        for step in steps
        if step.kind == Step.Kind.TOOL_RESULT
        and step.data["tool"] not in tools.SETTLED
        and step.data.get("code") not in _NOT_MADE
    ]


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("tool", "content", "ok", "code", "said") if name in result}


def execute(work: Work, call: ToolCallPart) -> bool:
    """Answers an ordinary call, or is Diverged. False when the answer is an error."""
    try:
        tools.parse(work, call)
    except Refused as refusal:
        append(work, tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
        return False
    found = next(_answers(work, call), None)
    if found is None and reads(work, call.tool_name):
        raise Diverged
    if found is None:
        append(work, tool_result(call, tools.SPARED))
        return True
    kind, result = tool_result(call, found["content"], ok=found["ok"], code=found["code"])
    append(work, (kind, result | ({"said": found["said"]} if "said" in found else {})))
    return bool(found["ok"])


def reads(work: Work, name: str) -> bool:
    """Return whether a tool only reads."""
    if served := work.server_tool(name):
        return served.mark == ServerTool.Mark.READ_ONLY
    return name in tools.TOOLS and tools.TOOLS[name].only_reads


def _answers(work: Work, call: ToolCallPart) -> Iterator[dict[str, Any]]:
    """Return what the recording says to this call. Of tools that read only the next one counts, since what an agent
    looks up second may depend on what it found first.
    """
    recorded = (work.run.sample or {}).get("calls", [])
    if reads(work, call.tool_name):
        results = [step.data for step in work.steps if step.kind == Step.Kind.TOOL_RESULT]
        made = sum(reads(work, row["tool"]) and row.get("code") not in _NOT_MADE for row in results)
        recorded = [row for row in recorded if reads(work, row["tool"])][made : made + 1]
    wanted = (call.tool_name, normalised(call.args))
    return (row for row in recorded if (row["tool"], row["arguments"]) == wanted)


# --- How it ends -----------------------------------------------------------------------------


_PLAIN: dict[type[Ending], tuple[str, str]] = {
    CaseCompleted: ("complete", "complete the case"),
    CaseFailed: ("fail", "close the case as failed"),
    CasePostponed: ("postpone", "postpone the case"),
    CaseDeclined: ("decline", "decline the case"),
    Answered: ("answer", "answer"),
}


def decided(ending: Ending) -> Entry:
    """The note that says what the run decided."""
    match ending:
        case HandedOver(target):
            decision = {"decision": "hand_over", "agent_id": str(target.pk)}
            words = f"Decision: hand over to {target.name}."
        case HandedToPeople(people):
            to = "group_id" if people.group else "user_id"
            decision, words = {"decision": "hand_over", to: str(people.pk)}, f"Decision: hand over to {people.name}."
        case Broken(code, message):
            decision, words = {"decision": "none", "code": code}, f"No decision. {message}"
        case _:
            name, act = _PLAIN[type(ending)]
            decision, words = {"decision": name}, f"Decision: {act}."
    return Step.Kind.NOTE, {"text": words, "code": DECIDED, "quiet": True, "decision": decision}


def ask(work: Work, entries: Sequence[Entry]) -> None:
    """The run wants to ask people, which is a decision. Nobody is asked."""
    words = "Decision: ask a person. In a test nobody is asked."
    note = {"text": words, "code": DECIDED, "quiet": True, "decision": {"decision": "ask"}}
    _stop(work, words, [*entries, (Step.Kind.NOTE, note)])


def diverge(work: Work, call: ToolCallPart) -> None:
    """The run goes on no further: what it wants to read was not recorded."""
    words = f"It called {call.tool_name}, and the recording has no answer to that call."
    decision = {"decision": "divergent", "call": f"{call.tool_name} {normalised(call.args)}"}
    note = {"text": words, "code": DIVERGED, "quiet": True, "decision": decision}
    _stop(work, words, [(Step.Kind.NOTE, note)])


def _stop(work: Work, words: str, entries: Sequence[Entry]) -> None:
    with transaction.atomic():
        run, _ = lock_both(work.claim)
        count_in(work, run)
        insert(work, *entries)
        lifecycle.stop(run, words)


def answers_of(runs: Sequence[Run]) -> dict[UUID, tuple[Decision | None, str]]:
    """Return what these ended runs of tests decided, and why, in the words of their models. The decision is None when a
    run could not be run: no key, no provider, no budget. The runs come with their handovers.
    """
    steps: dict[UUID, dict[str, Step]] = {run.pk: {} for run in runs}
    for step in Step.objects.filter(_OF_ANSWERS, run__in=list(steps)).order_by("seq"):
        steps[step.run_id][step.kind] = step  # the last of each kind stays
    return {run.pk: _answer(run, steps[run.pk]) for run in runs}


_OF_ANSWERS = Q(kind=Step.Kind.NOTE, data__code__in=[DECIDED, DIVERGED]) | Q(kind=Step.Kind.RESPONSE)


def _answer(run: Run, last: dict[str, Step]) -> tuple[Decision | None, str]:
    note = last.get(Step.Kind.NOTE)
    if note is not None:
        return note.data["decision"], _why(run, last.get(Step.Kind.RESPONSE))
    if run.error_code in OWN_FAULTS:
        return {"decision": "none", "code": run.error_code}, _why(run, last.get(Step.Kind.RESPONSE))
    return None, ""


_REASONS = ("reason", "question", "title", "summary")


def _why(run: Run, last: Step | None) -> str:
    if handover := getattr(run, "handover", None):
        return str(handover.reason)
    calls = response_of(last).tool_calls if last else []
    said = [call.args_as_dict(raise_if_invalid=False) for call in calls]
    found = [told[name] for told in said for name in _REASONS if isinstance(told.get(name), str)]
    return str(found[0]) if found else run.result


# How a run can fail by what its model did, and not because it could not be asked.
OWN_FAULTS = {
    *("no_outcome", "ambiguous_handover", "invalid_target", "incomplete_handover", "hop_limit", "loop", "refused_call"),
    DECLINED,
}
