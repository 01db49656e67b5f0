from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from runs.models import Outcome, Run, Status, Step
from runs.record import lifecycle

pytestmark = pytest.mark.django_db

VERBS: dict[str, tuple[Status, Callable[[Run], object]]] = {
    "complete": (Status.COMPLETED, lambda run: lifecycle.complete(run, Outcome.ANSWERED, "42")),
    "fail": (Status.FAILED, lambda run: lifecycle.fail(run, "code", "why")),
    "stop": (Status.STOPPED, lambda run: lifecycle.stop(run, "Why")),
    "wait": (Status.WAITING, lifecycle.wait),
    "wake": (Status.QUEUED, lifecycle.wake),
    "release": (Status.QUEUED, lifecycle.release),
    "retry_later": (Status.QUEUED, lambda run: lifecycle.retry_later(run, timedelta(seconds=1), "busy")),
    "lose": (Status.QUEUED, lifecycle.lose),
}

COMPLETE: dict[Status, dict[str, Any]] = {
    Status.RUNNING: {"lease_until": timezone.now()},
    Status.COMPLETED: {"outcome": Outcome.ANSWERED},
    Status.FAILED: {"error_code": "code"},
}


def in_status(run: Run, status: Status) -> Run:
    """Puts the row there directly: the moves are what is tested."""
    Run.objects.filter(pk=run.pk).update(status=status, **COMPLETE.get(status, {}))
    return Run.objects.get(pk=run.pk)


@pytest.mark.parametrize(("origin", "verb"), list(product(Status, VERBS)))
def test_a_run_moves_only_as_drawn(make_run, origin: Status, verb: str) -> None:
    to, act = VERBS[verb]
    run = in_status(make_run(), origin)
    if to in lifecycle.MOVES[origin]:
        act(run)
        assert Run.objects.get(pk=run.pk).status == to
    else:
        with pytest.raises(lifecycle.IllegalMove):
            act(run)
        assert Run.objects.get(pk=run.pk).status == origin


def test_ended_runs_are_final() -> None:
    for ended in (Status.COMPLETED, Status.FAILED, Status.STOPPED):
        assert not lifecycle.MOVES[ended]


def test_every_move_out_of_running_gives_the_lease_back(make_run) -> None:
    for verb, (_, act) in VERBS.items():
        run = in_status(make_run(), Status.RUNNING)
        if verb != "wake":
            act(run)
            run.refresh_from_db()
            assert (run.worker, run.lease_until) == ("", None)


def test_a_stop_raises_the_fence(make_run) -> None:
    run = in_status(make_run(), Status.RUNNING)
    lifecycle.stop(run, "Someone stopped it.")
    assert Run.objects.get(pk=run.pk).fence == 1


@pytest.mark.parametrize(("losses", "goes_on"), [(0, True), (1, True), (2, False)])
def test_the_third_loss_fails_the_run(make_run, losses: int, goes_on: bool) -> None:
    run = in_status(make_run(losses=losses), Status.RUNNING)
    assert lifecycle.lose(run) is goes_on
    run.refresh_from_db()
    assert (run.status, run.error_code) == ((Status.QUEUED, "") if goes_on else (Status.FAILED, "run_lost"))


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "elsewhere"},
        {"status": "running"},
        {"status": "completed"},
        {"status": "failed"},
        {"outcome": "answered"},
        {"lease_until": timezone.now()},
    ],
)
def test_the_database_refuses_states_without_meaning(make_run, changes: dict[str, object]) -> None:
    run = make_run()
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(**changes)


def test_a_case_has_one_live_run(make_run, make_case) -> None:
    case = make_case()
    make_run(case=case)
    with pytest.raises(IntegrityError, match="one_live_run_per_case"), transaction.atomic():
        make_run(case=case)


def test_steps_are_append_only_in_the_database(make_run) -> None:
    run = make_run()
    Step.objects.create(team_id=run.team_id, run=run, seq=1, kind=Step.Kind.NOTE, data={})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run.steps.update(data={"other": True})
