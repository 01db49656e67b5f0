"""How each kind of event is told: its words, its icon, and what becomes of its text. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cases.models import CaseEvent, Kind, Reason


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
    Kind.ASSIGNED: EventText("The case is no longer reserved for one agent", "users", shows="aside"),
    Kind.STARTED: EventText("{agent} started work", "play", "accent"),
    Kind.RELEASED: EventText("The case went back to its queue", "undo-2", shows="aside"),
    Kind.HANDED_OVER: EventText("{agent} handed over to {target}", "forward", "accent", "quote"),
    Kind.HANDOVER_CANCELLED: EventText(
        "{agent} wanted to hand over to {target}, which was not done", "circle-slash", "warning", "aside"
    ),
    Kind.DECLINED: EventText("{agent} declined the case", "undo-2", "warning", "quote"),
    Kind.REROUTED: EventText(
        "The case moved on to {target}, as {holder} could not take it", "split", "warning", "aside"
    ),
    Kind.POSTPONED: _POSTPONED,
    Kind.DUE: EventText("The time it was postponed to has come", "alarm-clock", "info", "aside"),
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
    Kind.OVERDUE: EventText("No one took the case in time", "alarm-clock", "warning", "aside"),
    Kind.UNDONE: EventText("{who} undid that", "undo-2"),
    Kind.CORRECTED: EventText("{who}: {agent} was wrong, it should have been {right}", "signpost", "info", "text"),
    Kind.CORRECTION_UNDONE: EventText("{who} took the correction back", "signpost"),
    Kind.STALE_WRITE_REFUSED: EventText("A late write of {agent} was refused: the case had moved on", "shield-check"),
    Kind.DELETED: EventText("{who} deleted the case", "trash-2"),
    Kind.COMMENTED: EventText("{who} commented", "message-square-text"),
    Kind.ATTACHED: EventText("{who} attached {files}", "paperclip"),
    Kind.DETACHED: EventText("{who} deleted the attachment {files}", "paperclip"),
    Kind.RECEIVED: EventText("{who} wrote", "mail", "info", "text"),
    Kind.REPLIED: EventText("{who} replied to {address}", "send", "info", "text"),
    Kind.UNDELIVERED: EventText("The message to {address} was not delivered", "mail-x", "error", "aside"),
}


def event_text(event: CaseEvent) -> EventText:
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


def _undelivered(event: CaseEvent) -> str:
    if event.data.get("in_doubt"):
        return "The message to {address} may not have been delivered"
    return _EVENT_TEXTS[Kind.UNDELIVERED].words


def _declined(event: CaseEvent) -> str:
    to = "it went back to {target}" if _is_meant_for_one(event) else "a person is needed"
    return f"{{agent}} declined the case: {to}"


def _due(event: CaseEvent) -> str:
    return "The case was resumed early" if event.text else _EVENT_TEXTS[Kind.DUE].words


def _answered(event: CaseEvent) -> str:
    return _EVENT_TEXTS[Kind.ANSWERED].words + (" by email" if event.data.get("via") == "email" else "")


def _replied(event: CaseEvent) -> str:
    if event.data.get("again"):
        return "{who} sent the message to {address} again"
    approved = ", approved by {approver}" if event.data.get("approved_by") else ""
    return _EVENT_TEXTS[Kind.REPLIED].words + approved


def _assigned_to_people(event: CaseEvent) -> str:
    return "{who} assigned the case to {target}" if event.actor else "The case passed to {target}"


_MISSED = {"first_look": "No one started on the case in time", "done": "The case was not closed in time"}


def _overdue(event: CaseEvent) -> str:
    return _MISSED.get(event.data.get("goal", ""), _EVENT_TEXTS[Kind.OVERDUE].words)


# What is told differently from one event of a kind to another.
_DIFFERENTLY: Mapping[str, Callable[[CaseEvent], str]] = {
    Kind.ANSWERED: _answered,
    Kind.CREATED: _created,
    Kind.DECLINED: _declined,
    Kind.DUE: _due,
    Kind.REPLIED: _replied,
    Kind.REROUTED: _rerouted,
    Kind.REASSIGNED: _reassigned,
    Kind.REOPENED: _reopened,
    Kind.TAKEN_OVER: _taken_over,
    Kind.UNDELIVERED: _undelivered,
    Kind.HANDED_BACK: _handed_back,
    Kind.ASSIGNED_TO_PEOPLE: _assigned_to_people,
    Kind.OVERDUE: _overdue,
}


def reason_label(reason: str) -> str:
    return Reason(reason).label if reason in Reason.values else "The case cannot continue without a person."
