"""Whose time a case took: each agent's and each group's share of the time that the case was open. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

from builder.models import Agent
from cases.models import CLOSED, UNMOVING, CaseEvent, Kind, Status

from .wording import Agents

type HolderKind = Literal["agent", "people", "postponed", "any_agent"]


@dataclass(frozen=True)
class Share:
    """How long a holder had the case, in whole seconds: `waited` for them, and `had` by them. `id`: of an agent or a
    group. `missed`: the goals of the queue that are booked on them.
    """

    kind: HolderKind
    name: str
    id: UUID | None = None
    agent: Agent | None = None
    waited: int = 0
    had: int = 0
    missed: tuple[str, ...] = ()

    @property
    def seconds(self) -> int:
        return self.waited + self.had

    @property
    def missed_words(self) -> str:
        return "missed: " + ", ".join(name.replace("_", " ") for name in self.missed)

    @property
    def key(self) -> tuple[str, object]:
        return self.kind, self.id or self.name


@dataclass(frozen=True)
class Stretch:
    """A time in which a case was open and in one place: from one move to the next, or until now."""

    holder: Share
    start: CaseEvent
    end: CaseEvent | None


def shares(events: Iterable[CaseEvent], agents: Agents, now: datetime) -> list[Share]:
    """In the order in which they first had the case; `events` of one case by seq. They add up to the time that it was
    open, to the second: each share is cut at the same whole seconds as its neighbours.
    """
    rows = list(events)
    found: dict[tuple[str, object], Share] = {}
    for one in stretches(rows, agents):
        seconds = _second(one.end.at if one.end else now, rows[0].at) - _second(one.start.at, rows[0].at)
        before = found.setdefault(one.holder.key, one.holder)
        waits = one.start.status == Status.PENDING
        found[before.key] = replace(
            before, waited=before.waited + seconds * waits, had=before.had + seconds * (not waits)
        )
    for row in rows:
        if row.kind == Kind.OVERDUE and (share := found.get(_booked(row))):
            found[share.key] = replace(share, missed=(*share.missed, row.data["goal"]))
    return [share for share in found.values() if share.seconds or share.missed]


def longest(
    events: Iterable[CaseEvent], start: datetime, until: datetime, count: Callable[[datetime, datetime], timedelta]
) -> tuple[Sequence[Stretch], timedelta] | None:
    """The stage that spent most of the time between the two, by `count`: how long one holder had the case at once,
    waiting for it included. Of two alike the later one.
    """
    found: list[tuple[Sequence[Stretch], timedelta]] = []
    for _, group in groupby(stretches(events, {}), key=lambda one: one.holder.key):
        stage = list(group)
        ends = [min(one.end.at if one.end else until, until) for one in stage]
        begins = [max(one.start.at, start) for one in stage]
        spent = sum((count(a, b) for a, b in zip(begins, ends, strict=True) if a < b), timedelta())
        found.append((stage, spent))
    return max(reversed(found), key=lambda one: one[1], default=None)


def stretches(events: Iterable[CaseEvent], agents: Agents) -> Iterator[Stretch]:
    moves = [event for event in events if event.kind not in UNMOVING]
    for event, after in zip(moves, [*moves[1:], None], strict=True):
        if event.status not in CLOSED and event.kind != Kind.DELETED:
            yield Stretch(_holder(event, after, agents), event, after)


def written(holder: Share) -> dict[str, str | None]:
    """Return a holder as an event keeps it."""
    return {"kind": holder.kind, "name": holder.name, "id": str(holder.id) if holder.id else None}


def _booked(event: CaseEvent) -> tuple[str, object]:
    """The key of the holder on whom the missed goal is booked."""
    holder = event.data.get("holder") or {"kind": "", "name": "", "id": None}
    return holder["kind"], UUID(holder["id"]) if holder["id"] else holder["name"]


def _second(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds())


def _holder(event: CaseEvent, after: CaseEvent | None, agents: Agents) -> Share:
    said: dict[str, Any] = {**event.data, **event.data.get("fields", {})} if event.kind == Kind.UNDONE else event.data
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
