"""What the timeline of a case says: a sentence for each event. Pure: it asks no database.

A sentence is made of pieces, so that a page can make links of the agents in it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from builder.models import Agent
from cases.models import Case, CaseEvent, Comment, Kind, Reason
from teams.audit.actors import known_as
from web.format import times

type Agents = Mapping[UUID, Agent]
type Named = Agent | str
type Comments = Mapping[str, Comment]  # by id

# What people read where a field of a case has another name.
_FIELDS = {"data": "details"}
_VALUE_LIMIT = 120
_CHANGES_LIMIT = 8


@dataclass(frozen=True)
class Piece:
    """Words of a sentence, and the agent they name."""

    text: str
    agent: Agent | None = None


class Sentence(tuple[Piece, ...]):
    """Pieces that read as one; `str()` of it is plain text."""

    __slots__ = ()

    def __str__(self) -> str:
        return "".join(piece.text for piece in self)


def say(words: str, **named: Named) -> Sentence:
    """Return the sentence of the words, in which `{name}` stands for an agent or a text of `named`."""
    pieces = []
    for part in re.split(r"({\w+})", words):
        thing = named[part[1:-1]] if part.startswith("{") else part
        pieces.append(Piece(thing) if isinstance(thing, str) else Piece(thing.name, thing))
    return Sentence(piece for piece in pieces if piece.text)


@dataclass(frozen=True)
class Change:
    """One field of a case, before and after; empty where there was or is nothing."""

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """One event, or several alike, as the timeline tells it.

    `quote`: the reason of a handover, in the agent's words. `text`: what someone wrote, as Markdown. `aside`: what
    Baton adds. `comment`: as it is now. `why`: the run whose procedure says why the case was handed over.
    """

    at: datetime
    words: Sentence
    icon: str
    tone: str = "neutral"
    quote: str = ""
    note: str = ""
    fields: tuple[tuple[str, str], ...] = ()  # what the next agent needed, or why it was left out
    text: str = ""
    aside: str = ""
    run_id: UUID | None = None
    why: UUID | None = None
    revision: int | None = None
    changes: tuple[Change, ...] = ()
    more_changes: int = 0
    comment: Comment | None = None


@dataclass(frozen=True)
class EventText:
    """How events of a kind are told; `shows` says what their text is on the line."""

    words: str
    icon: str
    tone: str = "neutral"
    shows: Literal["quote", "text", "aside", ""] = ""


_POSTPONED = EventText("{who} postponed the case until {until}", "alarm-clock", "info", "text")
_REASSIGNED = EventText("{who} reassigned the case to any agent of its queue", "forward", "accent", "text")
_PARKED = EventText("A person is needed: {reason}", "hand", "warning", "aside")
_EVENT_TEXTS: Mapping[str, EventText] = {
    Kind.CREATED: EventText("{who} added the case", "plus"),
    Kind.UPDATED: EventText("{who} changed {what}", "pencil"),
    Kind.ASSIGNED: EventText("The case is no longer kept for one agent", "users", shows="aside"),
    Kind.STARTED: EventText("{agent} started work", "play", "accent"),
    Kind.RELEASED: EventText("The case went back to its queue", "undo-2", shows="aside"),
    Kind.HANDED_OVER: EventText("{agent} handed over to {target}", "forward", "accent", "quote"),
    Kind.HANDOVER_CANCELLED: EventText(
        "{agent} wanted to hand over to {target}, which was not done", "circle-slash", "warning", "aside"
    ),
    Kind.DECLINED: EventText("{agent} declined the case", "undo-2", "warning", "quote"),
    Kind.REROUTED: EventText(
        "The case went on to {target}, as {holder} could not take it", "split", "warning", "aside"
    ),
    Kind.POSTPONED: _POSTPONED,
    Kind.DUE: EventText("The time it was postponed to has come", "alarm-clock", "info"),
    Kind.PARKED: _PARKED,
    Kind.ASKED: EventText("{agent} asked", "message-circle-question-mark", "warning", "text"),
    Kind.ANSWERED: EventText("{who} answered {agent}", "message-square-check", "success", "text"),
    Kind.COMPLETED: EventText("{who} completed the case", "circle-check", "success", "text"),
    Kind.FAILED: EventText("{who} marked the case as failed", "circle-x", "error", "text"),
    Kind.REASSIGNED: _REASSIGNED,
    Kind.REOPENED: EventText("{who} reopened the case", "rotate-ccw", "accent", "text"),
    Kind.TAKEN_OVER: EventText("{who} took the case over", "user-round-check", "info"),
    Kind.HANDED_BACK: EventText("{who} handed the case back to {target}", "undo-2", "accent", "text"),
    Kind.ASSIGNED_TO_PEOPLE: EventText("{who} assigned the case to {target}", "users", "info", "text"),
    Kind.OVERDUE: EventText("Nobody took the case in time", "alarm-clock", "warning", "aside"),
    Kind.UNDONE: EventText("{who} undid that", "undo-2"),
    Kind.CORRECTED: EventText("{who}: {agent} was wrong, it should have been {right}", "signpost", "info", "text"),
    Kind.CORRECTION_UNDONE: EventText("{who} took the correction back", "signpost"),
    Kind.STALE_WRITE_REFUSED: EventText("A late write of {agent} was refused: the case had moved on", "shield-check"),
    Kind.DELETED: EventText("{who} deleted the case", "trash-2"),
    Kind.COMMENTED: EventText("{who} commented", "message-square-text"),
    Kind.ATTACHED: EventText("{who} attached {files}", "paperclip"),
    Kind.DETACHED: EventText("{who} deleted the attachment {files}", "paperclip"),
}

# Lines that lead to their run; the others of a run stand below one of these.
_OPENS_RUN = {Kind.STARTED, Kind.STALE_WRITE_REFUSED}


def lines(events: Iterable[CaseEvent], agents: Agents, comments: Comments | None = None) -> list[Line]:
    """Return the timeline in sentences, oldest first. Changes that one agent or person makes in a row are one line."""
    return [_line(event, agents, comments or {}) for event in _grouped(events)]


def _grouped(events: Iterable[CaseEvent]) -> list[CaseEvent]:
    found: list[CaseEvent] = []
    for event in events:
        before = found[-1] if found else None
        if before and before.kind == event.kind == Kind.UPDATED and _who(before) == _who(event):
            found[-1] = _joined(before, event)
        else:
            found.append(event)
    return found


def _who(event: CaseEvent) -> tuple[object, ...]:
    return event.agent_id, event.run_id, event.actor


def _joined(first: CaseEvent, second: CaseEvent) -> CaseEvent:
    changes: dict[str, dict[str, Any]] = dict(first.data.get("changes", {}))
    for name, change in second.data.get("changes", {}).items():
        changes[name] = {"old": changes[name]["old"], "new": change["new"]} if name in changes else change
    return CaseEvent(
        case_id=first.case_id,
        seq=second.seq,
        at=second.at,
        kind=Kind.UPDATED,
        status=second.status,
        agent_id=second.agent_id,
        run_id=second.run_id,
        actor=second.actor,
        user=second.user,
        data={"changes": changes},
    )


def _line(event: CaseEvent, agents: Agents, comments: Comments) -> Line:
    agent: Named = (agents.get(event.agent_id) if event.agent_id else None) or event.data.get("agent_name", "An agent")
    told = _changes_of(event)
    text = _event_text(event)
    words = say(
        text.words,
        agent=agent,
        who=known_as(event.actor, event.user) or (agent if event.agent_id else "Baton"),
        target=_target(event, agents),
        until=_moment(event.data.get("until")),
        reason=_reason(event),
        what=changed_fields(event),
        right=_target(event, agents) if event.data.get("target_id") else "a person",
        taker=event.data.get("taken_by", ""),
        holder=event.data.get("from", ""),
        files=listed([str(name) for name in event.data.get("files", [])]) or "a file",
    )
    return Line(
        event.at,
        words,
        text.icon,
        text.tone,
        quote=event.text if text.shows == "quote" else "",
        note=event.data.get("note", ""),
        fields=_told(event),
        text=event.text if text.shows == "text" else "",
        aside=event.text if text.shows == "aside" else "",
        run_id=event.run_id if event.kind in _OPENS_RUN else None,
        why=event.run_id if event.kind == Kind.HANDED_OVER else None,
        revision=event.data.get("revision"),
        changes=tuple(told[:_CHANGES_LIMIT]),
        more_changes=max(0, len(told) - _CHANGES_LIMIT),
        comment=comments.get(event.data.get("comment_id", "")),
    )


_TELLS = {Kind.HANDED_OVER, Kind.REASSIGNED, Kind.REOPENED, Kind.HANDED_BACK}


def _told(event: CaseEvent) -> tuple[tuple[str, str], ...]:
    if event.kind not in _TELLS:
        return ()
    words = {True: "yes", False: "no"}
    given = event.data.get("fields", {}).items()
    told = [(name, words[value] if isinstance(value, bool) else _value(value)) for name, value in given]
    reason = event.data.get("without_fields_reason", "")
    return (*told, *([("Left out", reason)] if reason else []))


def changed_fields(event: CaseEvent) -> str:
    """Return words such as `the title and the details`."""
    return listed([f"the {_FIELDS.get(name, name)}" for name in _changes_in_order(event)]) or "the case"


def _changes_in_order(event: CaseEvent) -> dict[str, Any]:
    """Return the changes in the order of the page's fields: the database orders keys by their length."""
    changes = event.data.get("changes", {})
    return {name: changes[name] for name in ("queue", "title", "data", "priority", "labels") if name in changes}


