"""One turn: what the model said, acted upon. SEMANTICS of several calls in one turn are decided here.

Ordinary calls run first, in order. Then the calls that decide an outcome are settled together: one valid outcome
ends the run, anything else is answered to the model, which gets another turn, and after repeated trouble the case
is parked for a person.
"""

from collections.abc import Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction
from pydantic_ai.messages import ModelResponse, ToolCallPart

from builder.models import Agent
from data import rows
from data.errors import Refused
from runs.models import Step
from runs.prompts.arguments import with_ignored
from runs.record.claims import lock_both
from runs.record.outcomes import Answered, Broken, CaseCompleted, CaseFailed, CasePostponed, Ending, HandedOver
from runs.record.steps import (
    CUT_OFF,
    Work,
    append,
    count_in,
    flush,
    insert,
    note,
    open_calls,
    said_before_cut,
    tool_result,
)
from runs.telemetry import tracing
from runs.tools import server_tools, tool_calls, tools

from . import completion, handovers, human_requests

type Entry = tuple[Step.Kind, dict[str, Any]]

AMBIGUOUS, INVALID, HELD, CORRECTION = "ambiguous_handover", "invalid_target", "held", "no_outcome"
_INVALID_IN_A_ROW = 3

_CHOOSE_TARGET = (
    "You asked to hand over to several agents. Nothing was recorded. Choose one and call request_handover once."
)
_CHOOSE_OUTCOME = "You asked for several outcomes at once. Nothing was recorded. Choose one."
_RECORDED = "Recorded."
_ALREADY = "Already recorded."
_WAIT = "A request to a person is open. Decide when it is answered."
_WITHDRAWN = "Withdrawn. Nobody was asked."
_NOTHING_OPEN = "Error: You have no open request. Only what you asked earlier in the same turn can be withdrawn."
_NO_OUTCOME = (
    "You wrote a text and called no tool, so nothing happened. Call exactly one of: {choices}. "
    "If you cannot decide, ask a person."
)


_GO_ON = "Your answer was cut off at the token limit. Go on exactly where it stopped, and repeat nothing."


async def take_turn(work: Work, response: ModelResponse) -> bool:
    """Acts on a response. True when the run goes on no further: it has ended, or waits for a person."""
    calls = open_calls(work, response)
    if not response.tool_calls:
        return await sync_to_async(_without_calls)(work, response)
    if work.said and not all(_is_settled(work, call) for call in calls):
        await sync_to_async(flush)(work)
    failed: list[ToolCallPart] = []
    for call in calls:
        if not _is_settled(work, call):
            with tracing.tool_calls(work, [call]):
                is_done = await _execute(work, call)
            if not is_done:
                failed.append(call)
    rest = [call for call in calls if _is_settled(work, call)]
    with tracing.tool_calls(work, rest):
        return await sync_to_async(_settle)(work, rest, failed, response.text or "") if rest else False


def _is_settled(work: Work, call: ToolCallPart) -> bool:
    """Whether it is acted upon together with others, when the turn's other calls have run."""
    return call.tool_name in tools.SETTLED or server_tools.must_ask(work, call)


async def _execute(work: Work, call: ToolCallPart) -> bool:
    if server_tools.find_server_tool(work, call.tool_name) or work.has_begun(call):
        return await tool_calls.execute(work, call)
    return await sync_to_async(tools.execute)(work, call)


def _without_calls(work: Work, response: ModelResponse) -> bool:
    if response.finish_reason == "length" and not work.notes(CUT_OFF):
        append(work, note(_GO_ON, CUT_OFF))
        return False
    text = said_before_cut(work) + (response.text or "")
    if work.case is None and text.strip():
        _end(work, [], Answered(text))
        return True
    if not work.notes(CORRECTION):
        choices = ", ".join(definition.name for definition in tools.offered(work))
        append(work, note(_NO_OUTCOME.format(choices=choices), CORRECTION))
        return False
    _end(work, [], _no_outcome(work))
    return True


def _no_outcome(work: Work) -> Broken:
    if work.case is not None and not work.may_hand_over:
        return Broken("hop_limit", "It was handed over as often as allowed, and the last agent could not finish it.")
    return Broken("no_outcome", f"{work.agent.name} wrote a text but did not say what should become of it.")


def _settle(work: Work, calls: Sequence[ToolCallPart], failed: list[ToolCallPart], text: str) -> bool:
    parsed, entries = _parse(work, calls)
    parsed = _without_withdrawn(parsed, entries)
    asks = [(call, arguments) for call, arguments in parsed if human_requests.asks(arguments)]
    wanted = [(call, arguments) for call, arguments in parsed if call.tool_name in tools.OUTCOMES]
    if asks:
        entries += [tool_result(call, _WAIT, ok=False, code="waiting") for call, _ in wanted]
        human_requests.ask(work, asks, entries)
        return True
    if len({call.tool_name for call, _ in wanted}) > 1:
        entries += [tool_result(call, _CHOOSE_OUTCOME, ok=False, code="several_outcomes") for call, _ in wanted]
        append(work, *entries)
        return False
    if wanted and wanted[0][0].tool_name == tools.HANDOVER:
        return _settle_handover(work, wanted, entries, failed, text)
    if wanted:
        (call, arguments), *repeats = wanted
        entries.append(tool_result(call, with_ignored(_RECORDED, call.tool_name, arguments)))
        entries += [tool_result(repeat, _ALREADY, code="repeat") for repeat, _ in repeats]
        _end(work, entries, _ending(call.tool_name, arguments))
        return True
    append(work, *entries)
    return _break_after_invalid_targets(work)


