"""While work is paused nothing starts, and no run asks its model again."""

import asyncio
import threading
import time

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, transaction

from data.errors import Refused
from runs.models import Run, Status
from runs.people import starting
from runs.record import claims
from runs.trying import trying
from runs.workers import clock, dispatcher, shift
from teams.audit.actors import BATON
from teams.settings import pausing
from tests.fixtures import take
from tests.provider import call
from tests.runs.record.test_claims import side_by_side


@pytest.mark.django_db
@pytest.mark.parametrize("everything", [False, True])
def test_nothing_is_given_out_or_claimed_and_other_teams_go_on(
    team, make_team, make_run, make_agent, make_case, queue, everything: bool
) -> None:
    agent = make_agent(queue=queue)
    case, run = make_case(), make_run(agent)
    stranger = make_run(make_agent(of=make_team()))
    if everything:
        pausing.pause_everything()
    else:
        pausing.pause_team(team)
    assert [claim.run_id for claim in take(limit=10)] == ([] if everything else [stranger.pk])
    assert not clock.has_due_work(), "or the bell would ring each second"
    assert not dispatcher.dispatch_queue(queue.pk, 10)
    case.refresh_from_db()
    assert case.status == "pending"
    if everything:
        pausing.resume_everything()
    else:
        pausing.resume_team(team)
    assert clock.has_due_work()
    found = {claim.run_id for claim in take(limit=10)}
    assert {run.pk, case.runs.get().pk} <= found


@pytest.mark.django_db
def test_runs_and_tries_by_hand_are_refused(team, make_agent) -> None:
    agent = make_agent()
    pausing.pause_team(team)
    for start in (
        lambda: starting.start_run(agent, by=BATON, trigger=Run.Trigger.MANUAL),
        lambda: trying.try_agent(agent, by=BATON, text="Hello"),
    ):
        with pytest.raises(Refused) as refusal:
            start()
        assert refusal.value.code == "paused"


@pytest.mark.django_db(transaction=True)
def test_nothing_starts_after_a_pause_was_committed(team, make_run, make_agent, make_case, queue) -> None:
    """Claimants and dispatchers go round as fast as they can while someone pauses and resumes."""
    agent = make_agent(queue=queue, concurrency=1000)
    over = threading.Event()
    seen: list[int] = []

    def started() -> int:
        return Run.objects.exclude(status=Status.QUEUED).count() + 10_000 * Run.objects.exclude(case=None).count()

    def act(number: int) -> None:
        if number == 0:
            for _ in range(15):
                for _ in range(10):
                    make_run(agent)
                    make_case()
                pausing.pause_team(team)
                before = started()
                time.sleep(0.02)
                seen.append(started() - before)
                pausing.resume_team(team)
            over.set()
        while not over.is_set():
            dispatcher.dispatch(3)
            claims.claim_runs(f"w/{number}", 3)

    side_by_side(act, 4)
    assert seen == [0] * 15
    assert started() > 10_000, "between the pauses work went on"


@pytest.mark.django_db(transaction=True)
def test_a_pause_waits_for_a_claim_that_is_not_committed(team, make_run) -> None:
    make_run()
    claimed, may_commit, order = threading.Event(), threading.Event(), []

    def act(number: int) -> None:
        if number == 0:
            with transaction.atomic():
                assert claims.claim_runs("w/1", 1)
                claimed.set()
                may_commit.wait(60)
                order.append("claimed")
        else:
            claimed.wait(60)
            threading.Timer(0.2, may_commit.set).start()
            pausing.pause_team(team)
            order.append("paused")

    side_by_side(act, 2)
    assert order == ["claimed", "paused"]


@pytest.mark.django_db(transaction=True)
def test_a_running_run_is_given_back_before_it_asks_its_model_again(
    team, make_case, make_agent, queue, scripted
) -> None:
    make_agent(queue=queue)
    case = make_case()
    asked = threading.Event()

    def script(request):
        if request.number == 1:
            asked.wait(60)
            return call("update_case", labels=["seen"])
        return call("complete_case", summary="Done")

    scripted.script = script
    work = shift.Shift("w/1", places=5, linger=0.1)

    async def go() -> None:
        task = asyncio.create_task(work.run())
        await asyncio.to_thread(scripted.wait_for_requests, 1)
        await sync_to_async(pausing.pause_team)(team)
        while not work.paused:
            await asyncio.sleep(0.01)
        asked.set()
        await task

    async_to_sync(go)()
    run = case.runs.get()
    assert (run.status, run.losses, len(scripted.requests)) == (Status.QUEUED, 0, 1)
    case.refresh_from_db()
    assert case.labels == ["seen"], "what its model had asked for was done"
    pausing.resume_team(team)
    async_to_sync(shift.Shift("w/2", places=5, linger=0.1).run)()
    case.refresh_from_db()
    assert (case.status, len(scripted.requests)) == ("completed", 2)
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pause", [pausing.pause_team, lambda team: pausing.pause_everything()], ids=["team", "all"])
def test_within_a_second_of_a_pause_no_model_is_asked_any_more(
    team, make_case, make_agent, queue, scripted, settings, pause
) -> None:
    settings.RUN_REQUEST_LIMIT = 0
    make_agent(queue=queue)
    for _ in range(3):
        make_case()
    asked: list[float] = []

    def script(request):
        asked.append(time.monotonic())
        return call("update_case", labels=[f"l{len(asked)}"])  # on and on

    scripted.script = script

    async def go() -> float:
        task = asyncio.create_task(shift.Shift("w/1", places=5, linger=0.1).run())
        await asyncio.to_thread(scripted.wait_for_requests, 6)
        await sync_to_async(pause)(team)
        paused_at = time.monotonic()
        await task
        return paused_at

    paused_at = async_to_sync(go)()
    assert asked[-1] - paused_at < 15
    assert set(Run.objects.values_list("status", "losses")) == {(Status.QUEUED, 0)}
    connection.close()
