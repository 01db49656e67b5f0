"""What the timeline of a case says: a line for each event, or for several alike. Pure: it asks no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from builder.models import Agent
from cases.models import CaseEvent, Comment, Kind
from teams.audit.actors import known_as

from .event_texts import event_text, reason_label
from .field_changes import Change, changed_fields, changes_of, in_words
from .sentences import Named, Sentence, clock, listed, say

type Agents = Mapping[UUID, Agent]
type Comments = Mapping[str, Comment]  # by id

_CHANGES_LIMIT = 8


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
    told = changes_of(event)
    text = event_text(event)
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
        address=event.data.get("address", "the customer"),
        approver=event.data.get("approved_by", ""),
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
        why=event.run_id if event.kind in (Kind.HANDED_OVER, Kind.HANDOVER_CANCELLED) else None,
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
    told = [(name, words[value] if isinstance(value, bool) else in_words(value)) for name, value in given]
    reason = event.data.get("without_fields_reason", "")
    return (*told, *([("Left out", reason)] if reason else []))


def _reason(event: CaseEvent) -> str:
    """Return the label as it stands within a sentence: `the run failed`."""
    label = reason_label(event.reason)
    return label[0].lower() + label[1:].rstrip(".")


def _target(event: CaseEvent, agents: Agents) -> Named:
    id = event.data.get("target_id")
    return (agents.get(UUID(id)) if id else None) or event.data.get("target_name") or "another agent"


def _moment(iso: Any) -> str:
    try:
        return clock(datetime.fromisoformat(str(iso)))
    except ValueError:
        return ""
