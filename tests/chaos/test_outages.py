"""While Postgres or Redis is away nobody can say how they are: that costs no run an attempt, and no worker its life."""

from datetime import timedelta

import django_rq
import psycopg
import pytest
import redis
from django.db import connection
from django.utils import timezone
from rq import Queue

from runs.jobs import horse_name
from runs.models import Run, Status
from runs.record.claims import claim_runs
from runs.workers.clock import ClockLock, DatabaseWatch, FallbackWorker, tick
from runs.workers.worker import ShiftWorker
from tests import children

pytestmark = pytest.mark.django_db(transaction=True)


def test_leases_are_judged_when_the_database_has_been_back_for_the_time_of_one(make_run, settings) -> None:
    run = make_run()
    claim_runs("w/1", 1)
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    lock, database = ClockLock(), DatabaseWatch()
    end_the_session()
    tick(lock, database, FallbackWorker(), [])
    for lease, status in ((1000, Status.RUNNING), (0, Status.QUEUED)):
        settings.BATON_LEASE_SECONDS = lease
        tick(lock, database, FallbackWorker(), [])
        run.refresh_from_db()
        assert run.status == status
    lock.release()


def end_the_session() -> None:
    """The connection of this test: the next use of it finds that out."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        [pid] = cursor.fetchone()
    named = {"host", "port", "user", "password", "dbname"}
    address = {name: value for name, value in connection.get_connection_params().items() if name in named}
    with psycopg.connect(**address, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 5000)", [pid])


@pytest.fixture
def worker(valkey) -> ShiftWorker:
    return ShiftWorker(["default"], connection=django_rq.get_connection("default"))


def test_a_worker_goes_on_without_redis_and_gives_back_the_runs_of_its_dead_horse(worker, make_run) -> None:
    job = Queue("default", connection=worker.connection).enqueue("runs.jobs.shift")
    execution = worker.prepare_execution(job)
    horse = children.start(["sleep", "60"])
    worker._horse_pid = horse.pid
    run = make_run()
    claim_runs(horse_name(worker.name, horse.pid), 1)

    worker.connection = job.connection = redis.Redis.from_url("unix:///nothing/here")
    worker.heartbeat()
    worker.maintain_heartbeats(job, execution)
    horse.kill()
    with pytest.raises(redis.RedisError):  # what RQ does about the job; `execute_job` goes on
        worker.monitor_work_horse(job, worker.queues[0], execution)
    run.refresh_from_db()
    assert (run.status, run.losses) == (Status.QUEUED, 1)
