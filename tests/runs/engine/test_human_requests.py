"""What runs ask people: questions, approvals, and what becomes of them."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from builder.agents.agents import delete_agent
from builder.models import Agent
from cases.models import Reason
from data.errors import Refused
from runs.engine import human_requests
from runs.models import HumanRequest, Outcome, Status
from runs.people import moves
from runs.workers.clock import sweep
from teams.audit.actors import Actor
from tests.driving import work_next
from tests.fixtures import events
from tests.provider import call, calls
from tests.wire import Call

pytestmark = pytest.mark.django_db

SOMEONE = Actor("Someone")
NEXT_WEEK = timezone.now() + timedelta(weeks=1)


@pytest.fixture
def agent(scripted, make_agent, queue):
    return make_agent("Clerk", queue=queue)


# --- Approvals, and requests that are taken back ---------------------------------------------


@pytest.fixture
def approval(scripted, agent, make_case) -> HumanRequest:
    make_case("Refund", assignee=agent)
    scripted.answers(call("request_approval", title="Refund 40 €", details="To: Ann\nAmount: 40.00 EUR"))
    work_next()
    return HumanRequest.objects.get()


def test_an_approval_shows_exactly_what_would_be_done(approval: HumanRequest) -> None:
    case = approval.run.case
    assert (approval.kind, approval.question, approval.details) == (
        "approval",
        "Refund 40 €",
        "To: Ann\nAmount: 40.00 EUR",
    )
    assert (approval.run.status, case.status, case.reason) == (Status.WAITING, "needs_input", Reason.APPROVAL)


@pytest.mark.parametrize(
    ("approved", "comment", "told"),
    [
        (True, "", "Approved."),
        (True, "But tell her.", "Approved. But tell her."),
        (False, "", "Not approved."),
        (False, "Too much", "Not approved. Too much"),
    ],
)
def test_the_model_reads_what_was_decided(scripted, approval: HumanRequest, approved, comment, told) -> None:
    scripted.answers(call("complete_case", summary="Done"))
    human_requests.decide(approval, approved, comment, SOMEONE)
    assert work_next().outcome == Outcome.CASE_COMPLETED
    [result] = scripted.requests[-1].results
    # What the person wrote is between marks, the decision is not.
    assert re.sub(r"\n?</?data-\w+>\n?", "", result.text) == told
    assert ("<data-" in result.text) == bool(comment)


def test_an_approval_is_no_question_and_a_question_no_approval(approval: HumanRequest, scripted, make_run) -> None:
    with pytest.raises(Refused, match="request for approval"):
        human_requests.answer(approval, "Yes", SOMEONE)
    scripted.answers(call("ask_person", question="Which one?"))
    make_run(approval.run.agent)
    work_next()
    with pytest.raises(Refused, match="is a question"):
        human_requests.decide(HumanRequest.objects.get(kind="question"), True, "", SOMEONE)


def test_an_outcome_is_refused_while_a_request_is_open(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    asked = Call("request_approval", {"title": "May I?", "details": "Everything."})
    scripted.answers(calls(asked, Call("complete_case", {"summary": "Done"})))
    run = work_next()
    assert run.status == Status.WAITING
    [refused] = run.steps.filter(kind="tool_result")
    assert (refused.data["tool"], refused.data["ok"], refused.data["code"]) == ("complete_case", False, "waiting")


def test_a_request_withdrawn_in_its_turn_asks_nobody_and_lets_the_outcome_through(scripted, agent, make_case) -> None:
    case = make_case(assignee=agent)
    scripted.answers(
        calls(
            Call("ask_person", {"question": "Which one?"}),
            Call("withdraw_request", {}),
            Call("complete_case", {"summary": "Done"}),
        )
    )
    assert work_next().outcome == Outcome.CASE_COMPLETED
    assert not HumanRequest.objects.exists()
    assert events(case) == ["created", "started", "completed"]


def test_what_is_asked_after_a_withdrawal_stays_asked(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(
        calls(
            Call("ask_person", {"question": "First?"}),
            Call("withdraw_request", {}),
            Call("ask_person", {"question": "Second?"}),
        )
    )
    assert work_next().status == Status.WAITING
    assert [request.question for request in HumanRequest.objects.all()] == ["Second?"]


def test_without_an_open_request_nothing_is_withdrawn(scripted, agent, make_case) -> None:
    make_case(assignee=agent)
    scripted.answers(call("withdraw_request"), call("complete_case", summary="Done"))
    assert work_next().outcome == Outcome.CASE_COMPLETED
    assert "no open request" in scripted.requests[-1].results[0].text


# --- Requests that need no answer any more ---------------------------------------------------


@pytest.mark.parametrize(
    ("act", "because"),
    [
        (lambda case: moves.complete(case, "", by=SOMEONE), "Someone completed the case."),
        (lambda case: moves.fail(case, "", by=SOMEONE), "Someone closed the case as failed."),
        (lambda case: moves.reassign(case, SOMEONE), "Someone reassigned the case."),
        (
            lambda case: moves.reassign(case, SOMEONE, Agent.objects.get()),
            "Someone reassigned the case to Clerk.",
        ),
        (lambda case: moves.retry(case, SOMEONE), "Someone retried the case."),
        (lambda case: moves.delete(case, SOMEONE), "Someone deleted the case."),
        (lambda case: moves.stop_run(case.runs.get(), SOMEONE), "Someone stopped the run."),
        (lambda case: moves.postpone(case, NEXT_WEEK, SOMEONE), "Someone postponed the case."),
        (lambda case: delete_agent(Agent.objects.get()) or sweep(), "Clerk was deleted."),
    ],
)
def test_a_case_taken_over_closes_what_was_asked_and_says_why(approval: HumanRequest, act, because) -> None:
    act(approval.run.case)
    approval.refresh_from_db()
    assert (approval.status, approval.closed_because) == ("closed", because)
    with pytest.raises(Refused, match="answered or closed"):
        human_requests.decide(approval, True, "", SOMEONE)
