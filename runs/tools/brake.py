"""The brake: a call that is refused in the same way again and again ends the run, and so do calls that only change.

It is counted from the steps that are kept, so neither other calls in between nor another worker lets it start again.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from data.texts.json_text import read_json
from runs.models import Step
from runs.record.outcomes import Broken
from runs.tools.tools import OUTCOMES

REFUSED_CALL = "refused_call"
_MOST = 3
# In other words each time, or now this call and now that one.
_MOST_VARIED = 6
_LONG = 300

# A call: its tool and its arguments, normalised.
type _Call = tuple[str, str]
type Turn = list[tuple[_Call, dict[str, Any]]]


def pulled(steps: Sequence[Step]) -> Broken | None:
    """How the run ends when its last turn was the third one in which the same call was refused in the same way, the
    sixth one in a row in which every call was, or the sixth one in which a decision was.

    Looked at before each request to the model, as a budget is. Where a person has just answered, the model hears that
    first.
    """
    last = steps[-1] if steps else None
    if last is None or last.kind != Step.Kind.TOOL_RESULT:
        return None
    turns = _turns(steps)
    if _has_answer(turns[-1]):
        return None
    for call, result in turns[-1]:
        if _times_refused(turns, call, result["code"]) >= _MOST:
            return _broken(result, "three times with the same arguments, and was refused each time")
    refused = [result for _, result in turns[-1] if _is_refused(result)]
    if refused and _refused_in_a_row(turns) >= _MOST_VARIED:
        return _broken(refused[-1], "when every call of five turns had been refused, and was refused again")
    decisions = [result for result in refused if result["tool"] in OUTCOMES]
    if decisions and _refused_decisions(turns) >= _MOST_VARIED:
        return _broken(decisions[-1], "when five other decisions had been refused, and was refused again")
    return None


def _turns(steps: Sequence[Step]) -> list[Turn]:
    """The calls of each answer of the model, with their results."""
    turns: list[Turn] = []
    calls: dict[str, _Call] = {}
    for step in steps:
        if step.kind == Step.Kind.RESPONSE:
            turns.append([])
            calls |= _calls(step.data)
        elif step.kind == Step.Kind.TOOL_RESULT and step.data["call_id"] in calls:
            turns[-1].append((calls[step.data["call_id"]], step.data))
    return turns


def _calls(response: Mapping[str, Any]) -> dict[str, _Call]:
    parts = [part for part in response.get("parts", []) if part.get("part_kind") == "tool-call"]
    return {part["tool_call_id"]: (part["tool_name"], normalised(part.get("args"))) for part in parts}


def _times_refused(turns: Sequence[Turn], call: _Call, code: str) -> int:
    """Return in how many turns the call was refused. A call that was made twice in one turn counts once, as the model
    was told only afterwards. A success sets the number back.
    """
    times = 0
    for turn in turns:
        results = [result for made, result in turn if made == call]
        if any(result["ok"] for result in results):
            times = 0
        elif any(result["code"] == code for result in results):
            times += 1
    return times


def _refused_in_a_row(turns: Sequence[Turn]) -> int:
    """Turns up to the last one in which nothing went well. One without calls has a limit of its own."""
    bad = takewhile(
        lambda turn: not any(result["ok"] for _, result in turn), reversed([turn for turn in turns if turn])
    )
    return len(list(bad))


def _refused_decisions(turns: Sequence[Turn]) -> int:
    """Turns in which what would have ended the run was refused, since a person last answered: one that is not refused
    ends it.
    """
    lately = takewhile(lambda turn: not _has_answer(turn), reversed(turns))
    return sum(any(_is_refused(result) and result["tool"] in OUTCOMES for _, result in turn) for turn in lately)


def _is_refused(result: Mapping[str, Any]) -> bool:
    return not result["ok"] and result["code"] != "waiting"


def _has_answer(turn: Turn) -> bool:
    return any(result["code"] == "answered" for _, result in turn)


def normalised(args: Any) -> str:
    """The same for the same arguments, in whatever order, with whatever blanks, and with null for what is left out."""
    try:
        found = read_json(args or "{}") if isinstance(args, str) else args or {}
    except ValueError:
        return " ".join(str(args).split()) or "{}"
    return json.dumps(_plain(found), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return " ".join(value.split()) if isinstance(value, str) else value


def _broken(result: Mapping[str, Any], how: str) -> Broken:
    tool, words = result["tool"][:80], " ".join(str(result["content"]).removeprefix("Error: ").split())
    why = words if len(words) <= _LONG else f"{words[:_LONG].rstrip()}…"
    return Broken(REFUSED_CALL, f"It called {tool} {how}: {why}")
