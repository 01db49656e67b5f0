"""People against runs, dispatchers and each other, side by side on connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from builder.models import Agent
from cases.models import Case, Kind, Queue
from cases.timeline.replay import replay
from data.errors import Refused
from runs.models import LIVE, Run
from runs.people import moves
from runs.record import outcomes
from runs.record.claims import LostRun
from runs.workers import dispatcher
from teams.audit.actors import Actor, person
from teams.models import Member
from tests.driving import finish
from tests.fixtures import Make, take

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 12


def at_once(*acts: Callable[[], object]) -> list[bool]:
    """Which of them did something."""
    start = Barrier(len(acts))

    def one(act: Callable[[], object]) -> bool:
        try:
            start.wait()
            act()
        except (LostRun, Refused):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def check(case: Case) -> Case:
    """What its events tell is what the row says, and no run works on it that should not."""
    row = Case.objects.get(pk=case.pk)
    told = replay(row.events.order_by("seq"))
    assert all(told[name] == getattr(row, name) for name in ("status", "reason", "assignee_id", "taken_by", "hops"))
    live = Run.objects.filter(case=case, status__in=LIVE)
    assert live.count() == (row.status == "in_progress")
    return row


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue, concurrency=50)


def test_taking_over_against_a_completing_run_has_one_winner(
    triage: Agent, make_case: Make[Case], someone: Actor
) -> None:
    for _ in range(ROUNDS):
        case = make_case()
        [claim] = take()
        took, completed = at_once(
            partial(moves.take_over, case, someone),
            partial(finish, claim, outcomes.CaseCompleted("Done")),
        )
        row = check(case)
        assert took != completed
        assert row.status == ("needs_input" if took else "completed")


def test_completing_by_hand_against_a_completing_run_completes_once(
    triage: Agent, make_case: Make[Case], someone: Actor
) -> None:
    for _ in range(ROUNDS):
        case = make_case()
        [claim] = take()
        done = at_once(
            partial(moves.complete, case, "By hand", someone),
            partial(finish, claim, outcomes.CaseCompleted("By the agent")),
        )
        assert sum(done) == 1 == case.events.filter(kind=Kind.COMPLETED).count()
        check(case)


def test_taking_over_against_the_dispatcher_leaves_the_case_with_the_person(
    triage: Agent, make_case: Make[Case], someone: Actor
) -> None:
    for _ in range(ROUNDS):
        case = make_case()
        at_once(partial(moves.take_over, case, someone), lambda: dispatcher.dispatch(5))
        row = check(case)
        assert (row.reason, row.owner) == ("taken_over", someone.user)
        assert dispatcher.dispatch(5) == 0


def test_reassigning_against_the_dispatcher_ends_with_the_agent_that_was_chosen(
    triage: Agent, make_agent: Make[Agent], queue: Queue, make_case: Make[Case], someone: Actor
) -> None:
    billing = make_agent("Billing", queue=queue, concurrency=50)
    for _ in range(ROUNDS):
        case = make_case(assignee=triage)
        at_once(partial(moves.reassign, case, someone, billing), lambda: dispatcher.dispatch(5))
        assert check(case).assignee == billing


def test_of_two_people_who_take_a_case_over_one_gets_it(
    triage: Agent, make_case: Make[Case], someone: Actor, make_member: Make[Member]
) -> None:
    other = person(make_member().user)
    for _ in range(ROUNDS):
        case = make_case()
        mine, theirs = at_once(
            partial(moves.take_over, case, someone),
            partial(moves.take_over, case, other),
        )
        assert mine != theirs
        assert check(case).owner == (someone if mine else other).user


def test_of_two_undoings_one_counts(triage: Agent, make_case: Make[Case], someone: Actor) -> None:
    for _ in range(ROUNDS):
        case = make_case()
        seq = moves.complete(case, "", someone).last_seq
        assert sum(at_once(*[lambda case=case, seq=seq: moves.undo(case, seq, someone)] * 2)) == 1
        assert check(case).status == "pending"
