"""The wiring doctor beside the editor: it looks at what is typed, and its buttons fix it."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect

from builder.agents.agents import delete_agent
from builder.agents.connections import connect
from builder.models import Agent
from cases.models import Queue
from cases.queues.queues import pause_queue

from .editors import Editor

type Make = Callable[..., Any]


def open_agent(page: Page, web: str, agent: Agent) -> Editor:
    page.goto(f"{web}/agents/{agent.pk}/")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    return Editor(page)


def finding(page: Page, code: str) -> Locator:
    return page.locator(f"#wiring [data-finding={code}]")


def test_a_mention_of_an_agent_without_the_queue_is_fixed_by_its_button(
    signed_in_page: Page, web: str, make_agent: Make, queue: Queue
) -> None:
    page = signed_in_page
    billing, triage = make_agent("Billing"), make_agent("Triage", aop="Close it when paid.", queue=queue)
    editor = open_agent(page, web, triage)
    expect(page.locator("#wiring")).to_contain_text("No problems found.")
    # The list does not offer who cannot be used; a text that was pasted may name it all the same.
    editor.end()
    editor.paste(plain=f" Refunds go to @[Billing](agent:{billing.pk})")

    expect(finding(page, "target_unavailable")).to_contain_text("Billing works none of Triage’s queues.")
    expect(page.locator("#wiring")).to_contain_text("None: it does not work Support")
    finding(page, "target_unavailable").get_by_role("button", name="Connect to Support").click()

    expect(page.locator("#wiring")).to_contain_text("No problems found.")
    expect(page.locator("#wiring")).to_contain_text("Takes cases from Support")
    expect(editor.badges).to_have_attribute("aria-label", "agent Billing")
    assert billing.queue_connections.get().queue == queue
    assert "Refunds go to @[Billing]" in editor.value
    assert triage.live_revision.aop == "Close it when paid."


def test_a_deleted_mention_is_removed_from_what_is_typed_and_can_be_had_back(
    signed_in_page: Page, web: str, make_agent: Make
) -> None:
    page = signed_in_page
    gone, other = make_agent("Gone"), make_agent("Other")
    triage = make_agent("Triage", aop="Close it, or pass it to", mentions=[gone])
    make_agent("Boss", mentions=[triage])
    delete_agent(gone)
    editor = open_agent(page, web, triage)
    editor.start()
    editor.type("Now. ")
    red = finding(page, "deleted_target")

    red.get_by_role("button", name="Remove @Gone").click()
    expect(red).to_have_count(0)
    expect(editor.badges).to_have_count(0)
    assert editor.value == "Now. Close it, or pass it to"

    editor.text.focus()
    editor.press("Control+z")
    expect(red).to_be_visible()
    red.get_by_label("Mention in the place of Gone").select_option("Other")
    red.get_by_role("button", name="Replace").click()
    expect(red).to_have_count(0)
    expect(editor.badges).to_have_text(re.compile("Other"))
    assert editor.value == f"Now. Close it, or pass it to @[Other](agent:{other.pk})"


def test_what_would_break_runs_is_saved_only_on_a_second_word(signed_in_page: Page, web: str, make_agent: Make) -> None:
    page = signed_in_page
    gone = make_agent("Gone")
    triage = make_agent("Triage", aop="Pass it to", mentions=[gone])
    delete_agent(gone)
    editor = open_agent(page, web, triage)
    editor.start()
    editor.type("Now. ")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Not saved. The procedure mentions @Gone")).to_be_visible()
    assert triage.live_revision.number == 1
    page.get_by_role("button", name="Save anyway").click()
    expect(page.get_by_text(re.compile("^Saved. The procedure mentions @Gone"))).to_be_visible()
    assert triage.live_revision.aop.startswith("Now. Pass it to")


def test_a_queue_that_nobody_works_is_ticked_or_given_to_another(
    signed_in_page: Page, web: str, make_agent: Make, queue: Queue
) -> None:
    page = signed_in_page
    worker, feeder = make_agent("Worker"), make_agent("Feeder", aop="Close it.")
    make_agent("Boss", mentions=[feeder])
    connect(feeder, [], [queue.pk])
    open_agent(page, web, feeder)
    box = page.get_by_role("checkbox", name="Works the cases of Support")
    finding(page, "no_consumer").get_by_role("button", name="Let it work Support").click()
    expect(box).to_be_checked()
    expect(finding(page, "no_consumer")).to_have_count(0)
    box.uncheck()
    chosen = finding(page, "no_consumer")
    chosen.get_by_label("Agent that works Support").select_option("Worker")
    chosen.get_by_role("button", name="Connect").click()
    expect(finding(page, "no_consumer")).to_have_count(0)
    assert worker.queue_connections.get().queue == queue


def test_a_paused_queue_is_resumed(signed_in_page: Page, web: str, make_agent: Make, queue: Queue) -> None:
    pause_queue(queue)
    open_agent(signed_in_page, web, make_agent("Triage", aop="Close it.", queue=queue))
    finding(signed_in_page, "queue_paused").get_by_role("button", name="Resume Support").click()
    expect(finding(signed_in_page, "queue_paused")).to_have_count(0)
    queue.refresh_from_db()
    assert not queue.is_paused


def test_without_scripts_the_saved_state_is_shown_and_fixed(
    browser: Browser, web: str, transactional_db: None, signed_in: Client, make_agent: Make
) -> None:
    gone = make_agent("Gone")
    triage = make_agent("Triage", aop="Pass it to", mentions=[gone])
    delete_agent(gone)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": signed_in.cookies["sessionid"].value, "url": web}])
    page = context.new_page()
    page.goto(f"{web}/agents/{triage.pk}/")
    text = page.locator("textarea[name=aop]")
    text.fill(f"Typed. {text.input_value()}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Save anyway")).to_be_visible()
    finding(page, "deleted_target").get_by_role("button", name="Remove @Gone").click()
    expect(text).to_have_value("Typed. Pass it to")
    expect(finding(page, "deleted_target")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. New runs use it.")).to_be_visible()
    assert triage.live_revision.aop == "Typed. Pass it to"
    context.close()
