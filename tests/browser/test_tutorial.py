"""The steps of docs/tutorial.md, as a reader follows them: its own texts, typed into the pages it names."""

import re
from pathlib import Path
from textwrap import dedent

import pytest
from playwright.sync_api import Page, expect

from builder.models import Agent
from cases.models import Case, Queue
from runs.models import Run
from tests.runs.workers.test_workers import process, wait_for

from .editors import Editor

__all__ = ["process"]

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = (Path(__file__).parents[2] / "docs/tutorial.md").read_text()
BLOCKS = [dedent(block).strip() for block in re.findall(r"(?:^ {4}.*\n|^\n)+", TEXT, re.MULTILINE) if block.strip()]
BILLING, TECHNICAL = (block for block in BLOCKS if block.startswith("GOAL"))
TRIAGE = re.sub(r"^> ?", "", re.findall(r"(?:^>.*\n)+", TEXT, re.MULTILINE)[0], flags=re.MULTILINE).strip()


def new_agent(page: Page, web: str, name: str, description: str, procedure: str) -> None:
    assert f"`{name}`" in TEXT and f"`{description}`" in TEXT
    page.goto(f"{web}/agents/")
    page.get_by_role("link", name="New agent").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Short description").fill(description)
    editor = Editor(page)
    editor.end()
    for part in re.split(r"(\*\*@.+?\*\*)", procedure):
        if part.startswith("**@"):
            colleague = part.strip("*@")
            editor.choose(colleague[:4], colleague)
        else:
            editor.type(part)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_the_tutorial_can_be_followed(process, signed_in_page: Page, web: str, team) -> None:
    page = signed_in_page
    process("rqworker", "default", BATON_DEFAULT_MODEL="offline")
    process("clock")
    new_agent(page, web, "Billing Specialist", "Invoices, refunds and double charges.", BILLING)
    new_agent(page, web, "Technical Support", "Error messages, crashes and trouble signing in.", TECHNICAL)
    new_agent(page, web, "Triage", "Reads new messages first.", TRIAGE)
    triage = Agent.objects.get(name="Triage")
    assert triage.live_revision.mentions.count() == 2

    # 3. A standalone run.
    page.goto(f"{web}/agents/{triage.pk}/")
    page.get_by_role("button", name="Run now").click()
    page.get_by_role("dialog").get_by_role("textbox").fill(
        "I was charged twice in November, please refund one payment."
    )
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    expect(page.locator("main")).to_contain_text("Billing Specialist", timeout=60_000)
    wait_for(lambda: Run.objects.filter(parent__agent=triage, input="").exists())

    # 4. The same with a queue.
    page.goto(f"{web}/queues/")
    page.get_by_role("link", name="New queue").first.click()
    page.get_by_label("Name", exact=True).fill("Support")
    page.locator("main").get_by_role("button").first.click()
    wait_for(lambda: Queue.objects.filter(name="Support").exists())
    for agent in Agent.objects.all():
        page.goto(f"{web}/agents/{agent.pk}/")
        page.get_by_role("navigation", name="Agent").get_by_role("link", name="Setup").click()
        page.get_by_role("row").filter(has_text="Support").get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Save", exact=True).click()
        wait_for(agent.queue_connections.filter(queue__name="Support").exists)
    queue = Queue.objects.get(name="Support")
    page.goto(f"{web}/queues/{queue.pk}/")
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("New cases go to").select_option(label="Triage")
    page.get_by_role("button", name="Save").click()
    wait_for(lambda: Queue.objects.get(pk=queue.pk).first_agent_id == triage.pk)

    def new_case(title: str, details: str) -> Case:
        page.goto(f"{web}/queues/{queue.pk}/")
        page.get_by_role("link", name=re.compile("New case|Add cases")).first.click()
        page.get_by_label("Title").fill(title)
        if details:
            page.get_by_label("Details").first.fill(details)
        page.locator("main").get_by_role("button", name=re.compile("^(Add|Create|Save)")).first.click()
        wait_for(lambda: Case.objects.filter(title=title).exists())
        return Case.objects.get(title=title)

    def ends_with(case: Case, name: str) -> None:
        wait_for(lambda: Case.objects.filter(pk=case.pk, status="completed").exists(), 60)
        assert [run.agent.name for run in case.runs.order_by("created_at")] == ["Triage", name]

    charged = new_case("Charged twice", "My card shows two payments of 49.00. Please refund one.")
    ends_with(charged, "Billing Specialist")
    ends_with(new_case("The app crashes when I open it", ""), "Technical Support")

    # 5. Guard the route.
    page.goto(f"{web}/cases/{charged.pk}/")
    sorted_by = charged.runs.get(agent=triage)
    page.locator(f'a[href="/runs/{sorted_by.pk}/test/"]:visible', has_text="Create test").first.click()
    expect(page.get_by_label("Hand over to Billing Specialist")).to_be_checked()
    page.get_by_role("button", name="Create test").click()
    expect(page.get_by_text("Test created.")).to_be_visible()
    page.goto(f"{web}/agents/{triage.pk}/")
    editor = Editor(page)
    editor.text.get_by_text("Invoices, refunds").click()
    editor.press("Home", "Shift+End", "Delete")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("1 of 1 test holds this change back.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("What changed between them")).to_be_visible()
    page.get_by_role("link", name="Edit agent").click()
    page.get_by_role("button", name="Discard", exact=True).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(Editor(page).badges).to_have_count(2)

    # 6. Break it and fix it.
    technical = Agent.objects.get(name="Technical Support")
    page.goto(f"{web}/agents/{technical.pk}/")
    page.get_by_role("button", name=re.compile("More|Menu|actions", re.I)).last.click()
    page.get_by_role("button", name="Delete").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Triage")
    dialog.get_by_role("button", name="Delete").click()
    wait_for(lambda: Agent.objects.get(pk=technical.pk).is_deleted)
    waiting = new_case("I cannot sign in", "")
    page.goto(f"{web}/queues/{queue.pk}/")
    expect(page.locator("main")).to_contain_text("Technical Support")
    page.goto(f"{web}/agents/{triage.pk}/")
    editor = Editor(page)
    expect(editor.badges.filter(has_text="Technical Support")).to_be_visible()
    editor.badges.filter(has_text="Technical Support").click()
    page.get_by_role("button", name="Remove").first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    wait_for(waiting.runs.exists, 60)
