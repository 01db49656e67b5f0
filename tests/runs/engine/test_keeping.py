"""A case that is handed over stays with the worker that has it, where that passes nobody over."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.utils import timezone
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pytest_django.fixtures import Settings

from builder.agents.agents import pause_agent, save_agent
from builder.models import Agent, QueueConnection
from builder.usage import usage
from builder.usage.limits import change_budget
from builder.usage.usage import Amount
from cases.models import Case, Queue
from cases.queues import queues
from runs.engine import keeping, turns
from runs.engine.keeping import Keeping, Place
from runs.models import Run, Status
from runs.opening import opening
from runs.people import moves
from runs.record import steps
from runs.record.claims import Claim, LostRun
from runs.record.steps import Work
from runs.workers import shift
from teams.audit.actors import Actor
from teams.models import Team
from teams.settings import pausing
from teams.settings.budgets import Budget
from tests.fixtures import Make, events, mention, take
from tests.provider import Provider, router

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing Specialist", aop="Refund it.", queue=queue)


@pytest.fixture
def work(make_agent: Make[Agent], make_case: Make[Case], billing: Agent, queue: Queue) -> Work:
    """Triage has the case, and may hand it over to Billing."""
    triage = make_agent("Triage", mentions=[billing], queue=queue)
    make_case("I want a refund", assignee=triage)
    [claim] = take("w/1")
    return opening.open_work(claim)


def place(work: Work, *, is_spare: bool = True, look: Callable[[], None] = lambda: None) -> Place:
    return Place("w/1", work.claim, lambda: True, lambda: is_spare, look)


def hand_over(work: Work, where: Place | None = None) -> Keeping | bool:
    """To Billing, in a turn of its own."""
    arguments = {"target": "billing-specialist", "reason": "Money", "note": "Twice"}
    response = ModelResponse([ToolCallPart("request_handover", arguments)], model_name="scripted")
    steps.receive(work, response, "openai-chat:scripted")
    return async_to_sync(turns.take_turn)(work, response, where or place(work))


def test_the_target_begins_in_the_transaction_of_the_handover(work: Work, billing: Agent) -> None:
    here = place(work)
    kept = hand_over(work, here)
    assert isinstance(kept, Keeping) and kept.work
    run = Run.objects.get(agent=billing)
    assert (run.status, run.worker, run.trigger, run.fence) == (Status.RUNNING, "w/1", Run.Trigger.HANDOVER, 1)
    assert run.lease_until and run.lease_until > timezone.now()
    assert here.claim == kept.claim == Claim.of(run)
    assert work.case
    assert events(work.case) == ["created", "started", "handed_over", "started"]
    case = Case.objects.get(pk=work.case.pk)
    assert (case.status, case.assignee_id, case.hops, run.case_fence) == ("in_progress", billing.pk, 1, case.fence)
    assert QueueConnection.objects.get(agent=billing).last_given_at
    assert take() == []


def test_the_target_sees_what_it_would_see_through_the_dispatcher(work: Work) -> None:
    kept = hand_over(work)
    assert isinstance(kept, Keeping) and kept.work and kept.claim
    again = opening.open_work(kept.claim)
    assert again.handed_over_at == kept.work.handed_over_at
    assert (again.targets, again.may_hand_over, again.produces) == (kept.work.targets, True, kept.work.produces)
    one, other = kept.work.steps[0].data, again.steps[0].data
    assert one["instructions"] == other["instructions"]
    assert "Triage" in one["prompt"] and "Money" in one["prompt"]
    told = [data["prompt"].replace(data["mark"], "mark").partition("\n\n")[2] for data in (one, other)]
    assert told[0] == told[1]


def _due_run(work: Work, make_run: Make[Run], **_: object) -> None:
    make_run()


def _paused_team(work: Work, **_: object) -> None:
    pausing.pause_team(Team.objects.get(pk=work.run.team_id))


def _paused_installation(work: Work, **_: object) -> None:
    pausing.pause_everything()


def _paused_queue(work: Work, queue: Queue, **_: object) -> None:
    queues.pause_queue(queue)


def _paused_target(work: Work, billing: Agent, **_: object) -> None:
    pause_agent(billing)


def _target_at_its_limit(work: Work, billing: Agent, make_case: Make[Case], **_: object) -> None:
    QueueConnection.objects.filter(agent=billing).update(concurrency=1)
    make_case(assignee=billing)
    assert len(take("w/2")) == 1


def _overspent(work: Work, billing: Agent, **_: object) -> None:
    change_budget(billing, Budget(usd_per_day=1))
    usage.add(Agent.objects.select_related("team").get(pk=billing.pk), "m", Amount(cost_usd=Decimal(2)))


def _blocked_target(work: Work, billing: Agent, make_agent: Make[Agent], **_: object) -> None:
    gone = make_agent("Gone")
    save_agent(billing, aop=mention("Ask", gone))
    Agent.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())


def _earlier_case(work: Work, billing: Agent, make_case: Make[Case], **_: object) -> None:
    Case.objects.filter(pk=make_case(assignee=billing).pk).update(rank=Case.Rank.DUE)


OBSTACLES: dict[str, Callable[..., None]] = {
    "a run waits to be claimed": _due_run,
    "the team is paused": _paused_team,
    "everything is paused": _paused_installation,
    "the queue is paused": _paused_queue,
    "the target is paused": _paused_target,
    "the target has no room": _target_at_its_limit,
    "the target has spent what it may": _overspent,
    "the target mentions a deleted agent": _blocked_target,
    "another case comes first": _earlier_case,
}


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES)
def test_where_one_would_be_passed_over_the_case_goes_through_the_dispatcher(
    obstacle: Callable[..., None],
    work: Work,
    billing: Agent,
    queue: Queue,
    make_run: Make[Run],
    make_case: Make[Case],
    make_agent: Make[Agent],
) -> None:
    obstacle(work, billing=billing, queue=queue, make_run=make_run, make_case=make_case, make_agent=make_agent)
    assert hand_over(work) is True
    assert work.case
    case = Case.objects.get(pk=work.case.pk)
    assert (case.status, case.assignee_id, case.rank) == ("pending", billing.pk, Case.Rank.HANDED_OVER)
    assert not case.runs.live().exists()


def test_a_new_case_does_not_come_before_one_that_is_handed_over(
    work: Work, billing: Agent, make_case: Make[Case]
) -> None:
    make_case("Urgent", assignee=billing, priority=Case.Priority.HIGH)
    assert isinstance(hand_over(work), Keeping)


@pytest.mark.parametrize("is_spare", [True, False])
def test_the_only_place_goes_to_another_team_whose_case_waits(
    is_spare: bool,
    work: Work,
    make_team: Make[Team],
    make_queue: Make[Queue],
    make_agent: Make[Agent],
    make_case: Make[Case],
) -> None:
    theirs = make_queue(of=make_team())
    make_agent(of=theirs.team, queue=theirs)
    make_case(in_queue=theirs)
    assert isinstance(hand_over(work, place(work, is_spare=is_spare)), Keeping) == is_spare


@pytest.mark.parametrize("is_spare", [True, False])
def test_the_only_place_goes_to_an_earlier_case_of_the_queue_even_if_it_is_for_another_agent(
    is_spare: bool, work: Work, queue: Queue, make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    refunds = make_agent("Refund Specialist", queue=queue)
    Case.objects.filter(pk=make_case(assignee=refunds).pk).update(rank=Case.Rank.DUE)
    assert isinstance(hand_over(work, place(work, is_spare=is_spare)), Keeping) == is_spare


@pytest.mark.parametrize(("concurrency", "waits", "looks"), [(1, True, 1), (1, False, 0), (2, True, 0)], ids=str)
def test_work_is_looked_for_when_the_first_agent_has_room_again_for_a_case_that_waits(
    concurrency: int, waits: bool, looks: int, work: Work, make_case: Make[Case]
) -> None:
    QueueConnection.objects.filter(agent=work.agent).update(concurrency=concurrency)
    if waits:
        make_case(assignee=work.agent)
    asked: list[bool] = []
    assert isinstance(hand_over(work, place(work, look=lambda: asked.append(True))), Keeping)
    assert len(asked) == looks


@pytest.mark.parametrize("is_spare", [True, False])
def test_other_cases_of_the_team_wait_for_their_turn(is_spare: bool, work: Work, make_case: Make[Case]) -> None:
    make_case()
    assert isinstance(hand_over(work, place(work, is_spare=is_spare)), Keeping)


def _hold_queue(work: Work) -> None:
    assert work.case
    Queue.objects.select_for_update(no_key=True).get(pk=work.case.queue_id)


def _pause(work: Work) -> None:
    pausing.pause_team(Team.objects.get(pk=work.run.team_id))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [_hold_queue, _pause])
def test_nobody_waits_for_a_dispatcher_or_a_pause(act: Callable[[Work], None], work: Work) -> None:
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            act(work)
            is_held.set()
            may_end.wait(30)
            transaction.set_rollback(True)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert is_held.wait(30)
        assert hand_over(work) is True
    finally:
        may_end.set()
        other.join()
    assert len(take("w/1")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_target_never_gets_more_than_its_concurrency_however_many_hand_over_to_it_at_once(
    make_agent: Make[Agent], make_case: Make[Case], billing: Agent, queue: Queue
) -> None:
    QueueConnection.objects.filter(agent=billing).update(concurrency=2)
    triage = make_agent("Triage", mentions=[billing], queue=queue)
    QueueConnection.objects.filter(agent=triage).update(concurrency=8)
    for _ in range(8):
        make_case(assignee=triage)
    works = [opening.open_work(claim) for claim in take("w/1", 8)]
    begin = threading.Barrier(len(works))

    def go(work: Work) -> None:
        begin.wait(30)
        hand_over(work)
        connection.close()

    threads = [threading.Thread(target=go, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    at_work = Run.objects.running().filter(agent=billing).count()
    assert at_work <= 2
    assert Case.objects.filter(status="pending", assignee=billing).count() == 8 - at_work


def test_a_stop_that_comes_first_keeps_the_target_from_beginning(work: Work, billing: Agent) -> None:
    moves.stop_run(work.run, Actor("Somebody"))
    with pytest.raises(LostRun):
        hand_over(work)
    assert not Run.objects.filter(agent=billing).exists()
    assert work.intended and work.intended.target == billing


def test_a_try_hands_nothing_over(make_agent: Make[Agent], queue: Queue, billing: Agent) -> None:
    triage = make_agent("Triage", mentions=[billing], queue=queue)
    run = Run.objects.create(
        team_id=triage.team_id,
        agent=triage,
        revision=triage.live_revision,
        trigger=Run.Trigger.TRY,
        available_at=timezone.now() - timedelta(seconds=1),
    )
    [claim] = take("w/1")
    assert claim.run_id == run.pk
    assert hand_over(opening.open_work(claim)) is True
    assert Run.objects.filter(agent=billing).count() == 0


# --- In a shift ------------------------------------------------------------------------------


@pytest.fixture
def desk(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    """Triage, which hands refunds over to the Billing Specialist, who completes them."""
    billing = make_agent("Billing Specialist", queue=queue)
    scripted.script = router({"refund": "billing-specialist"})
    return make_agent("Triage", mentions=[billing], queue=queue)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keeps", [True, False])
def test_a_shift_works_its_cases_to_the_end_whether_it_keeps_them_or_not(
    keeps: bool, desk: Agent, make_case: Make[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift.Shift, "keeps", keeps)
    cases = [make_case("I want a refund", assignee=desk) for _ in range(7)]
    async_to_sync(shift.Shift("w/1", places=3, linger=0).run)()
    for case in cases:
        assert events(case) == ["created", "started", "handed_over", "started", "completed"]
        assert [run.fence for run in case.runs.all()] == [1, 1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("cases", "rings"), [(2, 0), (3, 1)])
def test_a_shift_that_fills_its_places_lets_others_look(
    cases: int, rings: int, desk: Agent, make_case: Make[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it goes on with rings no bell, and many cases may have come with one ring."""
    for _ in range(cases):
        make_case("I want a refund", assignee=desk)
    rung: list[bool] = []
    monkeypatch.setattr(shift, "ring_now", lambda: rung.append(True))
    async_to_sync(shift.Shift("w/1", places=3, linger=0).run)()
    assert len(rung) == rings


