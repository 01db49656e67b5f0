"""Schedules start agents by the clock.

What was due while no clock ticked is made up for once, not many times. However many clocks tick, a due time starts one
run: the clock that moves the schedule on from it starts that run, in the same transaction.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from croniter.croniter import CroniterError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from builder.models import Agent
from data.errors import Refused
from data.texts.text import prose
from runs.models import Run, Schedule
from runs.people.starting import INPUT_LIMIT, start_run
from teams.access import live
from teams.audit import audit
from teams.audit.actors import BATON, Actor

from . import cron

LIMIT = 20
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def next_times(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """Return the next times of a cron expression (minute, hour, day of month, month, day of week) on the clocks of a
    zone.

    A time that the clocks skip in spring comes with the next that they show; one that they show twice in autumn comes
    once, unless it is of every hour. Refused when the expression or the zone makes no sense.
    """
    times = croniter(cron.check(expression), after.astimezone(_zone(zone)))
    found: list[datetime] = []
    try:
        while len(found) < count:
            moment: datetime = times.get_next(datetime)
            if not (moment.fold and not expression.split()[1].startswith("*")):
                found.append(moment)
    except CroniterError:
        raise cron.wrong("This never happens: there is no such date. Check the day and the month.") from None
    return found


def words(expression: str) -> str:
    """Return words such as `Every weekday at 08:00`; an expression that people wrote stays as it is."""
    if match := re.fullmatch(r"(\d+) \* \* \* \*", expression):
        return f"Every hour at :{int(match[1]):02}"
    if match := re.fullmatch(r"(\d+) (\d+) \* \* (\*|1-5|[1-7])", expression):
        day = {"*": "Every day", "1-5": "Every weekday"}.get(match[3]) or f"Every {DAYS[int(match[3]) - 1]}"
        return f"{day} at {int(match[2]):02}:{int(match[1]):02}"
    return expression


@transaction.atomic
def create_schedule(agent: Agent, expression: str, zone: str, input: str, by: Actor) -> Schedule:
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    if agent.schedules.count() >= LIMIT:
        raise Refused(f"An agent may have {LIMIT} schedules at most.", "too_many")
    schedule = Schedule(team_id=agent.team_id, agent=agent, created_by=by.user)
    change_schedule(schedule, expression, zone, input)
    return schedule


@transaction.atomic
def change_schedule(schedule: Schedule, expression: str, zone: str, input: str) -> None:
    """Change a schedule from now on. A time that was due and has not started is dropped."""
    before = _facts(schedule)
    schedule.expression = " ".join(expression.split())
    schedule.zone = zone
    schedule.input = prose(input, "input", INPUT_LIMIT)
    schedule.next_at = next_times(schedule.expression, zone, timezone.now(), 1)[0]
    schedule.obstacle = ""
    act = "schedule_made" if schedule._state.adding else "schedule_changed"
    if schedule._state.adding:
        schedule.save(force_insert=True)
    else:
        schedule.save(update_fields=["expression", "zone", "input", "next_at", "obstacle"])
    if change := audit.changes((label, before[label], new) for label, new in _facts(schedule).items()):
        _record(schedule, act, change)
    live.announce(schedule.team_id, "schedule", schedule.pk)


def _facts(schedule: Schedule) -> dict[str, str]:
    if schedule._state.adding:
        return dict.fromkeys(("When", "Time zone", "Input"), "")
    return {"When": words(schedule.expression), "Time zone": schedule.zone, "Input": schedule.input}


def _record(schedule: Schedule, act: str, change: str = "") -> None:
    audit.record(schedule.team_id, act, f"Schedule of {schedule.agent}", change, of=schedule)


@transaction.atomic
def pause(schedule: Schedule) -> None:
    if Schedule.objects.filter(pk=schedule.pk, paused_at=None).update(paused_at=timezone.now()):
        _record(schedule, "schedule_paused")
    live.announce(schedule.team_id, "schedule", schedule.pk)


@transaction.atomic
def resume(schedule: Schedule) -> None:
    """Resume the schedule. Times that passed during the pause are skipped."""
    following = next_times(schedule.expression, schedule.zone, timezone.now(), 1)[0]
    if Schedule.objects.filter(pk=schedule.pk).exclude(paused_at=None).update(paused_at=None, next_at=following):
        _record(schedule, "schedule_resumed")
    live.announce(schedule.team_id, "schedule", schedule.pk)


@transaction.atomic
def delete(schedule: Schedule) -> None:
    _record(schedule, "schedule_deleted", audit.facts(When=words(schedule.expression)))
    schedule.delete()
    live.announce(schedule.team_id, "schedule", schedule.pk)


def start_due(limit: int = 200) -> None:
    """Start what is due. Several clocks may call this at once."""
    due = Schedule.objects.filter(paused_at=None, next_at__lte=Now()).select_related("agent").order_by("next_at")
    for schedule in due[:limit]:
        _start(schedule)


@transaction.atomic
def _start(schedule: Schedule) -> None:
    due = schedule.next_at
    row = Schedule.objects.filter(pk=schedule.pk)
    try:
        # After now and not after the due time: what else was missed is not made up for.
        following = next_times(schedule.expression, schedule.zone, max(due, timezone.now()), 1)[0]
    except Refused as refusal:  # e.g. a zone that this machine does not know any more
        row.filter(next_at=due, paused_at=None).update(paused_at=Now(), obstacle=refusal.message)
        return
    if not row.filter(next_at=due, paused_at=None).update(next_at=following, last_due_at=due):
        return  # another clock was first, or someone changed it
    run, obstacle = None, ""
    try:
        run = start_run(schedule.agent, input=schedule.input, by=BATON, trigger=Run.Trigger.SCHEDULE)
    except Refused as refusal:
        obstacle = refusal.message
    row.update(last_run=run, obstacle=obstacle)
    live.announce(schedule.team_id, "schedule", schedule.pk)


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise Refused("There is no such time zone.", "invalid", {"zone": "There is no such time zone."})
    return ZoneInfo(name)
