from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from cases.models import Case, CaseEvent, Kind, Reason, Status
from cases.work import lifecycle
from teams.audit.actors import Actor, person
from teams.models import new_id
from tests.fixtures import events

pytestmark = pytest.mark.django_db


def in_status(case: Case, status: Status) -> Case:
    """Puts the row there directly: the moves are what is tested."""
    Case.objects.filter(pk=case.pk).update(
        status=status,
        reason=Reason.QUESTION if status == Status.NEEDS_INPUT else "",
        due_at=timezone.now() if status == Status.POSTPONED else None,
    )
    return Case.objects.get(pk=case.pk)


@pytest.fixture
def verbs(make_agent, queue, someone: Actor) -> dict[Status, list[Callable[[Case], None]]]:
    """The verbs by the status they lead to."""
    agent = make_agent(queue=queue)
    about = {"agent_id": agent.pk, "run_id": new_id()}
    return {
        Status.PENDING: [
            lifecycle.release,
            lambda case: lifecycle.hand_over(case, agent, "why", "", **about),
            lambda case: (lifecycle.reopen if case.is_closed else lifecycle.reassign)(case, by=someone),
            lifecycle.due,
        ],
        Status.IN_PROGRESS: [
            lambda case: lifecycle.start(case, agent, new_id(), 1),
            lambda case: lifecycle.resume(case, "yes", by=someone, **about),
        ],
        Status.NEEDS_INPUT: [
            lambda case: lifecycle.park(case, Reason.LOOP, "why"),
            lambda case: lifecycle.ask(case, Reason.QUESTION, "what?", **about),
        ],
        Status.POSTPONED: [lambda case: lifecycle.postpone(case, timezone.now() + timedelta(hours=1), "later")],
        Status.COMPLETED: [lambda case: lifecycle.complete(case, "done")],
        Status.FAILED: [lambda case: lifecycle.fail(case, "cannot")],
    }


@pytest.mark.parametrize(("origin", "to"), list(product(Status, Status)))
def test_a_case_moves_only_as_drawn(make_case, verbs, origin: Status, to: Status) -> None:
    for verb in verbs[to]:
        case = in_status(make_case(), origin)
        before = events(case)
        if to in lifecycle.MOVES[origin]:
            verb(case)
            row = Case.objects.get(pk=case.pk)
            assert (row.status, row.fence) == (to, case.fence)
            assert row.events.last().status == to
        else:
            with pytest.raises(lifecycle.IllegalMove):
                verb(case)
            assert Case.objects.get(pk=case.pk).status == origin
            assert events(case) == before


def test_every_move_raises_the_fence_and_leaves_one_event(make_case) -> None:
    case = make_case()
    lifecycle.complete(lifecycle.lock(case.pk), "done")
    lifecycle.reopen(lifecycle.lock(case.pk), by=Actor("someone"))
    case.refresh_from_db()
    assert (case.fence, case.last_seq) == (2, 3)
    assert list(case.events.values_list("seq", flat=True)) == [1, 2, 3]


def test_closed_cases_open_only_by_a_person_or_the_api(make_case) -> None:
    for closed in (Status.COMPLETED, Status.FAILED):
        assert lifecycle.MOVES[closed] == {Status.PENDING}


def test_a_person_resets_the_hops(make_case, someone: Actor) -> None:
    case = make_case()
    case.hops = 5
    case.save()
    lifecycle.park(case, Reason.HOP_LIMIT, "")
    lifecycle.reassign(case, by=someone)
    assert Case.objects.get(pk=case.pk).hops == 0


def test_postponed_cases_come_back_when_they_are_due_and_go_first(make_case) -> None:
    late, early = make_case(), make_case()
    lifecycle.postpone(late, timezone.now() + timedelta(hours=1), "")
    lifecycle.postpone(early, timezone.now() - timedelta(seconds=1), "")
    assert lifecycle.wake_due_cases() == 1
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.status, early.rank, early.due_at) == (Status.PENDING, Case.Rank.DUE, None)
    assert late.status == Status.POSTPONED


def test_the_timeline_is_append_only_in_the_database(make_case) -> None:
    event = make_case().events.get()
    for change in (
        lambda: CaseEvent.objects.filter(pk=event.pk).update(text="other"),
        lambda: CaseEvent.objects.filter(pk=event.pk)._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_an_event_number_is_given_once(make_case) -> None:
    case = make_case()
    with pytest.raises(IntegrityError, match="one_event_per_seq"), transaction.atomic():
        CaseEvent.objects.create(team_id=case.team_id, case=case, seq=1, kind=Kind.UPDATED, status=case.status)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "elsewhere"},
        {"status": "needs_input", "reason": ""},
        {"status": "needs_input", "reason": "because"},
        {"status": "pending", "reason": "loop"},
        {"status": "postponed", "due_at": None},
    ],
)
def test_the_database_refuses_states_without_meaning(make_case, changes: dict[str, object]) -> None:
    case = make_case()
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(**changes)


def test_the_actor_is_kept(make_case, member) -> None:
    case = make_case()
    lifecycle.complete(case, "done", by=person(member.user))
    event = case.events.last()
    assert (event.user, event.actor) == (member.user, str(member.user))
