import threading
import time
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from runs.models import Run
from runs.record import claims
from runs.record.claims import Claim, claim_runs
from runs.workers import leases
from runs.workers.leases import Renewing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def usual_leases() -> Iterator[None]:
    yield
    claims.lease.factor = 1


def renewed(run: Run, seconds: float = 10) -> bool:
    before, ends = Run.objects.get(pk=run.pk).lease_until, time.monotonic() + seconds
    while time.monotonic() < ends:
        if Run.objects.get(pk=run.pk).lease_until != before:
            return True
        time.sleep(0.02)
    return False


def test_leases_are_renewed_while_nothing_else_gets_its_turn(make_run, settings: Settings) -> None:
    settings.BATON_LEASE_SECONDS = 0.4
    run, lost = make_run(), threading.Event()
    held = claim_runs("w/1", 1)
    gone: set[Claim] = set()

    def note(claims: set[Claim]) -> None:
        gone.update(claims)
        lost.set()

    renewing = Renewing("w/1", lambda: held, note)
    renewing.start()
    try:
        assert renewed(run)
        renewing.moves()
        Run.objects.update(fence=7)
        assert lost.wait(10)
        assert gone == set(held)
    finally:
        renewing.stop()


def test_a_shift_that_is_stuck_loses_its_leases(make_run, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BATON_LEASE_SECONDS = 0.1
    monkeypatch.setattr(leases, "_STUCK", 0)
    run = make_run()
    held = claim_runs("w/1", 1)
    renewing = Renewing("w/1", lambda: held, lambda gone: None)
    renewing.start()
    assert not renewed(run, 0.3)
    renewing.stop()


def test_leases_are_longer_when_renewing_is_slow_and_short_again_when_it_is_not(settings: Settings) -> None:
    settings.BATON_LEASE_SECONDS = 10
    renewing = Renewing("w/1", lambda: [], lambda gone: None)
    for took, seconds in ((1.9, 10), (2.1, 20), (9, 40), (9, 40)):
        renewing._judge(took)
        assert claims.lease.seconds == seconds
    for _ in range(leases._IN_TIME):
        renewing._judge(0.1)
    assert claims.lease.seconds == 20
