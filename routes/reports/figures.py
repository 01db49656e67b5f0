"""The figures of a report: of the cases that were created in some weeks, and of the handovers made in them.

Each kind of figure takes one statement, which groups by week, by queue, by agent and over all at once.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any
from uuid import UUID

from data import rows
from teams.models import Team
from teams.settings import zones

type Group = tuple[str, UUID | int | None]

ALL: Group = ("all", None)


@dataclass(frozen=True)
class Weeks:
    """Whole weeks of the team, which begin on Monday. The last one is the present one."""

    firsts: list[date]
    starts: list[datetime]

    @property
    def first(self) -> date:
        return self.firsts[0]


def last_weeks(team: Team, number: int) -> Weeks:
    today = zones.today(team.time_zone)
    monday = today - timedelta(days=today.weekday())
    firsts = [monday - timedelta(weeks=back) for back in range(number - 1, -1, -1)]
    here = zones.zone(team.time_zone)
    return Weeks(firsts, [datetime.combine(first, time_of_day.min, here) for first in firsts])


@dataclass(frozen=True)
class Figures:
    """Of a group of cases and handovers. `first_look` and `done` are medians in seconds, `done_by_most` is the time
    within which 9 of 10 completed cases were done.
    """

    cases: int = 0
    completed: int = 0
    failed: int = 0
    first_look: float | None = None
    done: float | None = None
    done_by_most: float | None = None
    handovers: int = 0
    corrected: int = 0

    @property
    def resolved(self) -> float | None:
        """Return the share of cases that were completed, from 0 to 1."""
        return self.completed / self.cases if self.cases else None

    @property
    def accuracy(self) -> float | None:
        """Return the share of handovers that nobody corrected, from 0 to 1."""
        return 1 - self.corrected / self.handovers if self.handovers else None


# A case belongs to the week in which it was created, and to the agent that worked on it last.
_CASES = """
    with made as (
        select width_bucket(work.created_at, %(starts)s::timestamptz[]) - 1 as week,
               work.queue_id as queue, work.worked_by_id as agent, work.status,
               extract(epoch from looked.at - work.created_at) as look,
               extract(epoch from work.moved_at - work.created_at) as age
        from cases_case work
        left join lateral (
            select event.at from cases_caseevent event
            where event.case_id = work.id and event.kind in ('started', 'taken_over')
            order by event.seq limit 1
        ) looked on true
        where work.team_id = %(team)s and work.deleted_at is null and work.created_at >= %(since)s
          and (%(queue)s::uuid is null or work.queue_id = %(queue)s)
    )
    select grouping(week), grouping(queue), grouping(agent), week, queue, agent,
           count(*),
           count(*) filter (where status = 'completed'),
           count(*) filter (where status = 'failed'),
           percentile_cont(0.5) within group (order by look),
           percentile_cont(0.5) within group (order by age) filter (where status = 'completed'),
           percentile_cont(0.9) within group (order by age) filter (where status = 'completed')
    from made group by grouping sets ((), (week), (queue), (agent))
"""

# A handover belongs to the agent that decided it. A correction counts while nobody has undone it.
_HANDOVERS = """
    with made as (
        select width_bucket(handover.applied_at, %(starts)s::timestamptz[]) - 1 as week,
               work.queue_id as queue, handover.source_agent_id as agent,
               exists (
                   select from routes_correction correction
                   where correction.source_id = handover.source_id and correction.undone_at is null
               ) as is_wrong
        from runs_handover handover
        join runs_run source on source.id = handover.source_id
        left join cases_case work on work.id = source.case_id
        where handover.team_id = %(team)s and handover.status = 'applied' and handover.applied_at >= %(since)s
          and (%(queue)s::uuid is null or work.queue_id = %(queue)s)
    )
    select grouping(week), grouping(queue), grouping(agent), week, queue, agent,
           count(*), count(*) filter (where is_wrong)
    from made group by grouping sets ((), (week), (queue), (agent))
"""


def figures(team: Team, weeks: Weeks, queue: UUID | None = None) -> dict[Group, Figures]:
    """Return the figures of all, of each week by its number, of each queue and of each agent that has any."""
    about = {"team": team.pk, "starts": weeks.starts, "since": weeks.starts[0], "queue": queue}
    found: dict[Group, Figures] = defaultdict(Figures)
    for *grouped, cases, completed, failed, look, done, most in rows.select(_CASES, about):
        found[_group(grouped)] = Figures(cases, completed, failed, _seconds(look), _seconds(done), _seconds(most))
    for *grouped, handovers, corrected in rows.select(_HANDOVERS, about):
        group = _group(grouped)
        found[group] = replace(found[group], handovers=handovers, corrected=corrected)
    return dict(found)


def _seconds(value: float | None) -> float | None:
    return None if value is None else float(value)


def _group(columns: list[Any]) -> Group:
    """Return which set of the grouping a row is of: its first three columns are 0 where it is grouped by."""
    for name, is_out, value in zip(("week", "queue", "agent"), columns[:3], columns[3:], strict=True):
        if not is_out:
            return name, value
    return ALL