def _parse(work: Work, calls: Sequence[ToolCallPart]) -> tuple[list[tuple[ToolCallPart, Any]], list[Entry]]:
    """The calls whose arguments fit, and the answers to those whose do not."""
    parsed, entries = [], []
    for call in calls:
        try:
            parsed.append((call, tools.parse(work, call)))
        except Refused as refusal:
            entries.append(tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
    return parsed, entries


def _without_withdrawn(
    parsed: Sequence[tuple[ToolCallPart, Any]], entries: list[Entry]
) -> list[tuple[ToolCallPart, Any]]:
    """What is left when requests that the same turn took back are answered. Those of earlier turns are answered by
    people before there is another turn, so no others can be open."""
    left: list[tuple[ToolCallPart, Any]] = []
    for call, arguments in parsed:
        if call.tool_name != tools.WITHDRAW:
            left.append((call, arguments))
            continue
        asked = [earlier for earlier, _ in left if earlier.tool_name in tools.REQUESTS]
        left = [(earlier, given) for earlier, given in left if earlier.tool_name not in tools.REQUESTS]
        entries += [tool_result(earlier, _WITHDRAWN, code="withdrawn") for earlier in asked]
        answer = (
            tool_result(call, with_ignored("Withdrawn.", call.tool_name, arguments))
            if asked
            else tool_result(call, _NOTHING_OPEN, ok=False, code="invalid")
        )
        entries.append(answer)
    return left


def _ending(tool: str, arguments: Any) -> Ending:
    match tool:
        case tools.COMPLETE:
            return CaseCompleted(arguments.summary)
        case tools.POSTPONE:
            return CasePostponed(arguments.until, arguments.reason)
    return CaseFailed(arguments.reason)


def _end(work: Work, entries: list[Entry], ending: Ending) -> None:
    """The last results and the ending, or neither."""
    with transaction.atomic():
        run, case = lock_both(work.claim)
        count_in(work, run)
        with rows.at_once():
            insert(work, *entries)
            completion.apply(run, case, ending)


def _settle_handover(
    work: Work,
    wanted: list[tuple[ToolCallPart, tools.RequestHandover]],
    entries: list[Entry],
    failed: list[ToolCallPart],
    text: str,
) -> bool:
    valid: list[tuple[ToolCallPart, tools.RequestHandover, Agent]] = []
    for call, arguments in wanted:
        try:
            valid.append((call, arguments, _target(work, arguments.target)))
        except Refused as refusal:
            entries.append(tool_result(call, f"Error: {refusal.message}", ok=False, code=refusal.code))
    if len({target.pk for _, _, target in valid}) > 1:
        return _ambiguous(work, valid, entries)
    if not valid:
        append(work, *entries)
        return _break_after_invalid_targets(work)
    (call, arguments, target), *repeats = valid
    if failed and not work.results(HELD):
        names = ", ".join(item.tool_name for item in failed)
        answer = f"Not recorded, because {names} failed in the same turn. Mend that, or call request_handover again."
        append(work, *entries, *(tool_result(item[0], answer, ok=False, code=HELD) for item in valid))
        return False
    entries.append(tool_result(call, with_ignored(_RECORDED, call.tool_name, arguments)))
    entries += [tool_result(repeat, _ALREADY, code="repeat") for repeat, *_ in repeats]
    _hand_over(work, entries, target, arguments, text)
    return True


def _hand_over(work: Work, entries: list[Entry], target: Agent, arguments: tools.RequestHandover, text: str) -> None:
    work.intended = HandedOver(target, arguments.reason, _note_with_failures(work, arguments.note), text)
    _end(work, entries, work.intended)


def _note_with_failures(work: Work, text: str) -> str:
    """A handover that was held once goes through with what had failed."""
    if not (held := work.results(HELD)):
        return text
    failures = [
        f"{step.data['tool']}: {step.data['content']}"
        for step in work.steps
        if step.kind == Step.Kind.TOOL_RESULT
        and not step.data["ok"]
        and step.seq < held[0].seq
        and step.data["tool"] not in tools.OUTCOMES
    ]
    return "\n".join([text, *failures]).strip()


def _target(work: Work, wanted: str) -> Agent:
    row = handovers.find_target(wanted, work.targets)
    if row is None:
        if handovers.names(wanted, work.agent):
            raise Refused("You already own this.", INVALID)
        keys = ", ".join(row["key"] for row in work.targets)
        raise Refused(f"There is no target “{wanted}”. Valid targets: {keys}.", INVALID)
    [target] = rows.fetch_all(Agent, "where id = %s", [row["agent_id"]])
    # Nothing comes of a try, so it may choose whom its sample case could have waited for.
    if not work.run.is_try and (obstacle := handovers.why_not(target, work.case)):
        raise Refused(f"{obstacle} Decide otherwise.", INVALID)
    return target


def _ambiguous(
    work: Work, valid: list[tuple[ToolCallPart, tools.RequestHandover, Agent]], entries: list[Entry]
) -> bool:
    again = bool(work.results(AMBIGUOUS))
    entries += [tool_result(call, _CHOOSE_TARGET, ok=False, code=AMBIGUOUS) for call, *_ in valid]
    if not again:
        append(work, *entries)
        return False
    names = " and ".join(sorted({target.name for *_, target in valid}))
    _end(work, entries, Broken(AMBIGUOUS, f"{work.agent.name} asked to hand over to {names} at once, twice."))
    return True


def _break_after_invalid_targets(work: Work) -> bool:
    results = [step for step in work.steps if step.kind == Step.Kind.TOOL_RESULT]
    last = results[-_INVALID_IN_A_ROW:]
    if len(last) < _INVALID_IN_A_ROW or any(step.data["code"] != INVALID for step in last):
        return False
    completion.finish(work.claim, Broken(INVALID, last[-1].data["content"].removeprefix("Error: ")))
    return True
