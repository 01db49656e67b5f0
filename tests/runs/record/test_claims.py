"""Claims, leases and fences, with real connections side by side where it matters."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from cases.models import Reason
from runs.engine import completion
from runs.models import Run, Status, Step
from runs.opening import opening
from runs.record import claims, outcomes, steps
from runs.record.claims import LostRun, claim_runs
from runs.workers import clock, dispatcher, lost_runs
from tests.driving import finish
from tests.fixtures import events, take


@pytest.mark.django_db
def test_a_claim_leases_the_run_and_raises_its_fence(make_run) -> None:
    run = make_run()
    [claim] = claim_runs("w/1", 5)
    run.refresh_from_db()
    assert (run.status, run.worker, run.fence, claim.fence) == (Status.RUNNING, "w/1", 1, 1)
    assert run.lease_until > timezone.now()
    assert run.started_at


@pytest.mark.django_db
def test_the_second_delivery_of_a_bell_finds_nothing(make_run) -> None:
    make_run()
    assert len(claim_runs("w/1", 5)) == 1
    assert claim_runs("w/2", 5) == []


@pytest.mark.django_db
def test_a_run_that_waits_for_a_retry_is_not_claimed_before_its_time(make_run) -> None:
    make_run(available_at=timezone.now() + timedelta(minutes=1))
    due = make_run(available_at=timezone.now() - timedelta(minutes=1))
    assert [claim.run_id for claim in claim_runs("w/1", 5)] == [due.pk]


@pytest.mark.django_db
def test_teams_take_turns_and_each_ones_runs_go_in_their_order(make_run, make_agent, make_team) -> None:
    agent, stranger = make_agent(), make_agent(of=make_team())
    ours = [make_run(agent).pk for _ in range(10)]
    theirs = [make_run(stranger).pk for _ in range(2)]
    first = {claim.run_id for claim in claim_runs("w/1", 4)}
    assert first == {*ours[:2], *theirs}
    assert {claim.run_id for claim in claim_runs("w/1", 4)} == set(ours[2:6])


@pytest.mark.django_db
def test_a_zombie_worker_writes_nothing(make_run, make_case, make_agent, queue) -> None:
    agent = make_agent(queue=queue)
    case = make_case(assignee=agent)
    [old] = take("w/1")
    zombie = opening.open_work(old)
    steps.flush(zombie)
    lost_runs.take_back_from("w/1")
    [new] = take("w/2")
    assert new.fence > old.fence
    for write in (
        lambda: steps.append(zombie, steps.note("late", "late")),
        lambda: finish(old, outcomes.CaseCompleted("late")),
        lambda: completion.give_back(old),
    ):
        with pytest.raises(LostRun):
            write()
    completion.note_refusal(old)
    assert Run.objects.get(pk=new.run_id).steps.count() == 1
    assert events(case)[-1] == "stale_write_refused"
    finish(new, outcomes.CaseCompleted("in time"))


@pytest.mark.django_db
def test_a_dead_workers_runs_go_on_elsewhere_until_they_are_lost_too_often(make_case, make_agent, queue) -> None:
    case = make_case(assignee=make_agent(queue=queue))
    for loss in (1, 2):
        [claim] = take("w/1")
        lost_runs.take_back_from("w/1")
        assert Run.objects.get(pk=claim.run_id).losses == loss
    assert not take("w/1"), "a run with which one worker after another is lost waits a little"
    Run.objects.update(available_at=timezone.now())
    take("w/1")
    lost_runs.take_back_from("w/1")
    case.refresh_from_db()
    assert (case.status, case.reason) == ("needs_input", Reason.RUN_LOST)


@pytest.mark.django_db
def test_a_lapsed_lease_is_taken_back_by_the_databases_clock(make_run, settings) -> None:
    settings.BATON_LEASE_SECONDS = -1
    run = make_run()
    claim_runs("w/1", 1)
    clock.sweep()
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.QUEUED, 1)


@pytest.mark.django_db
def test_one_statement_renews_all_leases_of_a_worker(make_run, settings, django_assert_num_queries) -> None:
    settings.BATON_LEASE_SECONDS = 1
    for _ in range(3):
        make_run()
    mine = claim_runs("w/1", 2)
    [others] = claim_runs("w/2", 1)
    assert claims.renew("w/1", [others]) == set()
    settings.BATON_LEASE_SECONDS = 100
    with django_assert_num_queries(1):
        assert claims.renew("w/1", mine) == set(mine)
    soon = timezone.now() + timedelta(seconds=50)
    assert Run.objects.filter(lease_until__gt=soon, worker="w/1").count() == 2
    assert Run.objects.filter(lease_until__lt=soon, worker="w/2").count() == 1


def side_by_side[T](act: Callable[[int], T], times: int) -> list[T]:
    """The results of `act(number)`, called at once on as many threads, each with a connection of its own."""
    start = threading.Barrier(times)

    def one(number: int) -> T:
        try:
            start.wait()
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@pytest.mark.django_db(transaction=True)
def test_only_one_worker_gets_the_run(make_run) -> None:
    runs = [make_run().pk for _ in range(40)]
    taken = side_by_side(lambda number: [claim.run_id for claim in claim_runs(f"w/{number}", 20)], 6)
    assert Counter(run for part in taken for run in part) == Counter(runs)


@pytest.mark.django_db(transaction=True)
def test_concurrency_is_never_exceeded_by_dispatchers_side_by_side(make_case, make_agent, queue) -> None:
    agent = make_agent(queue=queue, concurrency=3)
    cases = [make_case() for _ in range(12)]
    given = side_by_side(lambda number: dispatcher.dispatch(10), 6)
    assert sum(given) == 3 == Run.objects.filter(agent=agent, status=Status.QUEUED).count()
    assert sum(case.runs.count() for case in cases) == 3


@pytest.mark.django_db(transaction=True)
def test_of_many_endings_of_one_run_one_counts(make_run) -> None:
    run = make_run()
    [claim] = claim_runs("w/1", 1)

    def end(number: int) -> bool:
        try:
            finish(claim, outcomes.Answered(str(number)))
        except LostRun:
            return False
        return True

    assert sum(side_by_side(end, 6)) == 1
    run.refresh_from_db()
    assert run.status == Status.COMPLETED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["renewed", "in other hands"])
def test_a_run_that_goes_on_while_the_clock_looks_is_not_lost(make_run, how) -> None:
    run = make_run()
    [claim] = claim_runs("w/1", 1)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

    is_held = threading.Event()

    def act(number: int) -> None:
        if number:
            is_held.wait()
            lost_runs.take_back(claims.lapsed())
            return
        with transaction.atomic():
            Run.objects.select_for_update().get()
            is_held.set()
            wait_until_someone_waits()
            if how == "renewed":
                assert claims.renew("w/1", [claim]) == {claim}
            else:
                lost_runs.take_back(claims.lapsed())
                assert claim_runs("w/2", 1)

    side_by_side(act, 2)
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.RUNNING, int(how != "renewed"))


def wait_until_someone_waits() -> None:
    """For a lock."""
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with connection.cursor() as cursor:
        cursor.execute(waiting)
        while not cursor.fetchone()[0]:
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(waiting)


@pytest.mark.django_db
def test_a_step_number_is_given_once(make_run) -> None:
    run = make_run()
    [claim] = claim_runs("w/1", 1)
    work = opening.open_work(claim)
    steps.append(work, steps.note("a", "a"), steps.note("b", "b"))
    assert list(Step.objects.filter(run=run).values_list("seq", flat=True)) == [1, 2, 3]
