"""The clock: recover what was lost and start what is due, every second and when a lease ends."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db import Error as DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from redis.exceptions import RedisError

from cases.imports import importing
from cases.notifications import notifications
from cases.work import goals
from cases.work import lifecycle as case_lifecycle
from channels.email import mail_folder, sending, waiting
from channels.hooks import files
from channels.mailboxes import idling, polling
from channels.sources import sources
from data.redis import bell
from data.redis.redis_pool import shared_redis
from data.threads import Task
from runs.bulk import processing
from runs.notifications import mailer
from runs.people import absences, deadlines, moves, rerouting
from runs.record import claims
from runs.schedules import schedules
from teams.keys import idempotency
from teams.webhooks import webhook_delivery

from . import dispatcher, lost_runs
from .lane import lane

logger = logging.getLogger("runs.clock")

# Only one clock ticks; the others wait for its lock.
_LOCK = 0x42_41_54_4F_4E
CLOCK = "baton:clock"
_ALIVE_SECONDS = 10
# A dead host is noticed within ten seconds. A connection by a Unix socket ignores these settings and needs none.
_NOTICE_A_DEAD_HOST = (
    "set local tcp_keepalives_idle = 4; set local tcp_keepalives_interval = 2; set local tcp_keepalives_count = 3"
)
_TICK_SECONDS, _LEAST_SECONDS = 1.0, 0.05


def run_clock(stopped: threading.Event) -> None:
    """Tick until `stopped` is set."""
    lock, database, fallback = ClockLock(), DatabaseWatch(), FallbackWorker()
    working = (
        webhook_delivery,
        mailer,
        processing,
        importing,
        notifications,
        idempotency,
        sources,
        mail_folder,
        waiting,
        polling,
        idling,
        sending,
        files,
    )
    tasks: list[Task] = [module.background_task() for module in working]
    while not stopped.is_set():
        due = tick(lock, database, fallback, tasks)
        stopped.wait(max(_LEAST_SECONDS, due - time.monotonic()))
    fallback.stop()
    lock.release()


def tick(lock: "ClockLock", database: "DatabaseWatch", fallback: "FallbackWorker", tasks: Sequence[Task]) -> float:
    """Do what is due. Return the monotonic time of the next tick: in a second, or when a lease may lapse."""
    due = time.monotonic() + _TICK_SECONDS
    try:
        if lock.acquire():
            if not sweep(judges_leases=database.is_steady):
                fallback.start()
            for task in tasks:
                task.start_if_due()
            if database.is_steady:
                due = min(due, time.monotonic() + claims.next_lapse())
            # `/readyz` looks whether a clock ticks; the key is gone when none has for ten seconds.
            shared_redis().set(CLOCK, int(time.time()), ex=_ALIVE_SECONDS)
    except DatabaseError as error:
        logger.warning("the database does not answer: %s", error)
        database.lost()
        connection.close()
    except RedisError as error:
        logger.warning("Redis does not answer: %s", error)
    return due


def sweep(*, judges_leases: bool = True) -> bool:
    """Do the chores of one tick. Each may run twice or late without harm.

    Return False when there is work for a worker and no Redis to ring the bell with.
    """
    # After an outage of the database every lease has lapsed, although its worker may be alive.
    if judges_leases:
        lost_runs.take_back(claims.lapsed())
    with transaction.atomic():
        case_lifecycle.wake_due_cases()
    moves.release_work_of_deleted_agents()
    deadlines.remind_of_what_is_due_soon()
    deadlines.pass_on_what_is_due()
    rerouting.reroute_what_waits_too_long()
    goals.book_what_is_missed()
    absences.tell_what_nobody_took()
    absences.pass_on_what_is_left()
    schedules.start_due()
    lane().sweep()
    return not has_due_work() or bell.ring_now()


def has_due_work() -> bool:
    """Is there a run to claim, a case that a consumer with a free place could take, or a routing test to run?"""
    return claims.has_due() or dispatcher.has_work() or lane().has_due()


class DatabaseWatch:
    """Remembers when the database was last unreachable. No worker can renew a lease during an outage, so leases are
    judged only after the database has been back for the length of a lease: an outage costs no run an attempt.
    """

    _lost_at = float("-inf")

    def lost(self) -> None:
        self._lost_at = time.monotonic()

    @property
    def is_steady(self) -> bool:
        return time.monotonic() - self._lost_at > settings.BATON_LEASE_SECONDS


class FallbackWorker:
    """A shift that the clock starts itself, one at a time, for when Redis is away and no worker can be woken."""

    shift: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.shift is None or self.shift.poll() is not None:
            self.shift = subprocess.Popen([sys.executable, settings.BASE_DIR / "manage.py", "shift"])  # noqa: S603

    def stop(self) -> None:
        if self.shift and self.shift.poll() is None:
            self.shift.terminate()
            self.shift.wait()


class ClockLock:
    """The right to tick: an advisory lock, held by a transaction that stays open on a connection of its own.

    A session lock would stay behind in PgBouncer, in a connection that another client gets next. The transaction
    reads nothing, so it keeps no old rows alive. A host that is gone does not close its connections, so PostgreSQL
    sends keepalives, and another clock gets the lock before the leases of that host lapse.
    """

    def __init__(self) -> None:
        self.connection: BaseDatabaseWrapper | None = None

    def acquire(self) -> bool:
        try:
            if self.connection is None:
                self.connection = connections.create_connection(DEFAULT_DB_ALIAS)
                self.connection.set_autocommit(False)
            with self.connection.cursor() as cursor:
                cursor.execute(_NOTICE_A_DEAD_HOST)
                cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
                is_held = bool(cursor.fetchone()[0])
            if not is_held:
                self.connection.rollback()
        except DatabaseError:
            self.release()
            raise
        return is_held

    def release(self) -> None:
        if self.connection is not None:
            with suppress(DatabaseError):
                self.connection.rollback()  # so that another clock gets the lock at once
            self.connection.close()
            self.connection = None
