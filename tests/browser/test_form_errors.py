"""What a form says is wrong goes when it is put right."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from builder.models import Agent
from cases.models import Case
from tests.fixtures import Make

from .editors import Editor, open_editor, token


def test_a_required_field_that_is_filled_loses_its_error_and_the_notice(signed_in_page: Page, web: str) -> None:
    page = signed_in_page
    open_editor(page, web).text.focus()
    page.get_by_role("button", name="Save", exact=True).click()
    notice, name = page.locator("[data-refused]"), page.get_by_label("Name", exact=True)
    expect(notice).to_be_visible()
    error = page.locator("#id_name_error")
    expect(error).to_be_visible()
    name.fill("Triage")
    expect(error).to_be_hidden()
    expect(notice).to_be_hidden()
    expect(name).to_have_attribute("aria-invalid", "false")
    name.fill("")
    expect(error).to_be_visible()
    expect(notice).to_be_visible()


def test_the_form_of_a_case_does_so_too(signed_in_page: Page, web: str, queue) -> None:
    page = signed_in_page
    page.goto(web + reverse("case_new", args=[queue.pk]))
    form = page.locator("form.panel")
    form.evaluate("form => (form.noValidate = true)")  # the server refuses it, as what browsers cannot know
    form.locator("button.btn-primary").click()
    error = page.locator("#id_title_error")
    expect(error).to_be_visible()
    page.locator("#id_title").fill("Charged twice")
    expect(error).to_be_hidden()


# --- Names that are no mentions -------------------------------------------------------------------


@pytest.fixture
def editor(signed_in_page: Page, web: str, make_agent: Make[Agent]) -> Editor:
    return open_editor(signed_in_page, web, make_agent("Triage", aop="Complete it when it is paid."))


def test_a_name_typed_without_choosing_it_is_made_a_mention_and_that_is_undone(
    editor: Editor, make_agent: Make[Agent]
) -> None:
    billing = make_agent("Billing")
    editor.end()
    editor.type(" 💶 Else to @billing")
    editor.press("Escape")
    editor.type(" today")
    editor.page.get_by_role("button", name="Mention Billing").click()
    expect(editor.badges).to_have_count(1)
    assert editor.value == f"Complete it when it is paid. 💶 Else to {token(billing)} today"
    expect(editor.page.locator("[data-finding=plain_name]")).to_have_count(0)
    editor.text.focus()
    editor.press("Control+z")
    assert editor.value == "Complete it when it is paid. 💶 Else to @billing today"


def test_a_name_of_nobody_is_created_or_another_agent_is_chosen(editor: Editor, make_agent: Make[Agent]) -> None:
    billing = make_agent("Billing")
    editor.end()
    editor.type(" Else to @Refunds")
    editor.press("Escape")
    editor.type(" or @Bil")
    editor.press("Escape")
    finding = editor.page.locator("[data-finding=unknown_name]")
    expect(finding).to_have_count(2)
    finding.filter(has_text="@Refunds").get_by_role("button", name="Create agent Refunds").click()
    expect(editor.badges).to_have_count(1)
    finding.filter(has_text="@Bil").get_by_role("combobox").select_option(label="Billing")
    finding.filter(has_text="@Bil").get_by_role("button", name="Choose").click()
    expect(editor.badges).to_have_count(2)
    refunds = Agent.objects.get(name="Refunds")
    assert editor.value == f"Complete it when it is paid. Else to {token(refunds)} or {token(billing)}"


# --- What a page says when it cannot do what was asked ---------------------------------------------


def test_a_filter_chosen_without_a_connection_says_so_and_shows_what_the_list_is(
    signed_in_page: Page, web: str, make_case: Make[Case]
) -> None:
    page = signed_in_page
    make_case("Charged twice")
    page.goto(web + reverse("cases"))
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    choice = page.locator("form[role=search] select").first
    before = choice.input_value()
    other = choice.locator("option").nth(1).get_attribute("value")
    assert other is not None
    page.context.set_offline(True)
    choice.select_option(other)
    expect(page.locator("[data-failure]")).to_contain_text("The list was not filtered")
    expect(choice).to_have_value(before)
    page.context.set_offline(False)
    page.locator("[data-failure]").get_by_role("button", name="Try again").click()
    expect(choice).to_have_value(other)
    page.wait_for_url("**=*")


def test_try_it_stays_where_it_is_while_it_loads_when_it_opens_and_after_saving(editor: Editor) -> None:
    page = editor.page
    page.set_viewport_size({"width": 1500, "height": 900})
    page.reload()
    panel = page.locator("details#try")
    expect(panel).to_be_visible()
    closed, width = panel.bounding_box(), editor.text.bounding_box()["width"]  # type: ignore[index]
    page.route("**/try/", lambda route: None)  # never comes
    page.reload()
    waiting = page.locator("#try")
    expect(waiting.get_by_role("heading", name="Try it")).to_be_visible()
    assert waiting.bounding_box() == closed
    page.unroute("**/try/")
    page.reload()
    expect(panel).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    expect(panel.locator("#try-input")).to_be_focused()
    assert page.evaluate("scrollY") == 0
    assert editor.text.bounding_box()["width"] == width  # type: ignore[index]
    panel.locator("#try-input").fill("Charged twice")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. New runs")).to_be_visible()
    expect(panel.locator("#try-input")).to_have_value("Charged twice")
