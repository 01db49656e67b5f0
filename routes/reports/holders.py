"""Whose time the cases of a report took: each agent's, group's and queue's share of the time that they were open.

One statement adds up for all cases what `cases.timeline.shares` tells of one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cases.models import CLOSED, UNMOVING
from data import rows
from teams.models import Team

from .figures import Weeks

_NAMES = {
    "agent": "An agent",
    "people": "People without a group",
    "any_agent": "Any agent",
    "postponed": "Postponed",
}


@dataclass(frozen=True)
class Held:
    """In whole seconds: `waited` for this holder and `had` by it. `share`: of the time of all cases, from 0 to 1."""

    name: str
    waited: int
    had: int
    share: float

    @property
    def seconds(self) -> int:
        return self.waited + self.had


@dataclass(frozen=True)
class Times:
    """The time that the cases were open: by holder, the longest first, as a share by queue, and in seconds."""

    holders: list[Held]
    of_queues: Mapping[UUID, float]
    seconds: int


_HELD = """
    with moves as (
        select work.queue_id as queue, event.status, event.kind, event.agent_id, event.at,
               event.data || coalesce(event.data -> 'fields', '{}') as undone, event.data,
               lead(event.at) over course as until,
               lead(event.kind) over course as next_kind, lead(event.agent_id) over course as next_agent,
               first_value(event.at) over course as first
        from cases_case work join cases_caseevent event on event.case_id = work.id
        where work.team_id = %(team)s and work.deleted_at is null and work.created_at >= %(since)s
          and (%(queue)s::uuid is null or work.queue_id = %(queue)s) and event.kind <> all(%(unmoving)s)
        window course as (partition by event.case_id order by event.seq)
    ), told as (
        select *, case when kind = 'undone' then undone else data end as said from moves
        where status <> all(%(closed)s)
    ), held as (
        select queue, status,
               case status when 'in_progress' then agent_id
                   when 'pending' then coalesce(
                       (said ->> 'target_id')::uuid, case when next_kind = 'started' then next_agent end)
               end as agent,
               case when status = 'needs_input' then (said ->> 'group_id')::uuid end as people,
               case status when 'in_progress' then 'agent' when 'needs_input' then 'people'
                   when 'postponed' then 'postponed'
                   else case when said ->> 'target_id' <> '' or next_kind = 'started' then 'agent'
                       else 'any_agent' end
               end as holder,
               round(extract(epoch from coalesce(until, statement_timestamp()) - first))
                   - round(extract(epoch from at - first)) as seconds
        from told
    )
    select grouping(queue), queue, holder, agent, people,
           sum(seconds) filter (where status = 'pending'), sum(seconds) filter (where status <> 'pending')
    from held group by grouping sets ((queue), (holder, agent, people))
"""


def times(team: Team, weeks: Weeks, queue: UUID | None, agents: Mapping[UUID, str]) -> Times:
    """Return whose time it was. `agents`: the names of the team's agents, the deleted ones too."""
    about = {
        "team": team.pk,
        "since": weeks.starts[0],
        "queue": queue,
        "unmoving": list(UNMOVING),
        "closed": list(CLOSED),
    }
    names = {**agents, **dict(team.groups.values_list("pk", "name"))}
    of_queues: dict[UUID, int] = {}
    found = []
    for is_of_holder, queue_id, holder, agent, people, waited, had in rows.select(_HELD, about):
        if is_of_holder:
            name = names.get(agent or people, _NAMES[holder])
            found.append((name, int(waited or 0), int(had or 0)))
        else:
            of_queues[queue_id] = int((waited or 0) + (had or 0))
    total = sum(of_queues.values())
    held = [Held(*row, share=(row[1] + row[2]) / total) for row in found if row[1] + row[2]]
    held.sort(key=lambda one: (-one.seconds, one.name.casefold()))
    return Times(held, {pk: seconds / total for pk, seconds in of_queues.items() if total}, total)
