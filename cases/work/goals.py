"""The goals of a queue, kept for each of its cases: when it should be looked at and done, and whose time it took."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from cases.models import CLOSED, Case, CaseEvent, Kind, Queue
from cases.queues.goals import amount, due, openings_of, zone_of
from cases.timeline import shares, timeline
from teams.groups import hours
from web.format.times import exact

FIRST_LOOK, DONE = "first_look", "done"
_NAMES = {FIRST_LOOK: "The first look", DONE: "The case"}
_SPENT_BY = {"any_agent": "waiting for any agent", "postponed": "postponed"}


def for_new_case(queue: Queue, start: datetime) -> dict[str, Any]:
    """Return the fields that a case of the queue gets at `start`."""
    return {
        "look_by": due(queue, queue.first_look_minutes, start),
        "done_by": due(queue, queue.done_minutes, start),
    }


def for_reopened_case(queue: Queue) -> dict[str, Any]:
    """Return the fields of a case that is opened again: it has the whole time once more."""
    return {"done_by": due(queue, queue.done_minutes, timezone.now()), "done_missed": False}


def book_missed(case: Case) -> None:
    """Say on the timeline of a locked case which goals have been missed, before it moves on."""
    now = timezone.now()
    if case.look_by and not case.look_missed and case.looked_at is None and case.look_by <= now:
        case.look_missed = True
        _book(case, FIRST_LOOK, case.look_by)
    if case.done_by and not case.done_missed and not case.is_closed and case.done_by <= now:
        case.done_missed = True
        _book(case, DONE, case.done_by)


def _book(case: Case, goal: str, at: datetime) -> None:
    """Book the goal on the stage that spent most of the time."""
    events = list(case.events.order_by("seq"))
    openings, zone = openings_of(case.queue), zone_of(case.queue)
    found = shares.longest(events, _start(events, goal), at, lambda a, b: hours.worked(a, b, openings, zone))
    data: dict[str, Any] = {"goal": goal, "due": at.isoformat()}
    text = f"{_NAMES[goal]} was due {exact(at)}."
    if found:
        stage, spent = found
        holder, minutes = stage[0].holder, round(spent.total_seconds() / 60)
        last = stage[-1].end
        data |= {"holder": shares.written(holder), "spent_s": round(spent.total_seconds())}
        data |= {"from_seq": stage[0].start.seq, "to_seq": last.seq if last else None}
        text += f" {amount(minutes)} of the time it was {_SPENT_BY.get(holder.kind, f'with {holder.name}')}."
    case.save(update_fields=["look_missed", "done_missed"])
    timeline.record(case, Kind.OVERDUE, text=text, data=data)


def _start(events: list[CaseEvent], goal: str) -> datetime:
    """Return from when the goal counted: since the case came, its first postponement ended, or it was opened again."""
    first = events[0]
    start = datetime.fromisoformat(first.data["until"]) if first.data.get("until") else first.at
    opened = [row.at for row in events if row.kind == Kind.REOPENED] if goal == DONE else []
    return opened[-1] if opened else start


def book_what_is_missed(limit: int = 200) -> None:
    """Book the goals that were missed since the last sweep, in a transaction of its own."""
    unseen = Q(look_by__lte=Now(), look_by__isnull=False, looked_at=None, look_missed=False)
    undone = Q(done_by__lte=Now(), done_by__isnull=False, done_missed=False) & ~Q(status__in=list(CLOSED))
    with transaction.atomic():
        for late in (unseen, undone):
            found = Case.objects.present().filter(late).select_for_update(no_key=True, skip_locked=True)
            for case in found.order_by("pk")[:limit]:
                book_missed(case)
