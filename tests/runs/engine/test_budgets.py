"""What a run may use, and how it ends when that is used up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from builder.usage import limits
from cases.models import Reason
from runs.engine import budgets, completion, human_requests
from runs.models import Outcome, Run, Status
from runs.record.claims import lock
from runs.record.lifecycle import retry_later
from teams.audit.actors import Actor
from teams.settings import budgets as team_budgets
from teams.settings.budgets import Budget
from tests.driving import drive, work_next
from tests.fixtures import take
from tests.provider import Reply, call

pytestmark = pytest.mark.django_db

SOMEONE = Actor("Someone")
# A budget of each kind that one request of `costly` uses up.
ONE_TURN = {"requests": 1, "tokens": 1000, "usd": 0.01, "minutes": 10}


def costly(reply: Reply) -> Reply:
    return replace(reply, input_tokens=3000, output_tokens=1000)


@pytest.fixture
def scripted(scripted, settings):
    settings.BATON_DEFAULT_MODEL = "openai-chat:gpt-4o"  # a name that has a price
    return scripted


@pytest.fixture
def agent(scripted, make_agent, queue):
    return make_agent("Clerk", queue=queue)


def work_for_one_turn(agent: Any, kind: str) -> Run:
    """The next run of an agent that may use no more of this than one request uses."""
    limits.change_budget(agent, Budget(**{kind: ONE_TURN[kind]}))
    [claim] = take()
    if kind == "minutes":
        # On a busy machine some of what is left passes before the model is asked.
        Run.objects.update(worked=timedelta(minutes=10) - timedelta(seconds=1))
    return drive(claim)


def slow(reply: Reply, kind: str) -> Reply:
    return replace(costly(reply), delay=1.1 if kind == "minutes" else 0)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("requests", "It asked its model once; a run may do so once."),
        ("tokens", "It used 4,000 tokens; a run may use 1,000."),
        ("usd", "It cost $0.0175; a run may cost $0.01."),
        ("minutes", "It worked for 10.0 minutes; a run may work for 10."),
    ],
)
def test_a_run_ends_when_its_budget_is_used_up(scripted, agent, make_case, kind: str, says: str) -> None:
    case = make_case(assignee=agent)
    scripted.answers(*[slow(call("update_case", priority="high"), kind)] * 3)
    run = work_for_one_turn(agent, kind)
    assert (run.status, run.error_code, len(scripted.requests)) == (Status.FAILED, f"budget_{kind}", 1)
    assert run.error == f"{says} It can be raised on the page of Clerk, under Budget."
    case.refresh_from_db()
    assert (case.status, case.reason, case.detail) == ("needs_input", Reason.RUN_FAILED, run.error)


@pytest.mark.parametrize("kind", budgets.KINDS)
def test_a_turn_or_token_budget_ends_in_the_turn_that_asked_for_a_handover(
    scripted, make_agent, queue, make_case, kind: str
) -> None:
    """The recorded handover is applied."""
    billing = make_agent("Billing", queue=queue)
    clerk = make_agent("Clerk", queue=queue, mentions=[billing])
    case = make_case(assignee=clerk)
    scripted.answers(slow(call("request_handover", target="billing", reason="About money"), kind))
    run = work_for_one_turn(clerk, kind)
    assert (run.status, run.outcome) == (Status.COMPLETED, Outcome.HANDED_OVER)
    case.refresh_from_db()
    assert (case.status, case.assignee) == ("pending", billing)


def test_the_nearest_budget_counts(agent, settings) -> None:
    settings.RUN_TOKEN_LIMIT = 300
    found = limits.limit(agent, "tokens")
    assert (found.amount, found.where) == (300, "in Settings, under Budgets")
    team_budgets.change_budget(agent.team, Budget(tokens=500))
    agent.team.refresh_from_db()
    assert limits.limit(agent, "tokens").amount == 500
    limits.change_budget(agent, Budget(tokens=100))
    agent.refresh_from_db()
    assert limits.limit(agent, "tokens").amount == 100
    assert limits.limit(agent, "requests").amount == settings.RUN_REQUEST_LIMIT


def test_a_setting_of_nothing_is_no_limit(agent, settings) -> None:
    settings.RUN_USD_LIMIT = 0
    assert limits.limit(agent, "usd") is None


def test_only_work_counts_as_time(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(call("ask_person", question="Which one?"))
    [claim] = take()
    Run.objects.update(claimed_at=F("claimed_at") - timedelta(minutes=2))
    run = drive(claim)
    assert run.status == Status.WAITING
    assert timedelta(minutes=2) <= run.worked < timedelta(minutes=3)
    human_requests.answer(run.human_requests.get(), "A", SOMEONE)
    run.refresh_from_db()
    assert run.worked < timedelta(minutes=3)


def test_waiting_for_a_busy_provider_is_no_work(scripted, agent, make_run) -> None:
    make_run(agent)
    [claim] = take()
    retry_later(lock(claim), timedelta(hours=1), "Slow down.")
    run = Run.objects.get()
    assert run.worked < timedelta(minutes=1)


def test_what_a_lost_worker_used_counts_too(scripted, agent, make_run) -> None:
    run = make_run(agent, requests=3, input_tokens=40_000, output_tokens=20_000)
    limits.change_budget(agent, Budget(tokens=50_000))
    assert work_next().error_code == "budget_tokens"
    assert not scripted.requests
    run.refresh_from_db()
    assert "60,000 tokens" in run.error


def test_a_model_without_a_price_uses_no_money(scripted, make_agent, queue, make_case) -> None:
    """It is counted as unpriced, and the other budgets hold."""
    clerk = make_agent("Clerk", queue=queue, model="openai-chat:own-model")
    limits.change_budget(clerk, Budget(usd=0.01, tokens=6000))
    make_case(assignee=clerk)
    scripted.answers(*[costly(call("update_case", priority="high"))] * 3)
    run = work_next()
    assert (run.error_code, run.cost_usd, run.unpriced_requests) == ("budget_tokens", None, 2)


def test_a_run_given_back_keeps_its_time(scripted, agent, make_run) -> None:
    make_run(agent)
    [claim] = take()
    Run.objects.update(claimed_at=F("claimed_at") - timedelta(minutes=2))
    completion.give_back(claim)
    assert Run.objects.get().worked >= timedelta(minutes=2)
