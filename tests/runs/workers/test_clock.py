import time

import pytest

from runs.record.claims import claim_runs
from runs.workers.clock import ClockLock, DatabaseWatch, FallbackWorker, tick

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_clock_ticks_and_another_takes_over_when_it_leaves() -> None:
    first, second = ClockLock(), ClockLock()
    assert [first.acquire(), second.acquire(), first.acquire()] == [True, False, True]
    first.release()
    assert second.acquire()
    second.release()


def test_the_lock_is_held_by_a_transaction_and_not_by_a_session_that_a_pool_passes_on() -> None:
    first, second = ClockLock(), ClockLock()
    assert first.acquire()
    assert first.connection
    first.connection.rollback()
    assert second.acquire()
    first.release()
    second.release()


@pytest.mark.parametrize(("lease", "pause"), [(15, 1), (0.2, 0.2)])
def test_it_ticks_every_second_and_when_a_lease_ends_before(
    make_run, settings, valkey, lease: float, pause: float
) -> None:
    make_run()
    settings.BATON_LEASE_SECONDS = lease
    claim_runs("w/1", 1)
    lock, database = ClockLock(), DatabaseWatch()
    before = time.monotonic()
    due = tick(lock, database, FallbackWorker(), [])
    assert before + pause - 0.2 < due <= time.monotonic() + pause
    lock.release()
