"""The steps of a run as a conversation that people can read: calls stand with their results. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from data.texts.json_text import read_json
from data.texts.text import storable
from runs.models import Handover, HumanRequest, Step
from runs.record.steps import FALLBACK, READ

from .wording import CallState, call_words, problem_words, tried_words

# Longer texts are fetched when someone opens them, so that a page of many steps stays light.
SHORT = 2_000


@dataclass(frozen=True)
class Entry:
    """One line of the conversation. `key` is stable, so that a page that grows keeps what was there.

    kind: prompt (`instructions`, `text`), text (Markdown), thinking, silence, note, fallback, reading, call.
    """

    key: str
    kind: str
    at: datetime
    text: str = ""
    took_s: float | None = None  # how long the model thought
    instructions: str = ""
    # Of a call: what it says in a line, with what it was called, and what came back.
    tool: str = ""
    icon: str = ""
    words: str = ""
    state: CallState = "done"
    arguments: Any = None
    result: str = ""
    request: HumanRequest | None = field(default=None, compare=False)

    @property
    def long(self) -> frozenset[str]:
        """Return which texts of the entry are too long to stand on the page."""
        return frozenset(name for name in ("text", "instructions", "arguments", "result") if self._length(name) > SHORT)

    @property
    def begun(self) -> str:
        return beginning(self.text)

    def _length(self, name: str) -> int:
        said = getattr(self, name)
        return len(said if isinstance(said, str) else json.dumps(said, default=str))


@dataclass(frozen=True)
class _Context:
    """What a call's line needs beside the call: by call id, and the agents' names by the model's keys."""

    results: Mapping[str, Mapping[str, Any]]
    requests: Mapping[str, HumanRequest]
    names: Mapping[str, str]


def entries(
    steps: Sequence[Step],
    *,
    targets: Iterable[Mapping[str, str]] = (),
    requests: Iterable[HumanRequest] = (),
    handover: Handover | None = None,
) -> list[Entry]:
    """Return the entries of one run. `steps` come by seq, `targets` as frozen in the run."""
    context = _Context(
        results={step.data["call_id"]: step.data for step in steps if step.kind == Step.Kind.TOOL_RESULT},
        requests={request.call_id: request for request in requests},
        names={row["key"]: row["name"] for row in targets},
    )
    found: list[Entry] = []
    before: datetime | None = None
    for step in steps:
        found += _entries_of(step, before, context)
        before = step.at
    if handover is not None and handover.status == Handover.Status.CANCELLED:
        return [_not_applied(entry, context) for entry in found]
    if handover is not None and handover.status == Handover.Status.RECORDED:
        return [_only_tried(entry, context) for entry in found]
    return found


def _entries_of(step: Step, before: datetime | None, context: _Context) -> list[Entry]:
    match step.kind:
        case Step.Kind.PROMPT:
            told = step.data.get("instructions", "")
            return [Entry(str(step.seq), "prompt", step.at, step.data["prompt"], instructions=told)]
        case Step.Kind.NOTE:
            kind = "fallback" if step.data.get("code") == FALLBACK else "note"
            return [Entry(str(step.seq), kind, step.at, step.data.get("text", ""))]
        case Step.Kind.RESPONSE:
            # One answer may hold several things. How long it took stands with the first.
            took = (step.at - before).total_seconds() if before else None
            said: list[Entry] = []
            for number, part in enumerate(step.data.get("parts", [])):
                entry = Entry(f"{step.seq}-{number}", part.get("part_kind", ""), step.at, took_s=None if said else took)
                content = part.get("content")
                if entry.kind == "tool-call":
                    said.append(_call(entry, part, context))
                elif entry.kind in ("text", "thinking") and isinstance(content, str) and content.strip():
                    said.append(replace(entry, text=content))
            if (step.data.get("metadata") or {}).get(READ):
                said.append(Entry(f"{step.seq}-read", "reading", step.at))
            return said or [Entry(f"{step.seq}-0", "silence", step.at, took_s=took)]
    return []  # results stand with their calls


def _call(entry: Entry, part: Mapping[str, Any], context: _Context) -> Entry:
    tool, arguments = part.get("tool_name", ""), _arguments(part.get("args"))
    result = context.results.get(part.get("tool_call_id", ""))
    state: CallState = "open" if result is None else "done" if result.get("ok") else "refused"
    icon, words = call_words(tool, arguments, state, context.names)
    content = str(result["content"]) if result else ""
    return replace(
        entry,
        kind="call",
        tool=tool,
        icon=icon,
        words=words,
        state=state,
        arguments=arguments,
        result=problem_words(content) if state == "refused" else content,
        request=context.requests.get(part.get("tool_call_id", "")),
    )


def _arguments(given: Any) -> Any:
    """Some models send their arguments as a text of JSON, and some of these texts are none."""
    if isinstance(given, str):
        try:
            return storable(read_json(given))
        except ValueError:
            return given
    return given


def _not_applied(entry: Entry, context: _Context) -> Entry:
    """A handover that was recorded and then not applied did not happen."""
    if entry.tool != "request_handover" or entry.state != "done":
        return entry
    _, words = call_words(entry.tool, entry.arguments, "refused", context.names)
    return replace(entry, words=words, state="refused", result="The handover was not applied.")


def _only_tried(entry: Entry, context: _Context) -> Entry:
    """Return the entry, in other words if it is a handover of a try, which stays recorded when the run has ended."""
    if entry.tool != "request_handover" or entry.state != "done":
        return entry
    return replace(entry, words=tried_words(entry.arguments, context.names))


def activity(found: Sequence[Entry], model: str) -> str:
    """Return what a running run is doing."""
    if not found:
        return "Getting started."
    calls = [entry for entry in found if entry.kind == "call" and entry.state == "open"]
    return f"{calls[0].words}." if calls else f"Waiting for the model {model}."


def beginning(text: str, length: int = SHORT) -> str:
    """Return the first paragraphs of a long text, or its first words if one paragraph is as long."""
    head = text[:length]
    for end in ("\n\n", "\n", " "):
        if (at := head.rfind(end)) > length // 2:
            return head[:at]
    return head
