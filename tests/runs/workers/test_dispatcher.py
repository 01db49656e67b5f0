from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent, resume_agent, save_agent
from builder.agents.connections import Consumes, connect
from cases.models import Case, Status
from cases.queues.queues import pause_queue, resume_queue, save_queue
from cases.work import lifecycle
from data.errors import Refused
from runs.models import Run
from runs.models import Status as RunStatus
from runs.record import claims, outcomes
from runs.workers import clock, dispatcher
from teams.models import new_id
from tests.driving import finish
from tests.fixtures import events, take

pytestmark = pytest.mark.django_db


def test_order_is_due_then_handed_over_then_priority_then_oldest(make_case, make_agent, queue) -> None:
    old, new = make_case("old"), make_case("new")
    medium, high = make_case("medium", priority=1), make_case("high", priority=2)
    handed, due = make_case("handed over"), make_case("due")
    target = make_agent(queue=queue, concurrency=1)
    lifecycle.start(handed, target, new_id(), 1)
    lifecycle.hand_over(handed, target, "why", "", agent_id=target.pk, run_id=new_id())
    lifecycle.postpone(due, timezone.now() - timedelta(seconds=1), "")
    lifecycle.wake_due_cases()
    found = []
    while taken := take():
        finish(taken[0], outcomes.CaseCompleted("done"))
        found.append(Case.objects.get(runs=taken[0].run_id))
    assert found == [due, handed, high, medium, old, new]


def test_a_claim_is_one_case_one_run_and_one_event(make_case, make_agent, queue) -> None:
    agent = make_agent(queue=queue)
    case = make_case()
    assert dispatcher.dispatch(5) == 1
    case.refresh_from_db()
    run = case.runs.get()
    assert (case.status, case.assignee, run.agent, run.case_fence) == (Status.IN_PROGRESS, agent, agent, case.fence)
    assert events(case) == ["created", "started"]
    assert case.events.last().data == {"agent_name": agent.name, "revision": 1}


def test_who_dispatches_has_claimed_what_it_gave_out(make_case, make_agent, queue) -> None:
    make_agent(queue=queue)
    case = make_case()
    [claim] = dispatcher.dispatch_and_claim("w/1", 5)
    run = case.runs.get()
    assert (claim.run_id, claim.fence, run.worker, run.status) == (run.pk, run.fence, "w/1", RunStatus.RUNNING)
    assert run.lease_until and run.claimed_at == run.started_at
    assert claims.renew("w/1", [claim]) == {claim}


def test_what_is_claimed_is_not_forgotten_when_the_next_queue_fails(make_case, make_agent, make_queue, queue) -> None:
    agent, other = make_agent(queue=queue), make_queue()
    connect(agent, [Consumes(queue.pk, 1), Consumes(other.pk, 1)], [])
    make_case(), make_case(in_queue=other)
    with connection.cursor() as cursor:
        cursor.execute("create unique index every_second_run_fails on runs_run (team_id)")
    [claim] = dispatcher.dispatch_and_claim("w/1", 5)
    assert claims.renew("w/1", [claim]) == {claim}
    with pytest.raises(IntegrityError):
        dispatcher.dispatch_and_claim("w/1", 5)


def test_what_waits_to_be_claimed_is_not_passed_by_what_is_given_out(make_case, make_agent, make_run, queue) -> None:
    agent = make_agent(queue=queue)
    make_case()
    waiting = make_run(agent)
    assert [claim.run_id for claim in dispatcher.dispatch_and_claim("w/1", 1)] == [waiting.pk]


def test_an_assigned_case_waits_for_its_assignee(make_case, make_agent, queue) -> None:
    mine, other = make_agent(queue=queue, concurrency=1), make_agent(queue=queue)
    first, second = make_case(assignee=mine), make_case(assignee=mine)
    assert dispatcher.dispatch(10) == 1
    assert not other.runs.exists()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.IN_PROGRESS, Status.PENDING)


def test_cases_behind_a_full_assignee_are_not_blocked(make_case, make_agent, queue) -> None:
    full = make_agent(queue=queue, concurrency=1)
    make_agent(queue=queue, concurrency=1)
    for _ in range(5):
        make_case(assignee=full)
    free = make_case()
    dispatcher.dispatch(10)
    assert free.runs.exists()


def test_the_least_loaded_consumer_gets_the_case_then_the_longest_idle(make_case, make_agent, queue) -> None:
    one, two = make_agent(queue=queue, concurrency=3), make_agent(queue=queue, concurrency=3)
    for _ in range(4):
        make_case()
    dispatcher.dispatch(10)
    assert (one.runs.count(), two.runs.count()) == (2, 2)


