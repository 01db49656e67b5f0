"""Invariants of cases and runs, as counts of the rows that break them: all zero when Baton is healthy.

Each invariant reads live rows through an index, or a sample of the latest rows, so that it is cheap with millions of
rows. Each is one statement, so it sees related rows as one transaction left them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

import django_rq
from django.conf import settings
from django.db import connection
from django.db.models import Model
from django.utils import timezone
from rq import Queue as JobQueue
from rq.worker import Worker

from cases.models import Case
from data.redis.bell import BELL
from runs.models import Handover, HumanRequest, Run
from runs.record.claims import QUEUED_TEAMS
from runs.workers import dispatcher

MOST = 1000
# The time that the clock needs to handle what has just happened.
GRACE_SECONDS = 10
_LIVE = "('queued', 'running', 'waiting')"
_SAMPLE = (
    "with sample as (select distinct case_id from (select case_id from cases_caseevent order by id desc limit 2000) e)"
)


@dataclass(frozen=True)
class Invariant:
    """A rule that the database's rows keep. `find` returns the ids of the rows of `model` that break it. `help` says
    what that means and what to do.
    """

    key: str
    title: str
    help: str
    model: type[Model]
    find: Callable[[], Iterator[Any]]


@dataclass(frozen=True)
class Broken:
    """The number of rows that break an invariant (at most MOST are counted), and the first of them."""

    invariant: Invariant
    count: int
    ids: list[Any]


def check() -> list[Broken]:
    """Check all invariants, and return those that hold too (count 0). A RedisError is not caught."""
    return [look(invariant) for invariant in INVARIANTS]


def look(invariant: Invariant) -> Broken:
    ids = list(islice(invariant.find(), MOST))
    return Broken(invariant, len(ids), ids[:50])


@dataclass(frozen=True)
class Rows:
    """The rows that one statement finds."""

    sql: str

    def __call__(self) -> Iterator[Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"{self.sql} limit {MOST}")
            yield from (id for (id,) in cursor.fetchall())


def _unheard_runs() -> Iterator[Any]:
    """Runs that wait to be claimed although workers have free places and no worker is being woken for them."""
    if _is_someone_called() or _free_places() <= 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LATE_RUNS, [GRACE_SECONDS, MOST])
        yield from (id for (id,) in cursor.fetchall())


def _unheard_cases() -> Iterator[Any]:
    """The first case of each queue (at most 50) that a consumer could take, under the same conditions."""
    if _is_someone_called() or _free_places() <= 0:
        return
    late = Case.objects.filter(moved_at__lt=timezone.now() - timedelta(seconds=GRACE_SECONDS))
    for ids in islice(dispatcher.first_cases(), 50):
        yield from late.filter(pk__in=ids).values_list("pk", flat=True)


_LATE_RUNS = f"""
    {QUEUED_TEAMS}
    select run.id from teams cross join lateral (
        select id from runs_run where team_id = teams.id and status = 'queued'
            and available_at < statement_timestamp() - make_interval(secs => %s)
        order by available_at limit %s
    ) run
"""  # noqa: S608


def _is_someone_called() -> bool:
    """Return whether the bell has rung and no worker has answered yet."""
    redis = django_rq.get_connection("default")
    return bool(redis.llen(BELL) or redis.llen(JobQueue("default", connection=redis).key))


def _free_places() -> int:
    workers = len(Worker.all(connection=django_rq.get_connection("default")))
    return workers * settings.RUNS_PER_WORKER - Run.objects.running().count()


INVARIANTS = [
    Invariant(
        "case_without_run",
        "Cases in progress that no run works",
        "Nobody will move them. Send them through their queue again.",
        Case,
        Rows(
            f"""
            select found.id from cases_queue queue cross join lateral (
                select id from cases_case
                where queue_id = queue.id and status = 'in_progress' and deleted_at is null
            ) found
            where not exists (select from runs_run where case_id = found.id and status in {_LIVE})
            """  # noqa: S608
        ),
    ),
    Invariant(
        "silent_run",
        "Running runs whose worker gives no sign of life",
        "The clock takes them back within a second: see whether it ticks.",
        Run,
        Rows(
            f"""
            select id from runs_run where status = 'running'
                and lease_until < statement_timestamp() - make_interval(secs => {GRACE_SECONDS})
            """  # noqa: S608
        ),
    ),
    Invariant(
        "unheard_run",
        "Due runs that no worker was called for",
        "The clock rings for them each second: see whether it ticks, and whether Redis answers.",
        Run,
        _unheard_runs,
    ),
    Invariant(
        "unheard_case",
        "Waiting cases that an agent could take, and no worker was called for",
        "The clock rings for them each second: see whether it ticks, and whether Redis answers.",
        Case,
        _unheard_cases,
    ),
    Invariant(
        "run_of_other_case",
        "Live runs on cases that are closed, deleted or waiting in a queue",
        "Whatever they write is refused. Stop them.",
        Run,
        Rows(
            f"""
            select run.id from runs_run run join cases_case on cases_case.id = run.case_id
            where run.status in {_LIVE}
                and (cases_case.status not in ('in_progress', 'needs_input') or cases_case.deleted_at is not null)
            """  # noqa: S608
        ),
    ),
    Invariant(
        "handover_without_sequel",
        "Handovers that were applied, and nothing came of them (of the latest 1000)",
        "Send the case to the agent that was to take over, or start that agent.",
        Handover,
        Rows(
            """
            select late.id from (select * from runs_handover order by id desc limit 1000) late
            join runs_run source on source.id = late.source_id
            where late.status = 'applied' and case
                when source.case_id is null then late.next_run_id is null
                else not exists (
                    select from cases_caseevent event
                    where event.case_id = source.case_id and event.run_id = source.id and event.kind = 'handed_over'
                )
            end
            """
        ),
    ),
    Invariant(
        "request_of_ended_run",
        "Open requests to people of runs that do not wait for them",
        "Nothing comes of an answer to them.",
        HumanRequest,
        Rows(
            """
            select request.id from runs_humanrequest request join runs_run run on run.id = request.run_id
            where request.status = 'open' and run.status <> 'waiting'
            """
        ),
    ),
    Invariant(
        "run_waiting_for_nothing",
        "Runs that wait for a person, and nobody is asked anything",
        "They would wait for ever. Stop them, and send their cases again.",
        Run,
        Rows(
            """
            select run.id from runs_run run where run.status = 'waiting' and not exists (
                select from runs_humanrequest request where request.run_id = run.id and request.status = 'open'
            )
            """
        ),
    ),
    Invariant(
        "gap_in_timeline",
        "Cases with events missing from their timeline (of those moved last)",
        "Something wrote past the code, or the database lost rows: compare with a backup.",
        Case,
        Rows(
            f"""
            {_SAMPLE} select id from sample join cases_case on id = case_id cross join lateral (
                select count(*) as events, min(seq) as first, max(seq) as last
                from cases_caseevent where case_id = sample.case_id
            ) found
            where (events, first, last) <> (last_seq, 1, last_seq)
            """  # noqa: S608
        ),
    ),
    Invariant(
        "case_unlike_its_timeline",
        "Cases whose status is not what their timeline says (of those moved last)",
        "Something wrote past the code: the timeline tells what happened.",
        Case,
        Rows(
            f"""
            {_SAMPLE} select id from sample join cases_case on id = case_id
            where status <> (
                select status from cases_caseevent where case_id = sample.case_id order by seq desc limit 1
            )
            """  # noqa: S608
        ),
    ),
]
