"""manage.py clock: once a second, and when a lease ends, sweeps up what got lost and wakes what is due."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db import Error as DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from redis.exceptions import RedisError

from cases.imports import importing
from data.redis.redis_pool import shared_redis
from data.threads import Errand
from runs.bulk import bulk
from runs.notifications.mailer import postman
from runs.record import claims
from runs.workers.sweeper import sweep
from teams.keys import idempotency
from teams.webhooks.webhook_delivery import courier

logger = logging.getLogger("runs.clock")

# Only one clock ticks; others stand by.
_LOCK = 0x42_41_54_4F_4E
CLOCK = "baton:clock"
_ALIVE_SECONDS = 10
# Of the clock itself, within ten seconds; a connection by a socket of the same machine needs and heeds none of it.
_NOTICE_A_DEAD_HOST = (
    "set local tcp_keepalives_idle = 4; set local tcp_keepalives_interval = 2; set local tcp_keepalives_count = 3"
)
_TICK_SECONDS, _LEAST_SECONDS = 1.0, 0.05


class Command(BaseCommand):
    help = "Ticks every second: lost runs, due cases, forgotten wake-ups. Several may run; one of them works."
    requires_system_checks = []  # they would import every page of the web process

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        turn, sight, stand_in = Turn(), Sight(), StandIn()
        errands = [courier(), postman(), bulk.hand(), importing.hand(), idempotency.tidying()]
        while not stopped.is_set():
            due = tick(turn, sight, stand_in, errands)
            stopped.wait(max(_LEAST_SECONDS, due - time.monotonic()))
        stand_in.leave()
        turn.leave()


class Sight:
    """Of the database. While it is away nobody can renew a lease, so none is judged before it has been back for as long
    as one lasts: an outage costs no run an attempt.
    """

    _lost_at = float("-inf")

    def lose(self) -> None:
        self._lost_at = time.monotonic()

    @property
    def is_steady(self) -> bool:
        return time.monotonic() - self._lost_at > settings.BATON_LEASE_SECONDS


class StandIn:
    """Without Redis no worker can be called. Then the clock has a shift of its own, one at a time."""

    shift: subprocess.Popen[bytes] | None = None

    def work(self) -> None:
        if self.shift is None or self.shift.poll() is not None:
            self.shift = subprocess.Popen([sys.executable, settings.BASE_DIR / "manage.py", "shift"])  # noqa: S603

    def leave(self) -> None:
        if self.shift and self.shift.poll() is None:
            self.shift.terminate()
            self.shift.wait()


class Turn:
    """The right to tick: a lock, held by a transaction that stays open on a connection of its own.

    A lock of the session would be left behind PgBouncer, in a connection that anybody gets next. The transaction
    reads nothing, so it keeps no old rows alive. A host that is gone does not close its connections: PostgreSQL asks it
    for a sign of life, so that another clock has the turn before the leases of that host lapse.
    """

    def __init__(self) -> None:
        self.connection: BaseDatabaseWrapper | None = None

    def is_mine(self) -> bool:
        try:
            if self.connection is None:
                self.connection = connections.create_connection(DEFAULT_DB_ALIAS)
                self.connection.set_autocommit(False)
            with self.connection.cursor() as cursor:
                cursor.execute(_NOTICE_A_DEAD_HOST)
                cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
                is_mine = bool(cursor.fetchone()[0])
            if not is_mine:
                self.connection.rollback()
        except DatabaseError:
            self.leave()
            raise
        return is_mine

    def leave(self) -> None:
        if self.connection is not None:
            with suppress(DatabaseError):
                self.connection.rollback()  # so that another has it at once
            self.connection.close()
            self.connection = None


def tick(turn: Turn, sight: Sight, stand_in: StandIn, errands: Sequence[Errand]) -> float:
    """When the next one is due, by the monotonic clock: in a second, or as soon as a lease may lapse."""
    due = time.monotonic() + _TICK_SECONDS
    try:
        if turn.is_mine():
            if not sweep(judges_leases=sight.is_steady):
                stand_in.work()
            for errand in errands:
                errand.see_to()
            if sight.is_steady:
                due = min(due, time.monotonic() + claims.next_lapse())
            shared_redis().set(CLOCK, int(time.time()), ex=_ALIVE_SECONDS)
    except DatabaseError as error:
        logger.warning("the database does not answer: %s", error)
        sight.lose()
        connection.close()
    except RedisError as error:
        logger.warning("Redis does not answer: %s", error)
    return due
