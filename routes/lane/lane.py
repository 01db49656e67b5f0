"""The lane of tests: their runs are taken up beside those of cases, in places of their own.

A test never takes a place from a case: the claim of work leaves runs of tests alone, and this claim takes nothing else.
It takes nothing of a paused team, and no more of a language model than the team lets tests cost in a day.
"""

import time
from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from builder.models import Purpose
from builder.usage import usage
from data import rows
from routes.checks import answers, checks
from routes.models import Trial
from runs.models import Run
from runs.providers.providers import OFFLINE
from runs.record import claims
from runs.record.claims import Claim
from teams.models import Team
from teams.settings import pausing

from . import instant, leftovers

_BUDGET = "Tests have used up today’s budget. Raise the limit in Settings, or wait until tomorrow."

# Of teams at work: what an open check or a running impact waits for. What these wait for is read once and hashed: asked
# for each waiting test, it would take a second where a check has hundreds.
_NEXT = f"""
    from routes_trial trial join teams_team on teams_team.id = trial.team_id
    where trial.status = 'waiting' and {pausing.AT_WORK} and ((trial.team_id, trial.key) in (
        select result.team_id, unnest(array[result.before_key, result.after_key])
        from routes_check of join routes_checkresult result on result.check_of_id = of.id and result.verdict = ''
        where of.status in ('queued', 'running')
    ) or (trial.team_id, trial.key) in (
        select replay.team_id, replay.key
        from routes_impact impact join routes_impactcase replay on replay.impact_id = impact.id
        where impact.status = 'running'
    ))
"""  # noqa: S608 - made of what stands here
_AGAIN = f"""
    from runs_run run join teams_team on teams_team.id = run.team_id
    where run.status = 'queued' and run.trigger = 'test' and run.available_at <= statement_timestamp()
        and {pausing.AT_WORK}
"""


# Looking for what is to be forgotten reads all results of checks, and the clock ticks each second.
_FORGETS_SECONDS = 600


class _Lane:
    """What the shifts and the clock ask for."""

    _forgets_at = 0.0

    def has_due(self) -> bool:
        [(has,)] = rows.select(f"select exists (select {_NEXT}) or exists (select {_AGAIN})")
        return bool(has)

    def claim(self, worker: str, limit: int) -> list[Claim]:
        """Runs of tests for this worker: first those that were given back or are to be retried, then new ones. What
        needs no run is answered at once.
        """
        if limit <= 0:
            return []
        instant.answer(_NEXT, limit)
        return self._claim(worker, limit)

    @transaction.atomic
    def _claim(self, worker: str, limit: int) -> list[Claim]:
        rows.read(pausing.HOLD_OFF)
        found = self._again(worker, limit)
        return found + self._new(worker, limit - len(found))

    def settle(self, run_ids: Collection[UUID]) -> None:
        answers.settle(run_ids)

    def sweep(self) -> None:
        checks.sweep()
        if time.monotonic() >= self._forgets_at:
            self._forgets_at = time.monotonic() + _FORGETS_SECONDS
            leftovers.forget(timezone.now())

    def _again(self, worker: str, limit: int) -> list[Claim]:
        statement = f"{_AGAIN} order by run.available_at limit %s for no key update of run skip locked"
        ids = [run.pk for (run,) in rows.join(statement, [limit], run=Run)]
        return claims.claim_these(ids, worker) if ids else []

    def _new(self, worker: str, limit: int) -> list[Claim]:
        waiting = f"{_NEXT} and not {instant.IS_INSTANT}"
        statement = f"{waiting} order by trial.created_at, trial.id limit %s for update of trial skip locked"
        taken: list[Trial] = [trial for (trial,) in rows.join(statement, [limit], trial=Trial)]
        allowed = _within_budget(taken)
        runs = [_run_of(trial) for trial in allowed]
        if not runs:
            return []
        claims.claim_new_runs(runs, worker)
        rows.insert(runs)
        for trial, run in zip(allowed, runs, strict=True):
            Trial.objects.filter(pk=trial.pk).update(status=Trial.Status.RUNNING, run=run)
        return [Claim.of(run) for run in runs]


LANE = _Lane()


def _run_of(trial: Trial) -> Run:
    told: dict[str, Any] = trial.question["told"]
    sample: dict[str, Any] = trial.question["sample"]
    own = {"name": told["agent"]["name"], "description": told["agent"]["description"]}
    return Run(
        team_id=trial.team_id,
        agent_id=trial.agent_id,
        revision_id=UUID(trial.question["revision"]),
        queue_id=UUID(told["queue"]) if told["queue"] else None,
        input=sample.get("text", ""),
        trigger=Run.Trigger.TEST,
        sample={**sample, "own": own, "instructions": told["instructions"], "purpose": trial.question.get("purpose")},
        targets=told["targets"],
    )


def _within_budget(trials: Collection[Trial]) -> list[Trial]:
    """Those that cost nothing, and those of teams that may spend more today. The others end untested."""
    costly = {trial.team_id for trial in trials if _costs(trial)}
    spent = _spent(costly)
    over = {team.pk for team in Team.objects.filter(pk__in=costly) if spent.get(team.pk, 0) >= team.test_usd_per_day}
    left: list[Trial] = []
    refused: list[Trial] = []
    for trial in trials:
        is_over = trial.team_id in over and _costs(trial)
        (refused if is_over else left).append(trial)
    for trial in refused:
        answers.give_up(trial, _BUDGET)
    return left


def _costs(trial: Trial) -> bool:
    """Whether it counts against the budget of tests. What an impact may cost was confirmed."""
    return bool(trial.question["told"]["model"] != OFFLINE) and trial.question.get("purpose") != Purpose.IMPACT


def _spent(team_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    found: dict[UUID, Decimal] = {}
    teams = Team.objects.filter(pk__in=team_ids)
    for (team_id, _), dollars in usage.spent_today(teams, [Purpose.TEST]).items():
        found[team_id] = found.get(team_id, Decimal(0)) + dollars
    return found
