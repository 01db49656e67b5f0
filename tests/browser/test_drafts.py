"""Drafts as a browser keeps them: over a reload, between two pages, and without a connection."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from builder.agents.agents import save_agent
from builder.history.drafts import Known, draft_of, save_draft
from builder.models import Agent


@pytest.fixture
def agent(make_agent: Callable[..., Agent]) -> Agent:
    return make_agent("Triage", aop="One.")


@pytest.fixture
def first(signed_in_page: Page, web: str, agent: Agent) -> Page:
    return opened(signed_in_page, web, agent)


@pytest.fixture
def second(first: Page, web: str, agent: Agent) -> Page:
    """Another window of the same person."""
    return opened(first.context.new_page(), web, agent)


def opened(page: Page, web: str, agent: Agent) -> Page:
    page.goto(f"{web}/agents/{agent.pk}/")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    return page


def write(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Procedure").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def line(page: Page) -> Locator:
    return page.locator(".draft-line")


def text(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Procedure")


def test_what_is_typed_is_kept_over_a_reload_until_it_is_discarded(first: Page, agent: Agent) -> None:
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    first.on("dialog", accept)
    write(first, " Two.")
    expect(line(first)).to_contain_text("Draft saved")
    first.reload()
    assert asked == [], "nothing is lost by leaving"
    expect(text(first)).to_have_text("One. Two.")
    expect(line(first)).to_contain_text("You have unsaved changes from")
    assert agent.live_revision.aop == "One."
    line(first).get_by_role("button", name="Discard").click()
    first.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(first.get_by_text("The unsaved changes have been discarded.")).to_be_visible()
    expect(text(first)).to_have_text("One.")
    assert draft_of(agent) is None


def test_save_makes_the_draft_live_with_a_note(first: Page, agent: Agent) -> None:
    write(first, " Two.")
    first.get_by_label("What changed (optional)").fill("Two added")
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.get_by_text("Saved. New runs")).to_be_visible()
    expect(line(first)).not_to_contain_text("unsaved")
    live = agent.live_revision
    assert (live.aop, live.note) == ("One. Two.", "Two added")
    assert draft_of(agent) is None


def test_the_draft_is_offered_as_a_choice_when_two_pages_write(first: Page, second: Page, agent: Agent) -> None:
    write(first, " First.")
    expect(line(first)).to_contain_text("Draft saved")
    write(second, " Second.")
    choice = second.locator(".conflict")
    expect(choice).to_contain_text("You, in another window")
    expect(choice.get_by_role("region", name="My text")).to_have_text("One. Second.")
    expect(choice.get_by_role("region", name="Their text")).to_have_text("One. First.")
    write(second, " More.")
    expect(line(second)).to_contain_text("Kept in this browser until you choose")
    draft = draft_of(agent)
    assert draft is not None
    assert draft.aop == "One. First."

    choice.get_by_role("button", name="Keep mine").click()
    expect(line(second)).to_contain_text("Draft saved")
    expect(choice).to_have_count(0)
    draft = draft_of(agent)
    assert draft is not None
    assert draft.aop == "One. Second. More."

    write(first, " Again.")
    first.locator(".conflict").get_by_role("link", name="Take theirs").click()
    expect(text(first)).to_have_text("One. Second. More.")
    expect(line(first)).to_contain_text("Draft saved")


def test_both_texts_stay_open_until_one_is_kept(first: Page, second: Page, agent: Agent) -> None:
    write(first, " First.")
    expect(line(first)).to_contain_text("Draft saved")
    write(second, " Second.")
    choice = second.locator(".conflict")
    choice.get_by_role("button", name="Open both").click()
    expect(choice.get_by_role("region", name="My text")).to_be_hidden()
    expect(choice.get_by_role("region", name="Their text")).to_be_visible()
    write(second, " And the first.")
    choice.get_by_role("button", name="Keep mine, as it stands in the editor").click()
    expect(line(second)).to_contain_text("Draft saved")
    draft = draft_of(agent)
    assert draft is not None
    assert draft.aop == "One. Second. And the first."


def test_saving_over_what_someone_made_live_is_the_same_choice(first: Page, agent: Agent) -> None:
    write(first, " Mine.")
    expect(line(first)).to_contain_text("Draft saved")
    save_agent(agent, aop="Theirs.")
    first.get_by_role("button", name="Save", exact=True).click()
    choice = first.locator(".conflict")
    expect(choice).to_contain_text("Someone saved revision 2")
    choice.get_by_role("button", name="Take theirs").click()
    expect(text(first)).to_have_text("Theirs.")
    expect(line(first)).to_contain_text("Nothing differs from what is live")
    assert draft_of(agent) is None
    write(first, " And mine.")
    first.get_by_role("button", name="Save", exact=True).click()
    expect(first.get_by_text("Saved. New runs")).to_be_visible()
    assert agent.live_revision.aop == "Theirs. And mine."


def test_without_a_connection_the_browser_keeps_it_and_sends_it_later(first: Page, agent: Agent) -> None:
    first.context.set_offline(True)
    write(first, " Offline.")
    expect(line(first)).to_contain_text("No connection. What you type is kept in this browser")
    assert draft_of(agent) is None
    first.context.set_offline(False)
    expect(line(first)).to_contain_text("Draft saved")
    draft = draft_of(agent)
    assert draft is not None
    assert draft.aop == "One. Offline."


def test_what_could_not_be_sent_outlives_its_tab(first: Page, web: str, agent: Agent) -> None:
    first.context.set_offline(True)
    write(first, " Offline.")
    expect(line(first)).to_contain_text("No connection.")
    another = first.context.new_page()
    first.close()
    another.context.set_offline(False)
    opened(another, web, agent)
    expect(text(another)).to_have_text("One. Offline.")
    # The browser may have sent it by itself the moment it could.
    expect(line(another)).to_contain_text(re.compile("Draft saved|unsaved changes"))
    draft = draft_of(agent)
    assert draft is not None
    assert draft.aop == "One. Offline."


def test_what_waited_does_not_replace_what_came_in_the_meantime(first: Page, web: str, agent: Agent) -> None:
    first.context.set_offline(True)
    write(first, " Offline.")
    expect(line(first)).to_contain_text("No connection.")
    theirs = save_draft(agent, "In the meantime.", "offline", known=Known(revision=1), author=None)
    another = first.context.new_page()
    first.close()
    another.context.set_offline(False)
    opened(another, web, agent)
    expect(another.locator(".conflict").get_by_role("region", name="Their text")).to_have_text("In the meantime.")
    assert draft_of(agent) == theirs


def test_the_plain_field_is_kept_too(first: Page, web: str, agent: Agent) -> None:
    first.route("**/mention-editor*.js", lambda route: route.abort())
    opened(first, web, agent)
    field = first.locator("textarea[name=aop]")
    field.fill("One. Plain.")
    expect(line(first)).to_contain_text("Draft saved")
    first.reload()
    expect(field).to_have_value("One. Plain.")