def _event_text(event: CaseEvent) -> EventText:
    if event.kind == Kind.ASKED and event.reason == Reason.APPROVAL:
        return replace(_EVENT_TEXTS[Kind.ASKED], words="{agent} asked for approval")
    if event.kind == Kind.PARKED and event.reason == Reason.RUN_STOPPED and event.actor:
        return replace(_PARKED, words="{who} stopped the run", shows="")
    if event.kind == Kind.PARKED and event.text == reason_label(event.reason):
        return replace(_PARKED, shows="")
    if event.kind in _DIFFERENTLY:
        return replace(_EVENT_TEXTS[event.kind], words=_DIFFERENTLY[event.kind](event))
    return _EVENT_TEXTS.get(event.kind, EventText("{who}: " + event.kind.replace("_", " "), "circle", shows="aside"))


def _reassigned(event: CaseEvent) -> str:
    if event.data.get("is_retry"):
        return "{who} asked {target} to try again" if _is_meant_for_one(event) else "{who} asked to try again"
    return "{who} reassigned the case to {target}" if _is_meant_for_one(event) else _REASSIGNED.words


def _reopened(event: CaseEvent) -> str:
    if not event.data.get("was_closed"):  # as older versions told that an open case was reassigned
        return _reassigned(event)
    if event.data.get("is_retry") and _is_meant_for_one(event):
        return "{who} reopened the case and asked {target} to try again"
    return "{who} reopened the case for {target}" if _is_meant_for_one(event) else "{who} reopened the case"


