"""What an agent needs to be told, as chips and a small form below its procedure, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from builder.models import Agent

from .axe import faults
from .editors import Editor, open_editor

type Make = Callable[..., Any]

AOP = "Refund it.\n\nNEEDS\n- order number\n- amount: number\n- plan: one of free, team (optional)\n\nNOTES\n- Be kind."


@pytest.fixture
def agent(make_agent: Make) -> Agent:
    made: Agent = make_agent("Billing", aop=AOP)
    return made


@pytest.fixture
def editor(signed_in_page: Page, web: str, agent: Agent) -> Editor:
    return open_editor(signed_in_page, web, agent)


def chips(editor: Editor) -> Locator:
    return editor.page.locator(".need-chip")


def test_the_fields_are_chips_that_are_edited_with_the_keyboard(editor: Editor, agent: Agent) -> None:
    """Each act rewrites one line and leaves the rest of the text as it is; saved, it is what the agent needs."""
    page = editor.page
    expect(chips(editor)).to_have_text(["order number", "amountnumber", "planone of free, team, optional"])
    chips(editor).nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".need-form").get_by_label("Name", exact=True)).to_be_focused()
    form = page.get_by_role("group", name="Field amount")
    form.get_by_label("Name").fill("Order Number")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_have_text("“Order Number” is listed already.")
    form.get_by_label("Name").fill("sum due")
    form.get_by_label("Required").uncheck()
    form.get_by_label("Name").press("Enter")
    expect(chips(editor).nth(1)).to_be_focused()
    assert "- sum due: number (optional)\n- plan: one of" in editor.value
    page.get_by_role("button", name="Add field").click()
    new = page.get_by_role("group", name="New field")
    new.get_by_label("Name").fill("due day: now")
    new.get_by_label("Type").select_option("One of")
    new.get_by_role("button", name="Add").click()
    expect(new.get_by_role("alert")).to_have_text("Enter at least two choices, separated by commas.")
    new.get_by_label("Type").select_option("Date")
    new.get_by_role("button", name="Add").click()
    chips(editor).nth(0).click()
    page.get_by_role("group", name="Field order number").get_by_role("button", name="Remove").click()
    wanted = AOP.replace("- order number\n", "").replace("- amount: number", "- sum due: number (optional)")
    assert editor.value == wanted.replace("(optional)\n\nNOTES", "(optional)\n- due day now: date\n\nNOTES")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("Saved.").first).to_be_visible()
    agent = Agent.objects.get(pk=agent.pk)
    assert [need["name"] for need in agent.live_revision.needs] == ["sum due", "plan", "due day now"]


def test_typing_in_the_text_changes_the_chips_and_undo_brings_a_field_back(editor: Editor) -> None:
    page = editor.page
    editor.start()
    editor.type("x")
    chips(editor).nth(0).click()
    page.get_by_role("button", name="Remove").click()
    expect(chips(editor)).to_have_count(2)
    editor.text.focus()
    editor.press("Control+z")
    expect(chips(editor)).to_have_count(3)
    editor.clear()
    expect(chips(editor)).to_have_count(0)
    page.get_by_role("button", name="Add field").click()
    page.get_by_role("group", name="New field").get_by_label("Name").fill("order number")
    page.keyboard.press("Enter")
    assert editor.value.strip() == "NEEDS\n- order number"
    editor.end()
    editor.type("\nurgent: maybe")
    expect(chips(editor).nth(1)).to_have_class("need-chip is-wrong")


def test_the_section_is_folded_into_the_chips_and_back(editor: Editor) -> None:
    """The lines stand behind their heading; anyone who goes there with the caret, or asks for the text, sees them."""
    page, line = editor.page, editor.text.get_by_text("- amount: number")
    expect(line).to_be_hidden()
    expect(editor.text.get_by_text("- Be kind.")).to_be_visible()
    chips(editor).nth(1).click()
    page.get_by_role("group", name="Field amount").get_by_label("Name").fill("sum due")
    page.keyboard.press("Enter")
    expect(editor.text.get_by_text("- sum due: number")).to_be_hidden()
    assert editor.value == AOP.replace("amount", "sum due"), "the text is the truth"
    page.get_by_role("button", name="Edit as text").click()
    expect(editor.text.get_by_text("- sum due: number")).to_be_visible()
    page.get_by_role("button", name="Hide text").click()
    expect(editor.text.get_by_text("- sum due: number")).to_be_hidden()
    editor.text.get_by_text("NEEDS").click()
    expect(editor.text.get_by_text("- sum due: number")).to_be_visible()
    expect(page.get_by_role("button", name="Hide text")).to_be_visible()


def test_an_open_form_stands_clear_of_the_bar_that_saves(editor: Editor) -> None:
    editor.page.set_viewport_size({"width": 1440, "height": 420})
    chips(editor).nth(2).click()
    cancel = editor.page.get_by_role("group", name="Field plan").get_by_role("button", name="Cancel")
    cancel.click(trial=True, timeout=3000)  # nothing lies over it


def test_an_open_form_has_no_accessibility_violations(editor: Editor) -> None:
    chips(editor).nth(2).click()
    assert faults(editor.page) == []