def test_a_consumer_takes_at_most_its_concurrency(make_case, make_agent, queue) -> None:
    make_agent(queue=queue, concurrency=2)
    for _ in range(5):
        make_case()
    assert [dispatcher.dispatch(10), dispatcher.dispatch(10)] == [2, 0]


def test_paused_agents_and_queues_get_nothing(make_case, make_agent, queue) -> None:
    agent = make_agent(queue=queue)
    make_case()
    pause_agent(agent)
    assert dispatcher.dispatch(5) == 0
    resume_agent(agent)
    pause_queue(queue)
    assert dispatcher.dispatch(5) == 0
    resume_queue(queue)
    assert dispatcher.dispatch(5) == 1


def test_an_agent_whose_live_revision_mentions_a_deleted_one_gets_nothing_until_it_is_healed(
    make_case, make_agent, queue
) -> None:
    gone = make_agent("Gone", queue=queue)
    agent = make_agent("Triage", mentions=[gone], queue=queue)
    case = make_case(assignee=agent)
    delete_agent(gone)
    assert dispatcher.dispatch(5) == 0
    save_agent(agent, aop="Do it yourself.")
    assert dispatcher.dispatch(5) == 1
    case.refresh_from_db()
    assert case.status == Status.IN_PROGRESS


def test_the_work_of_a_deleted_agent_goes_back_to_the_queue(make_case, make_agent, queue) -> None:
    agent = make_agent(queue=queue, concurrency=1)
    working, waiting = make_case(assignee=agent), make_case(assignee=agent)
    [claim] = take()
    delete_agent(agent)
    clock.sweep()
    for case in (working, waiting):
        case.refresh_from_db()
        assert (case.status, case.assignee) == (Status.PENDING, None)
    assert Run.objects.get(pk=claim.run_id).status == RunStatus.STOPPED
    replacement = make_agent(queue=queue)
    assert len(take(limit=5)) == 2
    assert {case.runs.first().agent for case in (working, waiting)} == {replacement}


def test_the_clock_knows_whether_there_is_work(make_case, make_agent, queue) -> None:
    assert not clock.has_due_work()
    case = make_case()
    assert not clock.has_due_work()  # nobody consumes the queue
    agent = make_agent(queue=queue, concurrency=1)
    assert clock.has_due_work()
    dispatcher.dispatch(1)
    assert clock.has_due_work()  # a queued run
    take()
    make_case()
    assert not clock.has_due_work()  # the only consumer is at its limit
    connect(agent, [])
    assert case.runs.exists()


def test_other_teams_agents_never_get_a_case(make_case, make_agent, make_team, make_queue) -> None:
    other = make_team()
    stranger = make_agent(of=other, queue=make_queue(of=other))
    make_case()
    assert dispatcher.dispatch(5) == 0
    assert not stranger.runs.exists()


def test_teams_take_turns_however_long_one_has_waited(make_case, make_agent, make_team, make_queue, queue) -> None:
    other = make_team()
    far = make_queue(of=other)
    make_agent(queue=queue, concurrency=100)
    stranger = make_agent(of=other, queue=far, concurrency=100)
    for _ in range(20):
        make_case()
    for _ in range(3):
        make_case(in_queue=far)
    assert dispatcher.dispatch(6) == 6
    assert stranger.runs.count() == 3
    assert dispatcher.dispatch(100) == 17, "who has nothing left holds nothing up"


def test_each_of_a_teams_queues_gets_its_turn(make_case, make_agent, make_queue, queue) -> None:
    busy, other = make_agent(queue=queue, concurrency=2), make_queue()
    agent = make_agent(queue=other, concurrency=2)
    for _ in range(3):
        make_case()
        make_case(in_queue=other)
    assert dispatcher.dispatch(10) == 4
    assert (busy.runs.count(), agent.runs.count()) == (2, 2)


def test_cases_of_nobody_go_to_the_queues_first_agent_and_wait_for_it(make_case, make_agent, queue) -> None:
    first, other = make_agent(queue=queue, concurrency=1), make_agent(queue=queue)
    save_queue(queue, first_agent=first)
    cases = [make_case(), make_case()]
    assert dispatcher.dispatch(10) == 1
    assert [case.runs.count() for case in cases] == [1, 0]
    assert not other.runs.exists()


def test_a_first_agent_that_no_longer_consumes_the_queue_holds_nothing_up(make_case, make_agent, queue) -> None:
    first, other = make_agent(queue=queue), make_agent(queue=queue)
    save_queue(queue, first_agent=first)
    connect(first, [])
    make_case()
    assert dispatcher.dispatch(10) == 1
    assert other.runs.exists()


def test_a_first_agent_must_consume_the_queue(make_agent, queue) -> None:
    with pytest.raises(Refused) as refused:
        save_queue(queue, first_agent=make_agent())
    assert "first_agent_id" in refused.value.fields
