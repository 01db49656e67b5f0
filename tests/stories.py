"""Cases with a past: their events as if days had gone by."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from builder.models import Agent
from cases.models import Case, CaseEvent, Kind, Queue, Status
from teams.models import Team, new_id

type Chapter = tuple[float, Kind, Status, dict[str, Any]]


def make_story(queue: Queue, title: str, chapters: Sequence[Chapter], **fields: Any) -> Case:
    """A case with these events, each some seconds after the one before; the last one is of now."""
    team = Team.objects.get(pk=queue.team_id)
    team.last_case_number += 1
    team.save(update_fields=["last_case_number"])
    at = timezone.now() - timedelta(seconds=sum(wait for wait, *_ in chapters))
    rows: list[Chapter] = [(0, Kind.CREATED, Status.PENDING, {}), *chapters]
    fields = {"status": rows[-1][2], "last_seq": len(rows), "created_at": at, "moved_at": timezone.now(), **fields}
    case = Case.objects.create(team=team, queue=queue, number=team.last_case_number, title=title, **fields)
    events = []
    for seq, (wait, kind, status, about) in enumerate(rows, 1):
        at += timedelta(seconds=wait)
        events.append(CaseEvent(team=team, case=case, seq=seq, at=at, kind=kind, status=status, **about))
    CaseEvent.objects.bulk_create(events)
    return case


def started(agent: Agent, run_id: UUID, after: float = 2) -> Chapter:
    data = {"agent_name": agent.name, "revision": 1}
    return after, Kind.STARTED, Status.IN_PROGRESS, {"agent_id": agent.pk, "run_id": run_id, "data": data}


def handed_over(agent: Agent, run_id: UUID, to: Agent, reason: str, after: float = 20, note: str = "") -> Chapter:
    data = {"target_id": str(to.pk), "target_name": to.name, "note": note}
    about = {"agent_id": agent.pk, "run_id": run_id, "text": reason, "data": data}
    return after, Kind.HANDED_OVER, Status.PENDING, about


def stages(agents: Sequence[Agent], number: int) -> list[Chapter]:
    """So many stages, from agent to agent; every seventh ends with a night's pause."""
    chapters: list[Chapter] = []
    for index in range(number):
        agent, following, run_id = agents[index % len(agents)], agents[(index + 1) % len(agents)], new_id()
        chapters.append(started(agent, run_id, after=3 + index % 5))
        if index % 7 == 6:
            about = {"agent_id": agent.pk, "run_id": run_id, "text": "Tomorrow.", "data": {}}
            chapters.append((12, Kind.POSTPONED, Status.POSTPONED, about))
            chapters.append((14 * 3600, Kind.DUE, Status.PENDING, {}))
        else:
            reason = f"This is about {following.name}’s part of it, {index + 1}."
            chapters.append(handed_over(agent, run_id, following, reason, after=9 + index % 11))
    return chapters
