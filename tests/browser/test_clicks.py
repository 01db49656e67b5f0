"""How many clicks the ten commonest tasks take from Home. docs/keyboard.md has the table."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from builder.agents.agents import create_agent, delete_agent
from builder.models import Agent
from builder.procedures.mentions import token
from cases.models import Case, Queue
from cases.queues.queues import create_queue
from cases.work.creation import NewCase, add_case
from routes.models import Correction
from runs.models import HumanRequest
from teams.audit.actors import BATON
from tests.driving import provider, scripted, work_next
from tests.fixtures import Make
from tests.provider import Provider, call

__all__ = ["provider", "scripted"]


def work() -> None:
    """A run, in a thread without Playwright's loop."""

    def act() -> None:
        work_next()
        connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    thread.join(60)


@dataclass
class Hand:
    """It clicks, and counts."""

    page: Page
    home: str
    clicks: int = 0

    def begin(self) -> None:
        self.page.goto(self.home)
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1

    def says(self, words: str) -> None:
        expect(self.page.locator("#toasts")).to_contain_text(words)


@pytest.fixture
def hand(signed_in_page: Page, web: str) -> Hand:
    return Hand(signed_in_page, web + reverse("home"))


def test_the_commonest_tasks_take_few_clicks(
    hand: Hand, scripted: Provider, queue: Queue, make_agent: Make[Agent], make_case: Callable[..., Case]
) -> None:
    page = hand.page
    heir, right, lost = make_agent("Refunds", queue=queue), make_agent("Shipping", queue=queue), make_agent("Retired")
    clerk = make_agent("Clerk", queue=queue, aop=f"Money: {token(heir.pk, heir.name)}")
    scripted.answers(call("ask_person", question="Which plan?", choices=["Free", "Team"]))
    make_case("Charged twice", data={"message": "Please help."}, assignee=clerk)
    work()
    handed = [call("request_handover", target="refunds", reason="Money"), call("complete_case", summary="Done.")]
    scripted.answers(*handed)
    make_case("Where is my parcel?", assignee=clerk)
    work()
    add_case(queue, NewCase("Similar", labels=["refund"], assignee=heir), by=BATON)
    link = page.get_by_role("link", name="Charged twice").first

    hand.begin()  # label
    hand.click(link)
    hand.click(page.get_by_role("button", name="Add the label refund"))
    hand.says("Label “refund” added")
    assert hand.clicks == 2

    hand.begin()  # change the priority
    hand.click(link)
    hand.click(page.get_by_role("group", name="Priority").get_by_role("button", name="High"))
    hand.says("high")
    assert hand.clicks == 2

    hand.begin()  # answer a question, with the message in view
    hand.click(link)
    expect(page.get_by_label("Message", exact=True)).to_contain_text("Please help.")
    hand.click(page.get_by_role("button", name="Team"))
    expect(page.get_by_label("Timeline")).to_contain_text("answered Clerk")
    assert hand.clicks == 2 and HumanRequest.objects.get().answer == "Team"

    page.keyboard.press("a")  # reassign by two keys
    expect(page.locator("#picker .pick-option[data-chosen]")).to_contain_text("Me")
    page.keyboard.press("Enter")
    hand.says("is yours now")

    hand.begin()  # add a case
    hand.click(page.get_by_role("link", name="New case"))
    page.get_by_label("Title").fill("Another")
    hand.click(page.get_by_role("button", name="Add the case"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Another")
    assert hand.clicks == 2

    hand.begin()  # change many
    hand.click(page.get_by_role("navigation", name="Main").get_by_role("link", name="Cases"))
    page.get_by_label("Select all on this page").check()
    hand.click(page.locator("case-selection").get_by_role("button", name="Priority"))
    hand.click(page.locator("#bulk-dialog").get_by_role("button", name="Set the priority"))
    hand.says("Priority set to high")
    expect(page).to_have_url(hand.home + "cases/")
    assert hand.clicks == 3 and Case.objects.filter(priority=2).count() == 4

    hand.begin()  # correct a route
    hand.click(page.get_by_role("link", name="Wrong agent").first)
    hand.clicks += 1
    page.get_by_label("Right agent").select_option("Shipping")
    hand.click(page.get_by_role("button", name="Save correction"))
    hand.says("Correction saved.")
    assert hand.clicks == 3 and Correction.objects.get().right == right and Correction.objects.get().wrong == heir

    empty = create_queue(queue.team, "Empty")  # connect a queue to an agent
    hand.begin()
    hand.click(page.get_by_role("navigation", name="Main").get_by_role("link", name="Queues"))
    hand.click(page.get_by_role("button", name="Connect agents to Empty"))
    hand.click(page.locator("#picker").get_by_role("option", name="Refunds"))
    hand.says("Refunds takes cases from Empty now.")
    assert hand.clicks == 3 and empty.connections.get().agent == heir

    asking = [create_agent(queue.team, f"Asks {n}", aop=f"Ask {token(lost.pk, lost.name)}") for n in (1, 2)]
    delete_agent(lost)  # heal what mentions it, for all agents at once
    hand.begin()
    hand.click(page.get_by_role("link", name="Replace the deleted agent").first)
    hand.click(page.get_by_role("button", name="Replace Retired"))
    hand.click(page.locator("#picker").get_by_role("option", name="Refunds"))
    hand.says("now mention Refunds")
    assert hand.clicks == 3 and not Agent.objects.blocked().filter(pk__in=[agent.pk for agent in asking]).exists()

    page.keyboard.press("Control+k")  # find anything
    page.keyboard.type("charged")
    expect(page.locator("#palette-results [role=option]").first).to_contain_text("Charged twice")
