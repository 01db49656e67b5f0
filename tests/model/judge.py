"""What holds at every moment of the model: promises, timelines, and rows that are what their events tell."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection

from cases.models import UNMOVING, Case, CaseEvent, Kind
from cases.timeline.replay import replay
from data.redis import bell
from runs.models import ENDED, Run

from .walk import Event, faults

_FOLDED = (
    *("title", "priority", "labels", "status", "reason", "detail", "assignee_id", "worked_by_id"),
    *("taken_by", "owner_id", "due_at", "rank", "hops", "last_seq"),
)
# Agents that may start something: live, not paused, and mentioning nobody who was deleted.
_STARTABLE = """
    select agent.id from builder_agent agent where deleted_at is null and paused_at is null and not exists (
        select from builder_revision revision
        join builder_mention mention on mention.revision_id = revision.id
        join builder_agent target on target.id = mention.target_id
        where revision.agent_id = agent.id and revision.status = 'live' and target.deleted_at is not null
    )
"""
_PAUSED = """
    select exists (select from teams_installation where paused_at is not null)
        or exists (select from teams_team where paused_at is not null)
"""
_DUE = (
    "select id, coalesce(case_id, id) from runs_run where status = 'queued' and available_at <= statement_timestamp()"
)
_PENDING = """
    select item.id, assignee_id from cases_case item join cases_queue queue on queue.id = queue_id
    where item.status = 'pending' and item.deleted_at is null and queue.paused_at is null and queue.name = 'Support'
"""
_LOADS = """
    select agent_id, count(*) from runs_run where case_id is not null and status in ('queued', 'running') group by 1
"""
_TABLES = ("cases_case", "cases_caseevent", "runs_run", "runs_step", "runs_handover", "runs_humanrequest")
_ALL = " union all ".join(f"select {table}::text as row from {table}" for table in _TABLES)


def rows(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def digest() -> str:
    """Changes with anything that is written about a case or a run."""
    return str(rows(f"select md5(string_agg(row, '' order by row)) from ({_ALL}) everything")[0][0])


def startable() -> set[UUID]:
    return {id for (id,) in rows(_STARTABLE)}


def is_paused() -> bool:
    return bool(rows(_PAUSED)[0][0])


def loads() -> dict[UUID, int]:
    """How many cases each agent has in its hands."""
    return dict(rows(_LOADS))


def held() -> set[tuple[UUID, int]]:
    """The runs that someone works, with their fences."""
    return set(rows("select id, fence from runs_run where status = 'running'"))


def due_runs() -> set[UUID]:
    """Those that a worker would be given."""
    return set() if is_paused() else {id for id, _ in rows(_DUE)}


def _due_work() -> set[UUID]:
    """Cases and standalone runs that someone could begin with, or go on with."""
    runs = set() if is_paused() else {work for _, work in rows(_DUE)}
    return runs | takeable(startable())


def takeable(takers: set[UUID]) -> set[UUID]:
    """The cases that one of these agents would be given."""
    if is_paused() or not takers:
        return set()
    return {id for id, assignee in rows(_PENDING) if assignee is None or assignee in takers}


def rings() -> int:
    """How often the bell will have rung when all of this is committed."""
    return sum(act in (bell.ring_now, bell.ring_unless_looked_for) for _, act, *_ in connection.run_on_commit)


class Judge:
    """Of one run of the model. `losses` of each run are counted by the model."""

    def __init__(self) -> None:
        self.losses: dict[UUID, int] = defaultdict(int)
        self._cases: dict[UUID, str] = {}
        self._ended: dict[UUID, str] = {}
        self._work: set[UUID] = set()
        self._rings = 0
        self._time_passed = False

    def time_passes(self) -> None:
        """What becomes due by itself in this step is the clock's to find: nobody rings for it."""
        self._time_passed = True

    def look(self) -> None:
        self._promises()
        self._cases_are_what_their_events_tell()
        self._what_ended_stays_as_it_is()
        self._losses_are_counted()
        self._the_bell_rings_for_new_work()

    def _promises(self) -> None:
        assert not (broken := rows("select * from pg_temp.promises()")), broken

    def _cases_are_what_their_events_tell(self) -> None:
        now = dict(rows("select id, md5(cases_case::text) from cases_case"))
        moved = [key for key in now if now[key] != self._cases.get(key)]
        self._cases = now
        if not moved:
            return
        found = defaultdict(list)
        for event in CaseEvent.objects.filter(case__in=moved).order_by("case", "seq"):
            found[event.case_id].append(event)
        for key, case in Case.objects.in_bulk(moved).items():
            assert not (wrong := list(wrongs(case, found[key]))), (wrong, found[key])

    def _what_ended_stays_as_it_is(self) -> None:
        ended = "', '".join(ENDED)
        now = dict(rows(f"select id, md5(runs_run::text) from runs_run where status in ('{ended}')"))
        assert self._ended.items() <= now.items()
        self._ended = now

    def _losses_are_counted(self) -> None:
        counted = dict(Run.objects.filter(losses__gt=0).values_list("pk", "losses"))
        assert counted == {key: losses for key, losses in self.losses.items() if losses}

    def _the_bell_rings_for_new_work(self) -> None:
        """Or it would wait for the clock to find it."""
        work = _due_work()
        rang, self._rings = rings() > self._rings, rings()
        assert rang or self._time_passed or work <= self._work, f"nobody rang for {_told(work - self._work)}"
        self._work, self._time_passed = work, False


