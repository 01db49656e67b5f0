"""Claims on runs, with their leases and fences: which worker may write a run.

A claim raises the run's fence. Every later write of the claimant says `where fence = mine`, so a worker that lost a
run, to a lapsed lease or to a person's stop, can no longer write it. Only the database's clock decides about leases.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from cases.models import Case
from data import rows
from runs.models import Run, Status
from teams.access import live
from teams.settings import pausing


@dataclass(frozen=True)
class Claim:
    """The right to write a run, until someone raises its fence."""

    run_id: UUID
    team_id: UUID
    case_id: UUID | None
    fence: int

    # With its agent, revision and case, if the worker that claims the run has just made it.
    made: Run | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, run: Run, made: Run | None = None) -> "Claim":
        return cls(run.pk, run.team_id, run.case_id, run.fence, made)


@dataclass
class Lease:
    """How long the claims of this process hold if nobody renews them. `factor`: longer ones on a busy machine, which
    `runs.workers.leases` chooses.
    """

    factor: int = 1

    @property
    def seconds(self) -> float:
        return float(settings.BATON_LEASE_SECONDS * self.factor)


lease = Lease()


class LostRun(Exception):
    """The run is no longer this claim's: nothing was written."""


# The teams with queued runs, except paused ones.
QUEUED_TEAMS = f"""
    with recursive queued (id) as (
        (select team_id from runs_run where status = 'queued' order by team_id limit 1)
        union all
        select (select team_id from runs_run where status = 'queued' and team_id > queued.id order by team_id limit 1)
        from queued where id is not null
    ), teams (id, lot) as (
        select queued.id, random() from queued join teams_team on teams_team.id = queued.id where {pausing.AT_WORK}
    )
"""  # noqa: S608

_TO_RUNNING = """
    set status = 'running', worker = %s, fence = fence + 1,
        lease_until = statement_timestamp() + make_interval(secs => %s),
        started_at = coalesce(started_at, statement_timestamp()), claimed_at = statement_timestamp()
"""
# Teams take turns, drawn by lot: a claimant with one free place would else always serve the team that came first.
# It looks at more runs than it takes, since others may be taking some of them at this moment.
_CLAIM = f"""
    {QUEUED_TEAMS}, turns as (
        select run.id, row_number() over (partition by teams.id order by run.available_at) as turn, lot
        from teams cross join lateral (
            select id, available_at from runs_run
            where team_id = teams.id and status = 'queued' and trigger <> 'test'
                and available_at <= statement_timestamp()
            order by available_at limit %s + 200
        ) run
    ), due as (
        select id from turns join runs_run using (id)
        where status = 'queued'
        order by turn, lot limit %s
        for no key update of runs_run skip locked
    )
    update runs_run {_TO_RUNNING}
    from due where runs_run.id = due.id
    returning runs_run.id, team_id, case_id, fence
"""  # noqa: S608


@transaction.atomic
def claim_runs(worker: str, limit: int) -> list[Claim]:
    """Claim up to `limit` due runs for this worker, those of each team in the order in which they became due."""
    claiming = rows.Selected(_CLAIM, [limit, limit, worker, lease.seconds])
    claims = [Claim(*row) for row in rows.read(pausing.HOLD_OFF, claiming)[1]]
    for claim in claims:
        live.announce(claim.team_id, "run", claim.run_id)
    return claims


def claim_these(ids: Collection[UUID], worker: str) -> list[Claim]:
    """Claim queued runs whose rows the caller has locked."""
    statement = f"update runs_run {_TO_RUNNING} where id = any(%s) returning id, team_id, case_id, fence"
    return [Claim(*row) for row in rows.select(statement, [worker, lease.seconds, list(ids)])]


def claim_new_runs(runs: Iterable[Run], worker: str) -> None:
    """Claim runs that are about to be written for the first time."""
    for run in runs:
        run.status, run.worker, run.fence = Status.RUNNING, worker, run.fence + 1
        run.lease_until = rows.in_time(timedelta(seconds=lease.seconds))
        run.started_at = run.claimed_at = rows.NOW


_HAS_DUE = f"""
    {QUEUED_TEAMS}
    select exists (select from teams where exists (
        select from runs_run
        where team_id = teams.id and status = 'queued' and trigger <> 'test' and available_at <= statement_timestamp()
    ))
"""  # noqa: S608


# Whether there is a run to claim.
DUE = rows.Selected(_HAS_DUE)


def has_due() -> bool:
    [[(has,)]] = rows.read(DUE)
    return bool(has)


_MINE = "id = %s and fence = %s and status = 'running'"


def lock(claim: Claim) -> Run:
    """Return the claim's run, locked until the transaction ends. Raise LostRun when it is another's."""
    if run := rows.fetch_first(Run, f"where {_MINE} for no key update", [claim.run_id, claim.fence]):
        return run
    raise LostRun


def change_run(claim: Claim, **changes: Any) -> None:
    """Write to the claim's run, and so lock it until the transaction ends. Raise LostRun when it is another's."""
    if not rows.update_where(Run, changes, _MINE, [claim.run_id, claim.fence]):
        raise LostRun


_RENEW = """
    update runs_run set lease_until = statement_timestamp() + make_interval(secs => %s)
    where id = any(%s) and worker = %s and status = 'running'
    returning id, team_id, case_id, fence
"""


def renew(worker: str, claims: Iterable[Claim]) -> set[Claim]:
    """Renew all these leases in one statement, and return which of them the worker still holds.

    Only claims that the worker knows of are renewed: one whose answer got lost on the way must lapse.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, [lease.seconds, [claim.run_id for claim in claims], worker])
        return {Claim(*row) for row in cursor.fetchall()}


# By the database's clock, as every other look at a lease.
_NEXT_LAPSE = (
    "select extract(epoch from min(lease_until) - statement_timestamp()) from runs_run where status = 'running'"
)


def next_lapse() -> float:
    """Return the seconds until the first lease ends, if it is not renewed before. Infinite when nobody holds one."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_LAPSE)
        seconds = cursor.fetchone()[0]
    return float("inf") if seconds is None else float(seconds)


def lapsed() -> QuerySet[Run]:
    """Return the running runs whose worker has not renewed their lease in time."""
    return Run.objects.running().filter(lease_until__lt=Now())


def lock_both(claim: Claim) -> tuple[Run, Case | None]:
    """Lock the claim's case and run, in that order. Raise LostRun when either is no longer the claim's."""
    [found] = rows.read(both(claim))
    return locked(found)


def both(claim: Claim) -> rows.Joined:
    """Return the statement of `lock_both`, to be read together with other things. See `locked`."""
    if claim.case_id is None:
        return rows.Joined(_ALONE, [claim.run_id, claim.fence], {"run": Run})
    return rows.Joined(_BOTH, [claim.run_id, claim.fence], {"run": Run, "the_case": Case})


def locked(found: Sequence[tuple[Any, ...]]) -> tuple[Run, Case | None]:
    if not found:
        raise LostRun
    [(run, *case)] = found
    return run, case[0] if case else None


_ALONE = f"from runs_run run where {_MINE} for no key update"


# Locked in the order in which they are named.
_BOTH = """
    from cases_case the_case join runs_run run on run.case_id = the_case.id and run.case_fence = the_case.fence
    where run.id = %s and run.fence = %s and run.status = 'running'
    for no key update of the_case, run
"""
