"""The course of a case: with whom it was from when to when, one after another, as its events tell. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from builder.models import Agent
from cases.models import CaseEvent, Kind, Status

from .wording import Agents

type Phase = Literal["waiting", "working", "person", "postponed"]

_PHASES: dict[str, Phase] = {
    Status.PENDING: "waiting",
    Status.IN_PROGRESS: "working",
    Status.NEEDS_INPUT: "person",
    Status.POSTPONED: "postponed",
}
# Events after which a case may be elsewhere than before.
_MOVES = {
    *(Kind.CREATED, Kind.STARTED, Kind.RELEASED, Kind.HANDED_OVER, Kind.DECLINED, Kind.POSTPONED, Kind.DUE),
    *(Kind.PARKED, Kind.ASKED, Kind.ANSWERED, Kind.COMPLETED, Kind.FAILED, Kind.REOPENED),
    *(Kind.ASSIGNED, Kind.REASSIGNED, Kind.DELETED, Kind.TAKEN_OVER, Kind.HANDED_BACK, Kind.UNDONE),
    *(Kind.ASSIGNED_TO_PEOPLE, Kind.REROUTED),
}


@dataclass(frozen=True)
class Lane:
    """Where a case can be: with an agent, with people, or with whichever agent takes it (no id)."""

    id: UUID | None
    name: str
    agent: Agent | None = None


PEOPLE = Lane(None, "People")
ANY_AGENT = Lane(None, "Any agent")


@dataclass
class Span:
    """A time that the case spent in one place. `opened` and `closed` are the events around it; the last one may still
    last.
    """

    phase: Phase
    lane: Lane | None
    opened: CaseEvent
    closed: CaseEvent | None = None
    run_id: UUID | None = None

    @property
    def start(self) -> datetime:
        return self.opened.at


@dataclass(frozen=True)
class Refused:
    """A handover that was asked for and not done, by the agent or person who had the case then."""

    event: CaseEvent
    lane: Lane
    target: Lane


@dataclass(frozen=True)
class Course:
    """Where a case has been. `ended` is the event that closed the case, if it is closed."""

    spans: list[Span]
    refused: list[Refused]
    ended: CaseEvent | None


def course(events: Iterable[CaseEvent], agents: Agents, taker: Agent | None = None) -> Course:
    """Return the course that the events of one case tell, by seq. `taker` takes the case next, if that is known."""
    spans: list[Span] = []
    refused: list[Refused] = []
    ended: CaseEvent | None = None
    for row in events:
        if row.kind == Kind.HANDOVER_CANCELLED:
            refused.append(Refused(row, _agent(row.agent_id, "An agent", agents), _target(row, agents)))
        if row.kind not in _MOVES:
            continue
        before = spans[-1] if spans and not spans[-1].closed else None
        phase = None if row.kind == Kind.DELETED else _PHASES.get(row.status)
        ended = row if row.kind in (Kind.COMPLETED, Kind.FAILED) else None if phase else ended
        if before and row.kind == Kind.STARTED and before.lane is None:
            before.lane = _agent(row.agent_id, row.data.get("agent_name", ""), agents)
        if before and before.phase == phase == "person":
            continue  # several questions of one turn, or a question whose run was stopped
        if before:
            before.closed = row
        if phase:
            spans.append(Span(phase, _lane(phase, row, spans, agents), row, run_id=_run(phase, row, before)))
    for span in spans:
        if span.lane is None:
            span.lane = Lane(taker.pk, taker.name, taker) if taker and not span.closed else ANY_AGENT
    return Course(spans, refused, ended)


def _lane(phase: Phase, row: CaseEvent, spans: list[Span], agents: Agents) -> Lane | None:
    """Return the lane of an agent, or that of any agent for None."""
    if phase == "person":
        return PEOPLE
    if phase == "working":
        return _agent(row.agent_id, row.data.get("agent_name", ""), agents)
    if row.data.get("target_id"):
        return _target(row, agents)
    if row.kind in (Kind.POSTPONED, Kind.DUE):
        return next((span.lane for span in reversed(spans) if span.lane != PEOPLE), None)
    return None


def _run(phase: Phase, row: CaseEvent, before: Span | None) -> UUID | None:
    """Return the run that a click leads to: the one that worked, or that asked the question."""
    if phase == "working":
        return row.run_id
    return (row.run_id or (before.run_id if before else None)) if phase == "person" else None


def _agent(id: UUID | None, name: str, agents: Agents) -> Lane:
    agent = agents.get(id) if id else None
    return Lane(id, agent.name if agent else name or "An agent", agent)


def _target(row: CaseEvent, agents: Agents) -> Lane:
    id = row.data.get("target_id")
    return _agent(UUID(id) if id else None, row.data.get("target_name", ""), agents)