@pytest.mark.django_db(transaction=True)
def test_a_renewal_ends_no_task_that_has_gone_on_with_another_claim(
    desk: Agent, scripted: Provider, make_case: Make[Case], settings: Settings
) -> None:
    settings.BATON_LEASE_SECONDS = 0.4  # renewed every 0.1 s
    answer = scripted.script
    scripted.script = lambda request: replace(answer(request), delay=0.5)
    case = make_case("I want a refund", assignee=desk)
    async_to_sync(shift.Shift("w/1", places=1, linger=0).run)()
    assert events(case) == ["created", "started", "handed_over", "started", "completed"]
    assert [run.losses for run in case.runs.all()] == [0, 0]


@pytest.mark.django_db(transaction=True)
def test_a_claim_that_took_the_place_of_one_that_was_cut_off_is_given_back(
    desk: Agent, scripted: Provider, make_case: Make[Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shift ends its task while the handover is on its way to the database."""
    monkeypatch.setattr(shift, "LEAVE_SECONDS", 0)
    case = make_case("I want a refund", assignee=desk)
    worker = shift.Shift("w/1", places=1, linger=0)
    loop: list[asyncio.AbstractEventLoop] = []
    committed = keeping.Keeping.open

    def open_late(kept: Keeping, source: Work) -> None:
        loop[0].call_soon_threadsafe(worker.leave)
        time.sleep(0.2)  # until the task has been cancelled
        committed(kept, source)

    async def run() -> None:
        loop.append(asyncio.get_running_loop())
        await worker.run()

    monkeypatch.setattr(keeping.Keeping, "open", open_late)
    async_to_sync(run)()
    run_of_target = case.runs.get(agent__name="Billing Specialist")
    assert (run_of_target.status, run_of_target.losses, run_of_target.worker) == (Status.QUEUED, 0, "")
