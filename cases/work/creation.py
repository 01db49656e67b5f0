"""Creates cases. The same request creates one case: a repeated `external_id` returns the first."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, CaseEvent, Kind, Queue, Status
from cases.queues import labels
from cases.queues.data_schemas import check_data
from cases.timeline import timeline
from data.errors import Refused
from data.redis import bell
from data.texts.text import one_line, storable
from teams.access import live
from teams.audit.actors import Actor
from teams.models import Team

from . import goals

BATCH_LIMIT = 1000
DATA_LIMIT = 256 * 1024
LABEL_LIMIT = 20
_SHOWN = 5


@dataclass(frozen=True)
class NewCase:
    """A case to be added. `data` is JSON or text; `postpone_until` lets it wait before its first agent. Without a
    priority it gets the queue's.
    """

    title: str
    data: Any = field(default_factory=dict)
    priority: int | None = None
    labels: Sequence[str] = ()
    external_id: str | None = None
    postpone_until: datetime | None = None
    assignee: Agent | None = None


class SomeRefused(Refused):
    """Some of several cases cannot be made, so none was. `items`: which, by their place from 0, and why."""

    def __init__(self, items: Mapping[int, Refused]) -> None:
        shown = [f"{place + 1}: {refusal.message}" for place, refusal in list(items.items())[:_SHOWN]]
        more = f" And {len(items) - _SHOWN} more." if len(items) > _SHOWN else ""
        codes = {refusal.code for refusal in items.values()}
        super().__init__(
            f"Nothing was added, because of these cases. {' '.join(shown)}{more}",
            codes.pop() if len(codes) == 1 else "invalid",
            {
                f"cases.{place}.{field}".removesuffix("."): message
                for place, refusal in items.items()
                for field, message in (refusal.fields or {"": refusal.message}).items()
            },
        )
        self.items = items


@dataclass(frozen=True)
class Judged:
    """What would become of an item: a case, which may exist already, or nothing, and why."""

    case: Case | None = None
    is_new: bool = False
    refusal: Refused | None = None


def judge(queue: Queue, items: Sequence[NewCase]) -> list[Judged]:
    """Judge the items and change nothing. An external id that several items have stands for one case."""
    known = _known(queue, items)
    return [_judge(queue, item, known) for item in items]


def _judge(queue: Queue, item: NewCase, known: dict[str, Case]) -> Judged:
    try:
        if existing := known.get(item.external_id or ""):
            if existing.external_digest != _digest(item):
                raise Refused(
                    f"A case with the external id “{item.external_id}” exists and says something else.",
                    "external_id_conflict",
                    {"external_id": "Exists already, with other contents."},
                )
            return Judged(existing)
        case = _case(queue, item)
    except Refused as refusal:
        return Judged(refusal=refusal)
    # The next item of the same request with this id means the same case.
    if case.external_id:
        known[case.external_id] = case
    return Judged(case, is_new=True)


def add_case(queue: Queue, new: NewCase, *, by: Actor, agent_id: Any = None, run_id: Any = None) -> Case:
    try:
        return add_cases(queue, [new], by=by, agent_id=agent_id, run_id=run_id)[0][0]
    except SomeRefused as refused:
        raise refused.items[0] from None


@transaction.atomic
def add_cases(
    queue: Queue, items: Sequence[NewCase], *, by: Actor, agent_id: Any = None, run_id: Any = None
) -> list[tuple[Case, bool]]:
    """Add all cases or none, and return each with whether it is new. SomeRefused says which items are in the way."""
    if len(items) > BATCH_LIMIT:
        raise Refused(f"Please send at most {BATCH_LIMIT} cases at once.", "too_many")
    # The team's row lock hands out numbers, and lets only one request at a time look for its external ids.
    team = Team.objects.select_for_update(no_key=True).get(pk=queue.team_id)
    judged = judge(queue, items)
    if wrong := {place: found.refusal for place, found in enumerate(judged) if found.refusal}:
        raise SomeRefused(wrong)
    made = [(found.case, found.is_new) for found in judged if found.case]
    new = [case for case, is_new in made if is_new]
    for number, case in enumerate(new, team.last_case_number + 1):
        case.number = number
    _insert(new, by=by, agent_id=agent_id, run_id=run_id)
    Team.objects.filter(pk=team.pk).update(last_case_number=F("last_case_number") + len(new))
    live.announce(queue.team_id, "queue", queue.pk)
    live.announce(queue.team_id, "case", "new")
    bell.ring()
    return made


def _insert(cases: list[Case], **about: Any) -> None:
    events: list[CaseEvent] = [timeline.event(case, Kind.CREATED, data=_said(case), **about) for case in cases]
    Case.objects.bulk_create(cases)
    if cases:
        labels.know(cases[0].team_id, {label for case in cases for label in case.labels})
    timeline.write(cases, events)


def _said(case: Case) -> dict[str, Any]:
    """Return what the event says of a new case: all but its data, which may be long and is told by its changes."""
    said: dict[str, Any] = {"title": case.title, "priority": case.priority, "labels": case.labels}
    if case.assignee:
        said |= {"target_id": str(case.assignee.pk), "target_name": case.assignee.name}
    if case.due_at:
        said["until"] = case.due_at.isoformat()
    return said


def _case(queue: Queue, item: NewCase) -> Case:
    data = storable(item.data)
    # Measured as the database stores it, after what it cannot store is left out.
    if len(json.dumps(data)) > DATA_LIMIT:
        raise Refused("The data of a case may hold 256 kB at most.", "invalid", {"data": "Too large: 256 kB at most."})
    check_data(queue.data_schema, data, queue.name)
    return Case(
        team_id=queue.team_id,
        queue=queue,
        title=one_line(item.title, "title", 200),
        data=data,
        priority=queue.default_priority if item.priority is None else item.priority,
        labels=clean_labels(item.labels),
        external_id=one_line(item.external_id, "external_id", 200) if item.external_id else None,
        external_digest=_digest(item) if item.external_id else "",
        status=Status.POSTPONED if item.postpone_until else Status.PENDING,
        due_at=item.postpone_until,
        assignee=item.assignee,
        **goals.for_new_case(queue, item.postpone_until or timezone.now()),
    )


def clean_labels(names: Sequence[str]) -> list[str]:
    if len(names) > LABEL_LIMIT:
        raise Refused(f"Use at most {LABEL_LIMIT} labels.", "invalid", {"labels": "Too many labels."})
    return sorted({one_line(label, "labels", 40) for label in names})


def _known(queue: Queue, items: Sequence[NewCase]) -> dict[str, Case]:
    ids = {item.external_id for item in items if item.external_id}
    found = Case.objects.filter(queue=queue, external_id__in=ids) if ids else []
    return {case.external_id or "": case for case in found}


def _digest(item: NewCase) -> str:
    # The order of labels says nothing, so a sender may repeat a case with them in another order.
    body = [item.title, item.data, item.priority or 0, sorted(item.labels), str(item.postpone_until or "")]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
