"""Renews the leases of a shift, on a thread of its own with a connection of its own.

On a busy machine the event loop and the database's thread may do nothing else for seconds. A lease that is lost then
costs the same work a second time, when the machine can least afford it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from runs.record import claims
from runs.record.claims import Claim

logger = logging.getLogger(__name__)

# The pause before the next renewal when the database did not answer.
_RETRY_SECONDS = 0.5
# A shift whose loop has not moved for so many leases is stuck, not busy: others take its runs.
_STUCK = 8
# Under pressure leases are longer, up to so many times. After so many renewals in time they are shorter again.
_LONGEST, _IN_TIME = 4, 12


class Renewing:
    """`in_hand` tells the claims to renew; `lost` is called with those that the worker no longer seems to hold. Both
    are called on the thread.
    """

    def __init__(
        self, worker: str, in_hand: Callable[[], Iterable[Claim]], lost: Callable[[set[Claim]], object]
    ) -> None:
        self._worker, self._in_hand, self._lost = worker, in_hand, lost
        self._over = threading.Event()
        self._moved = time.monotonic()
        self._in_time = 0
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        claims.lease.factor = 1
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        claims.lease.factor = 1

    def moves(self) -> None:
        """Note that the loop is not stuck. The loop calls this now and then."""
        self._moved = time.monotonic()

    def _run(self) -> None:
        try:
            # Three times within a lease, so that two renewals in a row may fail.
            pause = settings.BATON_LEASE_SECONDS * 4 / 15
            wait = pause
            while True:
                due = time.monotonic() + wait
                if self._over.wait(wait):
                    return
                wait = pause
                if time.monotonic() - self._moved > settings.BATON_LEASE_SECONDS * _STUCK:
                    logger.error("the shift does not move; its leases will lapse")
                    continue
                try:
                    self._renew()
                except DatabaseError as error:
                    logger.warning("the leases could not be renewed: %s", error)
                    wait = _RETRY_SECONDS
                self._judge(time.monotonic() - due)
        finally:
            connections.close_all()

    def _renew(self) -> None:
        if held := set(self._in_hand()):
            close_old_connections()  # a broken one would stay broken for as long as nothing else is done
            if gone := held - claims.renew(self._worker, held):
                self._lost(gone)

    def _judge(self, took: float) -> None:
        """Lengthen leases when renewing takes a good part of one; shorten them when it has been quick for a while."""
        if took > settings.BATON_LEASE_SECONDS / 5 and claims.lease.factor < _LONGEST:
            claims.lease.factor *= 2
            self._in_time = 0
            logger.warning("the machine is busy: leases take %.0f s from now on", claims.lease.seconds)
            return
        self._in_time += 1
        if self._in_time >= _IN_TIME and claims.lease.factor > 1:
            claims.lease.factor //= 2
            self._in_time = 0
