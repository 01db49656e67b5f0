"""What only a browser shows of the inbox: an approval is given in place, and the case goes on within a second."""

import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from builder.models import Agent
from cases.models import Case, Queue
from runs.models import HumanRequest, Run
from runs.workers.shift import run_shift
from tests.driving import provider, scripted
from tests.provider import Provider, call

__all__ = ["provider", "scripted"]


@pytest.fixture
def worker() -> Iterator[Callable[[], None]]:
    """Starts a shift that works what there is, and then waits some seconds for the bell."""
    shift = threading.Thread(target=run_shift, args=["test/1"], kwargs={"linger": 6.0})
    yield shift.start
    shift.join(30)


def test_an_approval_in_the_inbox_lets_the_case_go_on_within_a_second(
    signed_in_page: Page,
    web: str,
    worker: Callable[[], None],
    scripted: Provider,
    queue: Queue,
    make_agent: Callable[..., Agent],
    make_case: Callable[..., Case],
) -> None:
    page = signed_in_page
    page.goto(web + reverse("inbox"))
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    scripted.answers(
        call("request_approval", title="Refund 40 €", details="Amount: 40.00 EUR"),
        call("complete_case", summary="Refunded"),
    )
    make_case("Charged twice", assignee=make_agent("Clerk", queue=queue))
    worker()

    expect(page.get_by_label("Proposed action")).to_contain_text("Amount: 40.00 EUR")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox")
    expect(link).to_contain_text("1")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=re.compile("^Approval of Clerk"))).to_be_focused()
    page.get_by_label("Comment (optional)").fill("Tell her so")
    page.get_by_role("button", name="Approve", exact=True).press("Enter")
    page.locator("#toasts").get_by_role("button", name="Dismiss").click()  # it is sent at once
    expect(page.get_by_text("No open requests")).to_be_visible()
    expect(page.locator("#results:focus, #results :focus")).to_have_count(1)  # keys go on from where it was
    expect(link).not_to_contain_text("1")

    request = HumanRequest.objects.get()
    assert (request.approved, request.answer) == (True, "Tell her so")
    page.goto(web + reverse("run", args=[request.run_id]))
    expect(page.get_by_role("region", name="Result")).to_contain_text("Completed the case")
    run = Run.objects.get()
    assert request.answered_at and run.ended_at
    assert (run.ended_at - request.answered_at).total_seconds() < 15


def answered(question: HumanRequest) -> str:
    """The answer as soon as there is one."""
    for _ in range(200):
        question.refresh_from_db()
        if question.status == "answered":
            return question.answer or "Decided"
        time.sleep(0.1)
    return ""


def test_an_answer_can_be_taken_back_and_a_page_that_is_left_sends_it(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent], make_run: Callable[..., Run]
) -> None:
    agent, page = make_agent("Clerk"), signed_in_page
    first, second = (
        HumanRequest.objects.create(
            team_id=agent.team_id,
            run=make_run(agent, status="waiting", input=f"Customer {n}"),
            call_id="1",
            kind="question",
            question=f"Which plan, {n}?",
            choices=["Free", "Team"],
        )
        for n in (1, 2)
    )
    page.goto(web + reverse("inbox"))
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    pane, rows = page.locator("#inbox-pane"), page.locator(".inbox-list > li:visible")
    expect(pane.get_by_label("Question")).to_contain_text("Which plan, 1?")
    hold = "seconds => document.getElementById('answer-held').dataset.seconds = seconds"
    page.evaluate(hold, 600)  # longer than any machine takes for what comes now
    page.keyboard.press("2")
    expect(pane.get_by_label("Question")).to_contain_text("Which plan, 2?")
    expect(page.locator("#toasts")).to_contain_text("Answered: Team")
    expect(rows).to_have_count(1)
    first.refresh_from_db()
    assert first.status == "open"  # it waits for the seconds of Undo
    page.keyboard.press("z")
    expect(pane.get_by_label("Question")).to_contain_text("Which plan, 1?")
    expect(rows).to_have_count(2)

    page.evaluate(hold, 1)
    page.keyboard.press("1")
    expect(pane.get_by_label("Question")).to_contain_text("Which plan, 2?")
    assert answered(first) == "Free"

    page.evaluate(hold, 600)
    expect(rows).to_have_count(1)
    pane.get_by_text("Answer in your own words").click()
    pane.get_by_label("Your answer").fill("Neither")
    pane.get_by_role("button", name="Answer", exact=True).click()
    expect(pane.get_by_text("You’re all caught up")).to_be_visible()
    with page.expect_response(lambda response: "/inbox/" in response.url and "count" not in response.url):
        page.evaluate("document.dispatchEvent(new Event('acted'))")  # a list that still has it comes
    expect(rows).to_have_count(0)
    expect(pane.get_by_text("You’re all caught up")).to_be_visible()
    page.goto(web + reverse("cases"))
    assert answered(second) == "Neither"
