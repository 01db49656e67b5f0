"""Each invariant is zero after ordinary work, and counts the row that breaks it."""

import os
from datetime import timedelta
from typing import Any

import django_rq
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rq.worker import Worker

from cases.models import Case
from data.redis.bell import BELL
from ops.doctor import invariants
from ops.doctor.invariants import GRACE_SECONDS
from runs.models import Handover, HumanRequest, Run
from tests.driving import work_next
from tests.fixtures import take
from tests.provider import call

pytestmark = pytest.mark.django_db

LATE = timedelta(seconds=GRACE_SECONDS + 1)


@pytest.fixture
def worker(valkey):
    worker = Worker(["default"], connection=django_rq.get_connection("default"))
    worker.register_birth()
    yield
    worker.register_death()


def broken() -> dict[str, list[Any]]:
    return {found.invariant.key: found.ids for found in invariants.check() if found.count}


@pytest.fixture
def worked(scripted, make_agent, make_case, queue, worker) -> Case:
    """A case that was handed over and waits for an answer, beside one that is completed."""
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", mentions=[billing], queue=queue)
    scripted.answers(
        call("request_handover", target="billing", reason="Money"),
        call("ask_person", question="How much?"),
        call("complete_case", summary="Done"),
    )
    case = make_case(assignee=triage)
    work_next()
    work_next()
    make_case(assignee=billing)
    work_next()
    assert broken() == {}
    return case


def test_a_case_in_progress_without_a_run(worked) -> None:
    Run.objects.filter(case=worked, status="waiting").update(status="failed", error_code="x")
    assert set(broken()) == {"request_of_ended_run"}
    Case.objects.filter(pk=worked.pk).update(status="in_progress", reason="")
    assert broken()["case_without_run"] == [worked.pk]


def test_a_running_run_without_a_sign_of_life(make_run) -> None:
    run = make_run()
    take()
    assert broken() == {}
    Run.objects.update(lease_until=timezone.now() - LATE)
    assert broken() == {"silent_run": [run.pk]}


def test_a_due_run_that_nobody_was_called_for(make_run, worker) -> None:
    run = make_run(available_at=timezone.now() - LATE)
    assert broken() == {"unheard_run": [run.pk]}
    django_rq.get_connection("default").lpush(BELL, 1)
    assert broken() == {}, "someone is called"


def test_runs_wait_rightly_where_there_is_no_free_place(make_run, worker, settings) -> None:
    settings.RUNS_PER_WORKER = 1
    make_run()
    take()
    make_run(available_at=timezone.now() - LATE)
    assert broken() == {}


def test_a_waiting_case_that_nobody_was_called_for(make_case, make_agent, queue, worker) -> None:
    case = make_case()
    django_rq.get_connection("default").flushdb()
    Worker(["default"], connection=django_rq.get_connection("default"), name=str(os.getpid())).register_birth()
    Case.objects.update(moved_at=timezone.now() - LATE)
    assert broken() == {}, "no agent works the queue"
    make_agent(queue=queue)
    django_rq.get_connection("default").delete(BELL)
    assert broken() == {"unheard_case": [case.pk]}


def test_a_live_run_on_a_closed_case(worked) -> None:
    Case.objects.filter(pk=worked.pk).update(status="completed", reason="")
    assert broken()["run_of_other_case"] == [worked.runs.get(status="waiting").pk]


def test_a_handover_that_nothing_came_of(worked, make_run) -> None:
    source = make_run(status="completed", outcome="handed_over")
    about = {"source_agent": source.agent, "target_name": "Gone", "reason": "", "status": "applied"}
    lost = Handover.objects.create(team=source.team, source=source, target=source.agent, **about)
    assert broken() == {"handover_without_sequel": [lost.pk]}


def test_a_run_that_waits_for_nothing(worked) -> None:
    HumanRequest.objects.update(status="closed")
    assert broken() == {"run_waiting_for_nothing": [worked.runs.get(status="waiting").pk]}


def test_a_timeline_with_a_gap_or_another_status(worked) -> None:
    Case.objects.filter(pk=worked.pk).update(last_seq=99)
    assert broken() == {"gap_in_timeline": [worked.pk]}
    Case.objects.filter(pk=worked.pk).update(last_seq=worked.events.count(), status="in_progress", reason="")
    assert broken() == {"case_unlike_its_timeline": [worked.pk]}


def test_the_number_of_queries_does_not_grow(worked, make_case, make_run) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as log:
            invariants.check()
        return len(log)

    make_case()
    make_run()
    first = queries()
    for _ in range(5):
        make_case()
        make_run()
    assert queries() == first
