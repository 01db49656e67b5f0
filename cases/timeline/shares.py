"""Whose time a case took: each agent's and each group's share of the time that the case was open. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from builder.models import Agent
from cases.models import CaseEvent, Kind, Status

from .wording import Agents

type HolderKind = Literal["agent", "people", "postponed", "any_agent"]


@dataclass(frozen=True)
class Share:
    """In whole seconds: `waited` for them, and `had` by them. `id`: of an agent or a group."""

    kind: HolderKind
    name: str
    id: UUID | None = None
    agent: Agent | None = None
    waited: int = 0
    had: int = 0

    @property
    def seconds(self) -> int:
        return self.waited + self.had


def shares(events: Iterable[CaseEvent], agents: Agents, now: datetime) -> list[Share]:
    """In the order in which they first had the case; `events` of one case by seq. They add up to the time that it was
    open, to the second: each share is cut at the same whole seconds as its neighbours.
    """
    found: dict[tuple[str, object], Share] = {}
    moves = [event for event in events if event.kind == Kind.CREATED or _moves(event)]
    for event, after in zip(moves, [*moves[1:], None], strict=True):
        if event.status in (Status.COMPLETED, Status.FAILED) or event.kind == Kind.DELETED:
            continue
        seconds = _second(after.at if after else now, moves[0].at) - _second(event.at, moves[0].at)
        holder = _holder(event, after, agents)
        key = (holder.kind, holder.id or holder.name)
        before = found.setdefault(key, holder)
        waits = event.status == Status.PENDING
        found[key] = replace(before, waited=before.waited + seconds * waits, had=before.had + seconds * (not waits))
    return [share for share in found.values() if share.seconds]


def _second(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds())


# They say where a case is from then on.
_QUIET = {
    *(Kind.UPDATED, Kind.COMMENTED, Kind.ATTACHED, Kind.DETACHED, Kind.HANDOVER_CANCELLED),
    *(Kind.STALE_WRITE_REFUSED, Kind.CORRECTED, Kind.CORRECTION_UNDONE, Kind.OVERDUE),
}


def _moves(event: CaseEvent) -> bool:
    return event.kind not in _QUIET


def _holder(event: CaseEvent, after: CaseEvent | None, agents: Agents) -> Share:
    said = event.data
    if event.status == Status.IN_PROGRESS:
        return _agent(event.agent_id, said.get("agent_name", ""), agents)
    if event.status == Status.POSTPONED:
        return Share("postponed", "Postponed")
    if event.status == Status.NEEDS_INPUT:
        group = said.get("group_id")
        name = said.get("group_name") or said.get("taken_by") or said.get("target_name") or "People"
        return Share("people", name, UUID(group) if group else None)
    if said.get("target_id"):
        return _agent(UUID(said["target_id"]), said.get("target_name", ""), agents)
    if after and after.kind == Kind.STARTED:  # who took it is who it waited for
        return _agent(after.agent_id, after.data.get("agent_name", ""), agents)
    return Share("any_agent", "Any agent")


def _agent(id: UUID | None, name: str, agents: Agents) -> Share:
    agent = agents.get(id) if id else None
    return Share("agent", agent.name if agent else name or "An agent", id, agent)
