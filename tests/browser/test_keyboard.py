"""The palette and the keys, which need no mouse and keep out of the way while someone types."""

import re

from playwright.sync_api import Page, expect

from cases.models import Queue
from tests.fixtures import Make


def test_the_palette_leads_anywhere_by_the_keyboard(
    signed_in_page: Page, web: str, make_agent: Make, make_case: Make
) -> None:
    agent, case = make_agent("Billing Specialist", aop="Check."), make_case("Charged twice")
    page = signed_in_page
    page.goto(f"{web}/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search and commands")
    expect(field).to_be_focused()
    page.keyboard.type("bill")
    page.keyboard.press("Enter")  # before the server can have answered
    page.wait_for_url(f"{web}/agents/{agent.pk}/")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    page.keyboard.press("e")
    procedure = page.get_by_role("textbox", name="Procedure", exact=True)
    expect(procedure).to_be_focused()
    expect(procedure).to_have_text("Check.")

    page.get_by_role("link", name="Search or run a command").click()
    recent = page.get_by_role("option", name="Billing Specialist")
    expect(recent).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")  # round to the last line
    expect(recent).to_have_attribute("aria-selected", "false")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "none")
    field.fill("#1")
    expect(page.locator("#palette-list [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{web}/cases/{case.pk}/")

    page.keyboard.press("Control+k")
    page.keyboard.type("theme dark")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_dialogs_begin_at_what_they_ask_and_lead_back(signed_in_page: Page, web: str, make_case: Make) -> None:
    case = make_case("Charged twice")
    page, keys = signed_in_page, signed_in_page.keyboard
    page.goto(f"{web}/cases/{case.pk}/")
    more = page.get_by_role("button", name="More")
    more.focus()
    for line, focused in [
        ("Mark as failed…", page.locator("#reason")),
        ("Delete…", page.locator("#delete form .btn").first),
    ]:
        keys.press("Enter")
        page.get_by_role("button", name=line).focus()
        keys.press("Enter")
        expect(focused).to_be_focused()
        keys.press("Escape")
        expect(more).to_be_focused()
    keys.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_focused()
    keys.press("Escape")

    page.get_by_role("button", name="Complete").first.focus()
    keys.press("Enter")
    expect(page.locator("#summary")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("#1 is completed.")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")  # its scripts are there
    keys.press("z")
    expect(page.locator("#toasts")).not_to_contain_text("#1 is completed.")
    case.refresh_from_db()
    assert case.status == "pending"


def test_forms_for_something_new_begin_in_their_first_field(
    signed_in_page: Page, web: str, make_agent: Make, queue: Queue
) -> None:
    page, agent = signed_in_page, make_agent("Triage")
    for address, name in [
        ("/agents/new/", "name"),
        ("/queues/new/", "name"),
        (f"/queues/{queue.pk}/cases/new/", "title"),
        (f"/agents/{agent.pk}/schedules/new/", "every"),
        ("/settings/webhooks/new/", "url"),
        ("/settings/tools/new/", "name"),
        ("/settings/models/new/", "provider"),
    ]:
        page.goto(web + address)
        expect(page.locator(f"#content [name={name}]:focus")).to_have_count(1)


def test_single_keys_go_places_and_are_silent_while_one_types(signed_in_page: Page, web: str, make_case: Make) -> None:
    first, second = make_case(), make_case()
    page = signed_in_page
    page.goto(f"{web}/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url(f"{web}/cases/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{web}/cases/{first.pk}/")  # the newest stands first
    page.keyboard.press("e")
    page.wait_for_url(f"{web}/cases/{first.pk}/edit/")
    page.get_by_label("Title").focus()
    page.keyboard.type("ga?")
    expect(page.get_by_label("Title")).to_have_value(re.compile("ga\\?"))

    page.goto(f"{web}/cases/{second.pk}/")
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("Control+k")  # goes on working
    expect(page.get_by_role("combobox", name="Search and commands")).to_be_focused()
    expect(page).to_have_url(f"{web}/cases/{second.pk}/")
