"""Approve can be pressed when the end of what would be done has been seen."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from builder.models import Agent
from cases.models import Case, Queue
from runs.models import HumanRequest
from runs.workers.shift import run_shift
from tests.browser.test_inbox import answered
from tests.driving import provider, scripted
from tests.provider import Provider, call

__all__ = ["provider", "scripted"]

_LONG = "\n".join(f"line {number}" for number in range(200))


@pytest.fixture
def ask(
    scripted: Provider,
    queue: Queue,
    make_agent: Callable[..., Agent],
    make_case: Callable[..., Case],
) -> Callable[[str], HumanRequest]:
    def ask(details: str) -> HumanRequest:
        scripted.answers(
            call("request_approval", title="Refund", details=details), call("complete_case", summary="Refunded")
        )
        make_case("Charged twice", assignee=make_agent("Clerk", queue=queue))
        shift = threading.Thread(target=run_shift, args=["test/1"], kwargs={"linger": 0.0})
        shift.start()
        shift.join(30)
        return HumanRequest.objects.latest("created_at")

    return ask


@pytest.mark.parametrize("name", ["inbox", "run", "case"])
def test_a_long_text_is_approved_when_its_end_was_seen(
    signed_in_page: Page, web: str, ask: Callable[[str], HumanRequest], name: str
) -> None:
    request, page = ask(_LONG), signed_in_page
    ids: dict[str, list[Any]] = {"run": [request.run_id], "case": [request.run.case_id]}
    page.goto(web + reverse(name, args=ids.get(name, [])))
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_disabled()
    expect(page.get_by_text("characters in 200 lines. Read to the end to approve")).to_be_visible()
    expect(page.get_by_role("button", name="Do not approve")).to_be_enabled()

    # Drawn again, as after any event, or pressed by a script: still nothing.
    page.evaluate(
        "const b = document.querySelector('button[value=approve]'); b.disabled = false; b.form.requestSubmit(b)"
    )
    expect(approve).to_be_disabled()
    request.refresh_from_db()
    assert request.status == "open"

    page.get_by_label("Proposed action").focus()
    page.keyboard.press("End")
    expect(approve).to_be_enabled()
    expect(page.get_by_text("Read to the end to approve")).to_be_hidden()
    page.get_by_label("Proposed action").evaluate("box => box.scrollTop = 0")
    expect(approve).to_be_enabled()  # what was read stays read
    approve.press("Enter")
    expect(approve).to_have_count(0)
    page.goto(web)  # the inbox keeps an answer for some seconds; a page that is left sends it
    assert answered(request) and request.approved


def test_a_text_that_fits_is_approved_at_once(
    signed_in_page: Page, web: str, ask: Callable[[str], HumanRequest]
) -> None:
    ask("Amount: 40.00 EUR")
    signed_in_page.goto(web + reverse("inbox"))
    expect(signed_in_page.get_by_role("button", name="Approve", exact=True)).to_be_enabled()
    expect(signed_in_page.get_by_text("Read to the end to approve")).to_be_hidden()


def test_without_scripts_all_of_it_is_on_the_page(
    signed_in_page: Page, browser: Browser, web: str, ask: Callable[[str], HumanRequest]
) -> None:
    request = ask(_LONG)
    plain = browser.new_context(java_script_enabled=False, storage_state=signed_in_page.context.storage_state())
    try:
        page = plain.new_page()
        page.goto(web + reverse("inbox"))
        box = page.get_by_label("Proposed action")
        size = box.bounding_box()
        assert size and size["height"] > 200 * 12
        page.get_by_role("button", name="Approve", exact=True).click()
        request.refresh_from_db()
        assert request.approved
    finally:
        plain.close()
