"""The clocks of machines may be minutes apart from the database's: work goes the same way."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from builder.models import Agent, QueueConnection
from cases.models import Case, Queue
from data import rows
from runs.engine import completion
from runs.models import Handover, Run
from runs.people import moves
from tests.driving import work_next
from tests.fixtures import Make, events, take
from tests.provider import Provider, call

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[5, -5], ids=["ahead", "behind"])
def minutes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(minutes=request.param))
    yield request.param


def is_now(moment: datetime | None) -> bool:
    return moment is not None and abs(moment - database_now()) < timedelta(minutes=1)


def database_now() -> datetime:
    [(now,)] = rows.select("select statement_timestamp()")
    return now


def test_a_handover_by_a_machine_of_another_time_reaches_its_target(
    minutes: int, scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue: Queue
) -> None:
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", aop="Pass it on to", mentions=[billing], queue=queue)
    case = make_case("Refund", assignee=triage)
    scripted.answers(
        call("request_handover", target="billing", reason="Money", note="Be kind"),
        call("complete_case", summary="Refunded"),
    )
    work_next()
    case.refresh_from_db()
    handover = Handover.objects.get()
    assert is_now(handover.applied_at) and is_now(case.moved_at)
    second = work_next()
    case.refresh_from_db()
    assert is_now(case.moved_at) and is_now(second.ended_at)
    assert handover.applied_at and handover.applied_at <= second.created_at
    told = scripted.requests[1].user_text
    assert "Money" in told and "Be kind" in told
    assert events(case) == ["created", "started", "handed_over", "started", "completed"]
    assert all(is_now(moment) for moment in QueueConnection.objects.values_list("last_given_at", flat=True))


def test_a_run_given_back_on_a_machine_of_another_time_is_due_at_once(
    minutes: int, make_agent: Make[Agent], make_case: Make[Case], queue: Queue
) -> None:
    make_case("Refund", assignee=make_agent("Triage", queue=queue))
    [claim] = take()
    completion.give_back(claim)
    [claim] = take()
    moves.requeue(Run.objects.get())
    [claim] = take()
    completion.retry_later(claim, timedelta(seconds=30), "429: slow down")
    run = Run.objects.get()
    assert timedelta(seconds=25) < run.available_at - database_now() <= timedelta(seconds=30)
    assert not take()
    moves.requeue(run)
    assert take()
