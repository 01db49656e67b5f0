"""What is possible is offered, and nothing else."""

import pytest

from cases.models import Case, Reason, Status
from cases.work.actions import interrupts, possible
from teams.models import User, new_id

ME, OTHER = User(pk=1), 2
OPEN = {"complete", "fail", "postpone"}


def case(status: Status, **fields: object) -> Case:
    return Case(status=status, **fields)


@pytest.mark.parametrize(
    ("row", "acts"),
    [
        (case(Status.PENDING), {*OPEN, "reassign", "take_over"}),
        (case(Status.IN_PROGRESS, worked_by_id=new_id()), {*OPEN, "reassign", "take_over"}),
        (
            case(Status.NEEDS_INPUT, reason=Reason.RUN_FAILED, worked_by_id=new_id()),
            {*OPEN, "reassign", "take_over", "retry"},
        ),
        (case(Status.NEEDS_INPUT, reason=Reason.QUESTION, worked_by_id=new_id()), {*OPEN, "reassign", "take_over"}),
        (case(Status.NEEDS_INPUT, reason=Reason.TAKEN_OVER, taken_by="Me", owner_id=ME.pk), {*OPEN, "hand_back"}),
        (
            case(Status.NEEDS_INPUT, reason=Reason.TAKEN_OVER, taken_by="Other", owner_id=OTHER),
            {*OPEN, "hand_back", "take_over"},
        ),
        (case(Status.POSTPONED, taken_by="Me", owner_id=ME.pk), {*OPEN, "hand_back", "take_over"}),
        (case(Status.COMPLETED), {"reopen"}),
        (case(Status.FAILED), {"reopen"}),
    ],
)
def test_menus_offer_what_the_state_allows(row: Case, acts: set[str]) -> None:
    assert possible(row, ME) == acts


def test_what_stops_a_run_or_closes_a_question_is_asked_about_first() -> None:
    assert interrupts(case(Status.IN_PROGRESS))
    assert interrupts(case(Status.NEEDS_INPUT, reason=Reason.QUESTION))
    assert not interrupts(case(Status.PENDING))