def _told(work: set[UUID]) -> list[Any]:
    runs = Run.objects.filter(pk__in=work).values_list("pk", "status")
    return [*runs, *CaseEvent.objects.filter(case__in=work).values_list("case", "seq", "kind", "status")]


def wrongs(case: Case, events: list[CaseEvent]) -> Iterator[str]:
    """What is wrong with a case and its timeline."""
    yield from faults(
        Event(event.seq, event.kind, event.status, str(event.run_id or ""), event.actor) for event in events
    )
    yield from _exchanges(events)
    yield from _taken_over(events)
    told = replay(events)
    for name in _FOLDED:
        if told.get(name) != getattr(case, name):
            yield f"{name} is {getattr(case, name)!r}, and its events tell {told.get(name)!r}"
    moves = sum(event.kind not in UNMOVING and event.kind not in ("created", "assigned") for event in events)
    if case.fence != moves:
        yield f"its fence is {case.fence} after {moves} moves"
    if told["is_deleted"] != bool(case.deleted_at):
        yield "it is deleted, or not, and its events tell the contrary"
    if "data" in told and told["data"] != case.data:
        yield f"data is {case.data!r}, and its events tell {told['data']!r}"


def _taken_over(events: list[CaseEvent]) -> Iterator[str]:
    """Who takes a case over has it until they, or another person, let it go."""
    keeper = ""
    for event in events:
        if event.kind in UNMOVING or event.kind == Kind.ASSIGNED:
            continue
        if keeper and not event.actor and event.kind != Kind.DUE:
            yield f"event {event.seq} moves what {keeper} has taken over"
        if keeper and event.kind == Kind.DUE and event.status == "pending":
            yield f"event {event.seq} gives away what {keeper} has taken over"
        if event.actor or event.kind == Kind.DUE:
            said = event.data.get("fields", event.data)
            keeper = said.get("taken_by", "")


def _exchanges(events: list[CaseEvent]) -> Iterator[str]:
    """Two agents exchange a case twice; once more only with new data or a new note, until a person acts."""
    notes: dict[frozenset[str], list[str]] = defaultdict(list)
    updated = 0
    seen: dict[frozenset[str], int] = {}
    for event in events:
        if event.actor and event.kind not in ("updated", "commented"):
            notes.clear()
        if event.kind == Kind.UPDATED:
            updated = event.seq
        if event.kind != Kind.HANDED_OVER:
            continue
        pair = frozenset({str(event.agent_id), event.data["target_id"]})
        note = event.data["note"].strip()
        if len(notes[pair]) >= 2 and note in [*notes[pair], ""] and updated < seen[pair]:
            yield f"event {event.seq} is ping-pong"
        notes[pair].append(note)
        seen[pair] = event.seq
