"""Answers: what is asked of models, each question as often as it is to be asked, and what came of it.

An answer is kept under the key of its question, for all who wait for it.
"""

from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from builder.agents.saving import freeze_for_tests
from builder.models import Agent, Purpose
from runs.engine import trials
from runs.models import ENDED, Run
from runs.providers.providers import OFFLINE

from .models import Check, Trial, Verdict
from .questions import Question

_MANY = 500


def ask(team_id: UUID, wanted: Iterable[Question], purpose: Purpose = Purpose.TEST) -> None:
    """Write the trials that are not known yet; those that could not be asked before are asked again."""
    by_key = {question.key: question for question in wanted}
    rows: list[Trial] = []
    revisions: dict[tuple[UUID, str, str, str], str] = {}
    known: dict[str, set[int]] = {}
    for key, number in Trial.objects.filter(team=team_id, key__in=by_key).values_list("key", "number"):
        known.setdefault(key, set()).add(number)
    agents = Agent.objects.in_bulk({question.agent_id for question in by_key.values()})
    for question in by_key.values():
        numbers = set(range(1, question.times + 1)) - known.get(question.key, set())
        if numbers:
            told = question.told
            place = (question.agent_id, told["aop"], told["model"], told["fallback"])
            makes_runs = purpose != Purpose.IMPACT or told["model"] != OFFLINE
            if makes_runs and place not in revisions:
                revisions[place] = str(freeze_for_tests(agents[question.agent_id], *place[1:]).pk)
            made = {"told": told, "sample": question.sample, "revision": revisions.get(place), "purpose": purpose}
            rows += [
                Trial(team_id=team_id, agent_id=question.agent_id, key=question.key, number=number, question=made)
                for number in sorted(numbers)
            ]
    Trial.objects.bulk_create(rows, batch_size=_MANY, ignore_conflicts=True)
    failed = Trial.objects.filter(team=team_id, key__in=by_key, status=Trial.Status.FAILED)
    failed.update(status=Trial.Status.WAITING, run=None, error="")


def waiting_for(check: Check) -> QuerySet[Trial]:
    """Return what is still to be asked for a check."""
    open_rows = check.results.filter(verdict="")
    wanted = Q(key__in=open_rows.values("before_key")) | Q(key__in=open_rows.values("after_key"))
    return Trial.objects.filter(wanted, team=check.team_id, status=Trial.Status.WAITING)


def errors(check: Check) -> dict[str, str]:
    """Return why questions of a check could not be asked, by their keys."""
    held = check.results.filter(verdict=Verdict.UNTESTED)
    wanted = Q(key__in=held.values("before_key")) | Q(key__in=held.values("after_key"))
    failed = Trial.objects.filter(wanted, team=check.team_id, status=Trial.Status.FAILED)
    return dict(failed.values_list("key", "error"))


def answered(found: Collection[tuple[UUID, str]]) -> None:
    """Tell all who wait that these are answered, by team and key. Who waits is named by ANSWER_LISTENERS."""
    for name in settings.ANSWER_LISTENERS:
        hear: Callable[[Collection[tuple[UUID, str]]], None] = import_string(name)
        hear(found)


def settle(run_ids: Collection[UUID]) -> None:
    """Note what ended runs of tests decided, and tell the checks that waited for it. Twice is once."""
    answered(_keep_decisions(run_ids))


@transaction.atomic
def _keep_decisions(run_ids: Collection[UUID]) -> set[tuple[UUID, str]]:
    """The keys that are answered now, by team."""
    found = Trial.objects.filter(run__in=run_ids, status=Trial.Status.RUNNING, run__status__in=ENDED)
    rows = found.select_related("run__handover").select_for_update(of=("self",), skip_locked=True).order_by("id")
    taken = list(rows.defer("question"))
    said = trials.answers_of([trial.run for trial in taken if trial.run])
    decided: list[Trial] = []
    for trial in taken:
        assert trial.run
        trial.decision, trial.why = said[trial.run.pk]
        if trial.decision is None:
            Trial.objects.filter(pk=trial.pk).update(status=Trial.Status.FAILED, error=_why_not(trial.run))
        else:
            trial.status, trial.question = Trial.Status.DECIDED, {}
            decided.append(trial)
    Trial.objects.bulk_update(decided, ["decision", "why", "status", "question"], batch_size=_MANY)
    return {(trial.team_id, trial.key) for trial in taken}


def give_up(trial: Trial, why: str) -> None:
    """A trial that cannot be run at all. What waits for it ends untested."""
    Trial.objects.filter(pk=trial.pk).update(status=Trial.Status.FAILED, error=why)
    answered({(trial.team_id, trial.key)})


def _why_not(run: Run) -> str:
    return (run.error or run.stopped_because or "It could not be run.")[:300]


def recover() -> None:
    """What a worker that died left undone: runs that ended unheard, and runs that were deleted."""
    running = Trial.objects.filter(status=Trial.Status.RUNNING)
    if ids := list(running.filter(run__status__in=ENDED).values_list("run", flat=True)[:_MANY]):
        settle(ids)
    running.filter(run=None).update(status=Trial.Status.WAITING)
