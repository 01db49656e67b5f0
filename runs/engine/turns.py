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

from data import rows
from data.errors import Refused
from runs.models import Step
from runs.prompts.arguments import with_ignored
from runs.record import claims
from runs.record.claims import lock_both
from runs.record.outcomes import (
    Answered,
    Broken,
    CaseCompleted,
    CaseDeclined,
    CaseFailed,
    CasePostponed,
    Decided,
    Ending,
    HandedOver,
    HandedToPeople,
)
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
from runs.tools import tool_calls, tools

from . import completion, handovers, human_requests, trials
from .keeping import Keeping, Place

type Entry = tuple[Step.Kind, dict[str, Any]]

CORRECTION = "no_outcome"

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


async def take_turn(work: Work, response: ModelResponse, place: Place | None = None) -> bool | Keeping:
    """Act on a response. Return True if the run goes on no further, since it has ended or waits for a person. If its
    case was handed over and stays in its `place`, return what goes on there.
    """
    calls = open_calls(work, response)
    if not response.tool_calls:
        return await sync_to_async(_without_calls)(work, response)
    # Decided once: a call that has run must not be settled as well, even if its tool has changed in the meantime.
    rest = [call for call in calls if tools.is_settled(work, call)]
    ordinary = [call for call in calls if call not in rest]
    # What the model said is written before its first call has an effect: a worker that takes the run up again must know
    # of that call.
    if work.said and ordinary:
        await sync_to_async(flush)(work)
    failed: list[ToolCallPart] = []
    for call in ordinary:
        try:
            with tracing.tool_calls(work, [call]):
                is_done = await _execute(work, call)
        except trials.Diverged:
            await sync_to_async(trials.diverge)(work, call)
            return True
        if not is_done:
            failed.append(call)
    with tracing.tool_calls(work, rest):
        return await sync_to_async(_settle)(work, rest, failed, response.text or "", place) if rest else False


async def _execute(work: Work, call: ToolCallPart) -> bool:
    if work.run.is_test:
        return await sync_to_async(trials.execute)(work, call)
    if work.server_tool(call.tool_name) or work.has_begun(call):
        return await tool_calls.execute(work, call)
    return await sync_to_async(tools.execute)(work, call)


def _without_calls(work: Work, response: ModelResponse) -> bool:
    # Only once: an answer that is cut off again is taken as it is.
    if response.finish_reason == "length" and not work.notes(CUT_OFF):
        append(work, note(_GO_ON, CUT_OFF))
        return False
    text = said_before_cut(work) + (response.text or "")
    # A run without a case may end with a text. On a case nobody would read it.
    if work.case is None and text.strip():
        _end(work, [], Answered(text))
        return True
    # One reminder is enough: a model that writes a text again will not choose by itself.
    if not work.notes(CORRECTION):
        choices = ", ".join(definition.name for definition in tools.offered(work))
        append(work, note(_NO_OUTCOME.format(choices=choices), CORRECTION))
        return False
    _end(work, [], _no_outcome(work))
    return True


def _no_outcome(work: Work) -> Broken:
    if work.case is not None and not work.may_hand_over:
        return Broken("hop_limit", "It reached the limit of handovers, and the last agent could not finish it.")
    return Broken("no_outcome", f"{work.agent.name} wrote a text but did not say what should become of it.")


def _settle(
    work: Work, calls: Sequence[ToolCallPart], failed: list[ToolCallPart], text: str, place: Place | None
) -> bool | Keeping:
    """Settle the decisions of a turn. The last results and the ending are written in one transaction, or neither."""
    parsed, entries = _parse(work, calls)
    if any(call.tool_name == tools.WITHDRAW for call, _ in parsed):
        parsed = _without_withdrawn(parsed, entries)
    asks = [(call, arguments) for call, arguments in parsed if isinstance(arguments, human_requests.ASKING)]
    wanted = [(call, arguments) for call, arguments in parsed if call.tool_name in tools.OUTCOMES]
    if asks and work.run.is_test:
        trials.ask(work, entries)
        return True
    if asks:
        entries += [tool_result(call, _WAIT, ok=False, code="waiting") for call, _ in wanted]
        human_requests.ask(work, asks, entries)
        return True
    with transaction.atomic():
        # A handover beside another outcome is no decision, so it is not judged.
        requests = wanted if {call.tool_name for call, _ in wanted} == {tools.HANDOVER} else []
        held = handovers.hold(work, requests, place)
        if requests:
            ending: Ending | None = handovers.settle(work, held, requests, failed=failed, text=text, entries=entries)
        else:
            ending = _settle_others(wanted, entries)
        run, case = claims.locked(held.found)
        count_in(work, run)
        # All of it goes to the database with the commit, in one round trip.
        with rows.at_once(commits=True):
            insert(work, *entries)
            ending = ending or handovers.given_up(work)
            if ending and work.run.is_test:
                insert(work, trials.decided(ending))
            if is_handed := isinstance(ending, HandedOver | HandedToPeople):
                ending = handovers.apply(run, case, ending, held)
            if ending:
                completion.apply(run, case, ending)
    # Only now, since what is opened before a commit may never have happened.
    if held.keeping and held.keeping.run:
        held.keeping.open(work)
        return held.keeping
    return is_handed or ending is not None


def _settle_others(wanted: Sequence[tuple[ToolCallPart, Any]], entries: list[Entry]) -> Decided | None:
    """Return what outcomes other than a handover come to, and add their answers to `entries`."""
    if len({call.tool_name for call, _ in wanted}) > 1:
        entries += [tool_result(call, _CHOOSE_OUTCOME, ok=False, code="several_outcomes") for call, _ in wanted]
        return None
    if not wanted:
        return None
    (call, arguments), *repeats = wanted
    entries.append(tool_result(call, with_ignored(_RECORDED, call.tool_name, arguments)))
    entries += [tool_result(repeat, _ALREADY, code="repeat") for repeat, _ in repeats]
    match call.tool_name:
        case tools.COMPLETE:
            return CaseCompleted(arguments.summary)
        case tools.POSTPONE:
            return CasePostponed(arguments.until, arguments.reason)
        case tools.DECLINE:
            return CaseDeclined(arguments.reason)
    return CaseFailed(arguments.reason)


def _parse(work: Work, calls: Sequence[ToolCallPart]) -> tuple[list[tuple[ToolCallPart, Any]], list[Entry]]:
    """Return the calls whose arguments fit, and the answers to those whose do not."""
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
    """Return what is left when requests that the same turn took back are answered. People answer those of earlier turns
    before there is another turn, so no others can be open.
    """
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


def _end(work: Work, entries: list[Entry], ending: Decided | Broken) -> None:
    """Write the last results and the ending, or neither."""
    with transaction.atomic():
        run, case = lock_both(work.claim)
        count_in(work, run)
        with rows.at_once(commits=True):
            insert(work, *entries, *([trials.decided(ending)] if work.run.is_test else []))
            completion.apply(run, case, ending)
