"""The whole flow outside this process: real RQ workers and a real clock against real servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from builder.models import Agent
from cases.models import Case
from data.redis import bell
from runs.models import Run, Status
from runs.people.starting import start_run
from runs.telemetry import counters
from teams.audit.actors import Actor
from tests import children
from tests.collector import Collector
from tests.fixtures import Make, events
from tests.provider import Provider, Reply, call, router

pytestmark = pytest.mark.django_db(transaction=True)

MANAGE = Path(__file__).parents[3] / "manage.py"


@pytest.fixture
def process(provider: Provider) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `manage.py ...` on the test's database; ended with the test."""
    database = os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = os.environ | provider.environment
    environment |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
        "BATON_LEASE_SECONDS": "2",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str, **own: str) -> subprocess.Popen[bytes]:
        child = children.start([sys.executable, MANAGE, *command], env=environment | own, start_new_session=True)
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()


def wait_for(condition: Callable[[], object], seconds: float = 150) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def is_done(case: Case) -> bool:
    case.refresh_from_db()
    return case.status == "completed"


@pytest.fixture
def desk(settings, provider: Provider, make_agent: Make[Agent], queue) -> Agent:
    """Triage, which hands refunds over to the Billing Specialist, who completes them."""
    settings.BATON_DEFAULT_MODEL = "openai-chat:scripted"
    billing = make_agent("Billing Specialist", queue=queue)
    provider.script = router({"refund": "billing-specialist"})
    return make_agent("Triage", mentions=[billing], queue=queue)


def slowly_at_first(provider: Provider, answer: Reply, seconds: float) -> None:
    """The first request is answered so, and so late."""
    script = provider.script
    provider.script = lambda request: replace(answer, delay=seconds) if request.number == 1 else script(request)


def test_a_case_goes_from_the_queue_by_handover_to_the_end(process, desk, make_case) -> None:
    process("rqworker", "default")
    case = make_case("I want a refund", assignee=desk)
    wait_for(lambda: is_done(case))
    assert events(case) == ["created", "started", "handed_over", "started", "completed"]
    assert [run.agent.name for run in case.runs.order_by("created_at")] == ["Triage", "Billing Specialist"]


def test_work_horses_send_their_spans_and_counts(process, desk, make_case) -> None:
    collector = Collector()
    process("rqworker", "default", OTEL_EXPORTER_OTLP_ENDPOINT=collector.address)
    make_case("I want a refund", assignee=desk)
    collector.wait_for(6)
    collector.close()
    assert {span.name for span in collector.spans} >= {"invoke_agent Triage", "invoke_agent Billing Specialist"}
    wait_for(lambda: counters.read()["handovers"] == {(): 1})


def test_a_standalone_handover_starts_a_fresh_run(process, desk) -> None:
    process("rqworker", "default")
    run = start_run(desk, input="Please refund me", by=Actor("x"), trigger=Run.Trigger.MANUAL)
    wait_for(lambda: Run.objects.filter(parent=run, status=Status.COMPLETED).exists())
    assert Run.objects.get(parent=run).input == ""


def test_two_workers_share_the_cases_and_none_is_worked_twice(process, desk, make_case, provider) -> None:
    process("rqworker", "default")
    process("rqworker", "default")
    cases = [make_case(f"refund {number}", assignee=desk) for number in range(10)]
    for _ in range(5):
        bell.ring_now()  # delivered more often than needed
    wait_for(lambda: all(is_done(case) for case in cases))
    for case in cases:
        assert events(case) == ["created", "started", "handed_over", "started", "completed"]
    assert len(provider.requests) == 20


def test_without_a_bell_the_clock_finds_the_work(process, desk, make_case, valkey) -> None:
    case = make_case("refund", assignee=desk)
    valkey.flushdb()
    process("rqworker", "default")
    process("clock")
    wait_for(lambda: is_done(case))


def test_a_worker_that_dies_gives_its_runs_to_another_from_the_last_step(process, desk, make_case, provider) -> None:
    worker = process("rqworker", "default")
    slowly_at_first(provider, call("complete_case", summary="late"), 60)
    case = make_case("refund", assignee=desk)
    provider.wait_for_requests(1)
    [horse] = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
    os.kill(int(horse), signal.SIGKILL)
    wait_for(lambda: is_done(case))
    assert events(case) == ["created", "started", "handed_over", "started", "completed"]
    assert case.runs.last().losses == 1


def test_a_host_that_is_gone_loses_its_runs_when_the_lease_lapses(process, desk, make_case, provider) -> None:
    worker = process("rqworker", "default")
    slowly_at_first(provider, call("complete_case", summary="late"), 60)
    case = make_case("refund", assignee=desk)
    provider.wait_for_requests(1)
    os.killpg(worker.pid, signal.SIGKILL)
    process("rqworker", "default")
    process("clock")
    wait_for(lambda: is_done(case))
    assert case.runs.last().losses == 1


def test_a_worker_told_to_leave_hands_its_runs_in_without_a_loss(process, desk, make_case, provider) -> None:
    worker = process("rqworker", "default")
    slowly_at_first(provider, call("update_case", labels=["seen"]), 1)
    case = make_case("refund", assignee=desk)
    provider.wait_for_requests(1)
    worker.terminate()
    assert worker.wait(timeout=60) == 0
    case.refresh_from_db()
    assert (case.labels, case.runs.get().status, case.runs.get().losses) == (["seen"], Status.QUEUED, 0)
    process("rqworker", "default")
    wait_for(lambda: is_done(case))
    assert provider.requests[1].results[0].text == "Changed: labels."


def test_without_redis_the_work_goes_on(process, desk, make_case) -> None:
    clock = process("clock", REDIS_URL="unix:///nothing/here")
    case = make_case("refund", assignee=desk)
    wait_for(lambda: is_done(case))
    clock.terminate()
    assert clock.wait(timeout=60) == 0


def test_a_database_that_goes_away_for_a_moment_costs_nothing(process, desk, make_case, provider) -> None:
    process("rqworker", "default")
    slowly_at_first(provider, call("update_case", labels=["seen"]), 0.5)
    case = make_case("refund", assignee=desk)
    provider.wait_for_requests(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    wait_for(lambda: is_done(case))
    assert {run.losses for run in case.runs.all()} == {0}
    assert events(case).count("handed_over") == 1
