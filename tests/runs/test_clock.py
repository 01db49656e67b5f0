import pytest

from runs.management.commands.clock import Turn

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_clock_ticks_and_another_takes_over_when_it_leaves() -> None:
    first, second = Turn(), Turn()
    assert [first.is_mine(), second.is_mine(), first.is_mine()] == [True, False, True]
    first.leave()
    assert second.is_mine()
    second.leave()


def test_the_turn_is_held_by_a_transaction_and_not_by_a_session_that_a_pool_gives_on() -> None:
    first, second = Turn(), Turn()
    assert first.is_mine()
    assert first.connection
    first.connection.rollback()
    assert second.is_mine()
    first.leave()
    second.leave()
