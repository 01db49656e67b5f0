"""The brake: a call that is refused in the same way again and again ends the run.

It is counted from the steps that are kept, so neither other calls in between nor another worker lets it start again.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from data.texts.json_text import read_json
from runs.models import Step
from runs.record.outcomes import Broken

REFUSED_CALL = "refused_call"
_MOST = 3
_LONG = 300

# A call: its tool and its arguments, normalised.
type _Call = tuple[str, str]


def pulled(steps: Sequence[Step]) -> Broken | None:
    """How the run ends when its last turn was the third one in which the same call was refused in the same way.

    Looked at before each request to the model, as a budget is. Where a person has just answered, the model hears that
    first.
    """
    last = steps[-1] if steps else None
    if last is None or last.kind != Step.Kind.TOOL_RESULT:
        return None
    turns = _turns(steps)
    if any(result["code"] == "answered" for _, result in turns[-1]):
        return None
    again = [(call, result) for call, result in turns[-1] if _times_refused(turns, call, result["code"]) >= _MOST]
    return _broken(again[0][1]) if again else None


def _turns(steps: Sequence[Step]) -> list[list[tuple[_Call, dict[str, Any]]]]:
    """The calls of each answer of the model, with their results."""
    turns: list[list[tuple[_Call, dict[str, Any]]]] = []
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


def _times_refused(turns: Sequence[Sequence[tuple[_Call, Mapping[str, Any]]]], call: _Call, code: str) -> int:
    """In how many turns: what is called twice at once was told only afterwards. Success sets it back."""
    times = 0
    for turn in turns:
        results = [result for made, result in turn if made == call]
        if any(result["ok"] for result in results):
            times = 0
        elif any(result["code"] == code for result in results):
            times += 1
    return times


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


def _broken(result: Mapping[str, Any]) -> Broken:
    tool, words = result["tool"][:80], " ".join(str(result["content"]).removeprefix("Error: ").split())
    why = words if len(words) <= _LONG else f"{words[:_LONG].rstrip()}…"
    return Broken(
        REFUSED_CALL, f"It called {tool} three times with the same arguments, and was refused each time: {why}"
    )
