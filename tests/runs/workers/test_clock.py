import time

import pytest

from runs.management.commands.clock import Sight, StandIn, Turn, tick
from runs.record.claims import claim_runs

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


@pytest.mark.parametrize(("lease", "pause"), [(15, 1), (0.2, 0.2)])
def test_it_ticks_every_second_and_when_a_lease_ends_before(
    make_run, settings, valkey, lease: float, pause: float
) -> None:
    make_run()
    settings.BATON_LEASE_SECONDS = lease
    claim_runs("w/1", 1)
    turn, sight = Turn(), Sight()
    due = tick(turn, sight, StandIn(), [])
    assert pause - 0.2 < due - time.monotonic() <= pause
    turn.leave()
