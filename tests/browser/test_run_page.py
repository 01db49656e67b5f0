"""What only a browser shows of a run's page: it grows while the run runs, and a question is answered in place."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from builder.models import Agent
from runs.models import HumanRequest, Run, Step
from runs.workers.shift import run_shift
from teams.access import live
from tests.driving import provider, scripted
from tests.provider import Provider, Reply, call, say
from tests.wire import Call

__all__ = ["provider", "scripted"]


@pytest.fixture
def work() -> Iterator[Callable[[], None]]:
    """Starts a worker's shift, which ends when there is nothing left to do."""
    shifts: list[threading.Thread] = []

    def start() -> None:
        shifts.append(threading.Thread(target=run_shift, args=["test/1"], kwargs={"linger": 0.2}))
        shifts[-1].start()

    yield start
    for shift in shifts:
        shift.join(30)


def open_run(page: Page, web: str, run: Run) -> None:
    page.goto(web + reverse("run", args=[run.pk]))
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")


def test_a_run_page_grows_while_it_runs_and_shows_whom_it_handed_over_to(
    signed_in_page: Page,
    web: str,
    work: Callable[[], None],
    scripted: Provider,
    make_agent: Callable[..., Agent],
    make_run: Callable[..., Run],
) -> None:
    page, held = signed_in_page, threading.Event()
    billing = make_agent("Billing Specialist")
    run = make_run(make_agent("Triage", mentions=[billing]), input="Charged twice")
    handover = Call("request_handover", {"target": "billing-specialist", "reason": "It is about money"})
    scripted.answers(call("send_mail", to="Marta"), Reply(calls=(handover,), after=held), say("Paid **back**"))
    open_run(page, web, run)
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Waiting for a free worker")

    try:
        work()
        expect(result).to_contain_text("Working for")
        refused = page.locator("summary", has_text="Wanted to use send mail")
        refused.click()
        expect(page.get_by_label("Called with")).to_contain_text("Marta")
    finally:
        held.set()

    expect(result).to_contain_text("Handed over to")
    expect(result).to_contain_text("It is about money")
    expect(result.get_by_role("link", name="Billing Specialist", exact=True)).to_have_attribute(
        "href", reverse("agent", args=[billing.pk])
    )
    expect(page.get_by_label("Called with").first).to_be_visible()  # what was opened stays open
    expect(page.locator("summary", has_text="Handed over to Billing Specialist")).to_be_visible()
    expect(result).to_contain_text("Answered")
    result.get_by_role("link", name="Run of Billing Specialist").click()
    expect(page.get_by_role("region", name="Result").locator("strong")).to_have_text("back")


def test_a_question_is_answered_on_the_page_of_the_run(
    signed_in_page: Page,
    web: str,
    work: Callable[[], None],
    scripted: Provider,
    make_agent: Callable[..., Agent],
    make_run: Callable[..., Run],
) -> None:
    page = signed_in_page
    run = make_run(make_agent("Triage"), input="A plan, please")
    scripted.answers(call("ask_person", question="Which plan?", choices=["Small", "Large"]), say("Ordered"))
    open_run(page, web, run)
    work()
    result = page.get_by_role("region", name="Result")
    expect(result).to_contain_text("Waiting for your answer")

    result.get_by_text("Answer in your own words").click()
    text = result.get_by_label("Your answer")
    text.fill("The one with")
    with page.expect_response(lambda response: response.url.endswith(reverse("run", args=[run.pk]))):
        live.announce(run.team_id, "run", run.pk)
    expect(text).to_have_value("The one with")
    expect(text).to_be_focused()
    text.fill("x" * 10_001)
    result.get_by_role("button", name="Answer", exact=True).click()
    expect(result.get_by_role("alert")).to_contain_text("at most 10,000 characters")
    expect(text).to_have_value("x" * 10_001)

    result.get_by_role("button", name="Large").click()

    expect(page.locator(".conversation")).to_contain_text("answered: Large")
    assert HumanRequest.objects.get(run=run).answer == "Large"
    work()
    expect(result).to_contain_text("Ordered")


def grow(run: Run, count: int) -> None:
    """More steps, told as a worker tells them."""
    first = run.steps.count() + 1
    Step.objects.bulk_create(
        Step(
            team_id=run.team_id,
            run=run,
            seq=seq,
            kind=Step.Kind.RESPONSE,
            data={"parts": [{"part_kind": "text", "content": f"Thought number {seq}."}]},
        )
        for seq in range(first, first + count)
    )
    live.announce(run.team_id, "run", run.pk)


def test_a_reader_keeps_the_place_and_jumps_to_the_newest(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent], make_run: Callable[..., Run]
) -> None:
    page = signed_in_page
    lease = timezone.now() + timedelta(minutes=5)
    run = make_run(make_agent("Triage"), status="running", started_at=timezone.now(), lease_until=lease)
    grow(run, 60)
    open_run(page, web, run)
    pill = page.get_by_role("button", name="Jump to newest")
    expect(pill).to_be_hidden()
    page.get_by_text("Thought number 20.").scroll_into_view_if_needed()
    place = page.get_by_text("Thought number 20.").bounding_box()

    grow(run, 1)

    expect(pill).to_be_visible()
    assert page.get_by_text("Thought number 20.").bounding_box() == place
    pill.click()
    expect(page.get_by_text("Thought number 61.")).to_be_in_viewport()
    expect(pill).to_be_hidden()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    grow(run, 10)
    expect(page.get_by_text("Thought number 71.")).to_be_in_viewport()
    expect(pill).to_be_hidden()
    page.keyboard.press("k")
    Run.objects.filter(pk=run.pk).update(
        status="completed", outcome="answered", result="Done", ended_at=timezone.now(), lease_until=None
    )
    live.announce(run.team_id, "run", run.pk)
    page.get_by_role("button", name="See the result").click()
    expect(page.get_by_role("region", name="Result")).to_be_in_viewport()