def _is_meant_for_one(event: CaseEvent) -> bool:
    return bool(event.data.get("target_name"))


def _created(event: CaseEvent) -> str:
    """Return the sentence, which names no one if Baton added the case by itself."""
    added = "{who} added the case" if event.actor or event.agent_id else "The case was added"
    return f"{added}, postponed until {{until}}" if event.data.get("until") else added


def _taken_over(event: CaseEvent) -> str:
    said = "{who} took the case over" if event.actor == event.data.get("taken_by") else "{who} gave the case to {taker}"
    return f"{said} from {{holder}}" if event.data.get("from") else said


def _handed_back(event: CaseEvent) -> str:
    whom = "{target}" if event.data.get("target_name") else "its queue"
    return f"{{who}} handed the case back to {whom}"


def _rerouted(event: CaseEvent) -> str:
    if event.data.get("rule") == "return":
        return "The case went back to {target}, as {holder} could not take it"
    if not event.data.get("target_name"):
        return "A person is needed, as {holder} could not take the case"
    return _EVENT_TEXTS[Kind.REROUTED].words


def _declined(event: CaseEvent) -> str:
    to = "it went back to {target}" if _is_meant_for_one(event) else "a person is needed"
    return f"{{agent}} declined the case: {to}"


def _assigned_to_people(event: CaseEvent) -> str:
    return "{who} assigned the case to {target}" if event.actor else "The case passed to {target}"


# What is told differently from one event of a kind to another.
_DIFFERENTLY: Mapping[str, Callable[[CaseEvent], str]] = {
    Kind.CREATED: _created,
    Kind.DECLINED: _declined,
    Kind.REROUTED: _rerouted,
    Kind.REASSIGNED: _reassigned,
    Kind.REOPENED: _reopened,
    Kind.TAKEN_OVER: _taken_over,
    Kind.HANDED_BACK: _handed_back,
    Kind.ASSIGNED_TO_PEOPLE: _assigned_to_people,
}


def reason_label(reason: str) -> str:
    return Reason(reason).label if reason in Reason.values else "The case cannot go on by itself."


def _reason(event: CaseEvent) -> str:
    """Return the label as it stands within a sentence: `the run failed`."""
    label = reason_label(event.reason)
    return label[0].lower() + label[1:].rstrip(".")


def _target(event: CaseEvent, agents: Agents) -> Named:
    id = event.data.get("target_id")
    return (agents.get(UUID(id)) if id else None) or event.data.get("target_name") or "another agent"


def _changes_of(event: CaseEvent) -> list[Change]:
    changes = _changes_in_order(event).items()
    return [told for name, change in changes for told in _changes(name, change.get("old"), change.get("new"))]


def _changes(name: str, old: Any, new: Any) -> list[Change]:
    """Return what differs: of data with fields, each field that does."""
    if name == "priority":
        old, new = (Case.Priority(value).label if value in Case.Priority.values else value for value in (old, new))
    if name == "data" and isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return [Change(_field(key), _value(old.get(key)), _value(new.get(key))) for key in keys]
    return [Change(_field(_FIELDS.get(name, name)), _value(old), _value(new))]


def _field(name: str) -> str:
    return str(name).replace("_", " ").capitalize()


def _value(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        text = ", ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_LIMIT else text[:_VALUE_LIMIT].rstrip() + "…"


def listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def _moment(iso: Any) -> str:
    try:
        return clock(datetime.fromisoformat(str(iso)))
    except ValueError:
        return ""


def clock(moment: datetime) -> str:
    """Return a time such as `22 Nov 2026, 15:47 UTC`."""
    at, _, zone = times.exact(moment).rpartition(" ")
    return f"{at[:-3]} {zone}"
