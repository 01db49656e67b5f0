"""The list of agents behind an @, in Chromium."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from builder.agents.agents import pause_agent
from builder.models import Agent
from cases.models import Queue

from .editors import Editor, open_editor, token

type Make = Callable[..., Any]


@pytest.fixture
def editor(signed_in_page: Page, web: str, make_agent: Make) -> Editor:
    make_agent("Billing Specialist", description="Invoices and refunds.")
    make_agent("Technical Support")
    make_agent("Old Billing")
    return open_editor(signed_in_page, web, make_agent("Triage"))


def agent(name: str) -> Agent:
    return Agent.objects.get(name=name)


def test_at_opens_the_list_where_a_mention_can_begin(editor: Editor) -> None:
    for before in (
        "",
        "to ",
        "(",
        "[",
        "“",
        "first\n",
        "GOAL\n\t",
        "**",
        "-",
        ",",
        "担当",
        "ご連絡は",
        "Billing/",
        "【",
    ):
        editor.clear()
        editor.type(before)
        editor.page.keyboard.insert_text("＠" if before in ("担当", "to ") else "@")
        expect(editor.box).to_be_visible()
        editor.names(["Billing Specialist", "Old Billing", "Technical Support"])
    for before in ("someone", "a.b-c_", "3", "https://social.example/", "www.example.com/users/", "first+"):
        editor.clear()
        editor.type(f"{before}@")
        editor.type("example.com")
        expect(editor.box).to_be_hidden()
    editor.clear()
    editor.type("@ bill")
    expect(editor.box).to_be_hidden()


def test_punctuation_stands_close_to_the_badge_it_follows(editor: Editor) -> None:
    editor.text.focus()
    editor.type("Ask ")
    editor.choose("bill", "Billing Specialist")
    editor.type(". Or ")
    editor.choose("tech", "Technical Support")
    editor.type(" , no")
    billing, support = token(agent("Billing Specialist")), token(agent("Technical Support"))
    assert editor.value == f"Ask {billing}. Or {support} , no", "a space that was typed is the one that came with it"
    editor.press("Control+z")
    assert editor.value == f"Ask {billing}. Or {support} "


def test_typing_on_filters_the_list_with_the_spaces_of_names(editor: Editor) -> None:
    editor.text.focus()
    editor.type("Ask @")
    editor.type("old")
    editor.names(["Old Billing", "Create agent “old”"])
    editor.press("Backspace", "Backspace", "Backspace")
    editor.type("bil")
    editor.names(["Billing Specialist", "Old Billing", "Create agent “bil”"])
    editor.type("ling special")
    expect(editor.rows.first).to_contain_text("Billing Specialist")
    expect(editor.rows.first.locator("b")).to_have_text("Billing Special")
    editor.press("Enter")
    assert editor.value == f"Ask {token(agent('Billing Specialist'))} "
    expect(editor.box).to_be_hidden()


def test_rows_tell_what_the_agent_does_and_where_it_works(
    signed_in_page: Page, web: str, make_agent: Make, queue: Queue
) -> None:
    make_agent("Billing", description="Invoices and refunds.", queue=queue)
    pause_agent(make_agent("Idle"))
    editor = open_editor(signed_in_page, web)
    editor.text.focus()
    editor.type("@")
    expect(editor.row("Billing")).to_contain_text("Invoices and refunds.")
    expect(editor.row("Billing")).to_contain_text("Works Support")
    expect(editor.row("Idle")).to_contain_text("Works no queue · Paused")


def test_keys_choose(editor: Editor) -> None:
    for keys, name in {
        ("Enter",): "Billing Specialist",
        ("Tab",): "Billing Specialist",
        ("ArrowDown", "Enter"): "Old Billing",
        ("ArrowDown", "ArrowDown", "Enter"): "Technical Support",
        ("ArrowUp", "ArrowUp", "Tab"): "Technical Support",  # the last one is the person who is signed in
        ("ArrowDown", "ArrowUp", "Enter"): "Billing Specialist",
    }.items():
        editor.clear()
        editor.type("@")
        expect(editor.row("Technical Support")).to_be_visible()
        editor.press(*keys)
        assert editor.value == f"{token(agent(name))} "
        expect(editor.text).to_be_focused()


def test_the_mouse_chooses(editor: Editor) -> None:
    editor.text.focus()
    editor.type("To @")
    editor.row("Technical Support").hover()
    expect(editor.row("Technical Support")).to_have_attribute("aria-selected", "true")
    editor.row("Technical Support").click()
    expect(editor.text).to_be_focused()
    editor.type("now")
    assert editor.value == f"To {token(agent('Technical Support'))} now"


def test_a_finger_chooses_on_a_phone(editor: Editor, web: str) -> None:
    page = editor.page
    browser = page.context.browser
    assert browser
    phone = browser.new_context(viewport={"width": 390, "height": 760}, has_touch=True, is_mobile=True)
    phone.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    try:
        tab = phone.new_page()
        tab.goto(page.url)
        small = Editor(tab)
        small.text.tap()
        small.type("To @")
        box = small.box.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        small.row("Old Billing").tap()
        assert small.value == f"To {token(agent('Old Billing'))} "
        expect(small.text).to_be_focused()
        tab.keyboard.press("Backspace")
        tab.keyboard.press("Backspace")
        assert small.value == "To "
    finally:
        phone.close()


def test_escape_closes_until_the_text_changes(editor: Editor) -> None:
    editor.text.focus()
    editor.type("To @bil")
    expect(editor.box).to_be_visible()
    editor.press("Escape")
    expect(editor.box).to_be_hidden()
    editor.press("ArrowLeft", "ArrowRight", "Home", "End")
    expect(editor.box).to_be_hidden()
    editor.press("Enter", "Backspace")  # a line more and back: not there
    editor.press("ArrowLeft")
    assert editor.value == "To @bil"
    editor.press("End")
    editor.type("l")
    expect(editor.row("Billing Specialist")).to_be_visible()
    editor.press("Escape")
    editor.page.locator("#id_note").focus()
    editor.end()
    expect(editor.box).to_be_hidden()


def test_leaving_the_words_closes_the_list(editor: Editor) -> None:
    editor.text.focus()
    editor.type("To @bil")
    expect(editor.box).to_be_visible()
    editor.press("Home")
    expect(editor.box).to_be_hidden()
    editor.press("End")
    editor.type("l")
    expect(editor.box).to_be_visible()
    editor.page.locator("#id_note").click()
    expect(editor.box).to_be_hidden()


def test_twenty_rows_are_shown(signed_in_page: Page, web: str, make_agent: Make) -> None:
    for number in range(25):
        make_agent(f"Helper {number:02}")
    editor = open_editor(signed_in_page, web)
    editor.text.focus()
    editor.type("@")
    expect(editor.rows).to_have_count(20)
    expect(editor.element.get_by_role("status")).to_have_text("20 agents, 1 person or group")
    expect(editor.box).to_contain_text("Type on to find others")
    editor.press("ArrowUp", "ArrowUp")
    expect(editor.row("Helper 19")).to_be_in_viewport()
    editor.type("helper 24")
    expect(editor.rows.first).to_contain_text("Helper 24")
    expect(editor.rows.first).to_have_attribute("aria-selected", "true")
    expect(editor.element.get_by_role("status")).to_have_text("6 agents")  # five are spelled like it


def test_it_says_that_it_looks_and_that_nothing_matches(editor: Editor) -> None:
    held: list[Route] = []
    editor.page.route("**/mentions/?*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    editor.text.focus()
    editor.type("@qqq")
    expect(editor.box).to_contain_text("Looking for agents…")
    held[-1].continue_()
    expect(editor.box).to_contain_text("No agent matches")
    expect(editor.element.get_by_role("status")).to_have_text("No agent matches")
    editor.press("Enter")
    assert editor.value == "@qqq\n", "a new line, for nothing was chosen"


def test_it_says_when_the_agents_cannot_be_loaded(editor: Editor) -> None:
    editor.page.route("**/mentions/?*", lambda route: route.abort())
    editor.text.focus()
    editor.type("@bill")
    expect(editor.box).not_to_contain_text("Looking")
    expect(editor.rows).to_have_count(0)
    editor.page.unroute("**/mentions/?*")
    editor.page.context.clear_cookies()
    editor.type("i")
    expect(editor.box).to_contain_text("You are signed out")
    assert editor.value == "@billi"


class Slow:
    """A server that answers what is looked for only when a test says so."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: dict[str, Route] = {}
        page.route("**/mentions/?q=*", self.hold)

    def hold(self, route: Route) -> None:
        self.held[parse_qs(urlsplit(route.request.url).query, keep_blank_values=True)["q"][0]] = route

    def answer(self, words: str) -> None:
        while words not in self.held:
            self.page.wait_for_timeout(20)
        self.held.pop(words).continue_()


@pytest.fixture
def slow(editor: Editor) -> Slow:
    return Slow(editor.page)


def test_who_chooses_before_the_agents_have_come_writes_on(editor: Editor, slow: Slow) -> None:
    editor.text.focus()
    editor.type("To @bil")
    editor.press("Enter")
    expect(editor.box).to_be_hidden()
    editor.type(" and more, or @tech")
    editor.press("Tab")
    editor.type(". Then @old")
    assert editor.value == "To @bil and more, or @tech. Then @old"
    slow.answer("bil")
    expect(editor.badges).to_have_count(1)
    expect(editor.box).to_be_visible()  # the third mention is still being typed
    editor.type(" b")
    slow.answer("tech")
    expect(editor.badges).to_have_count(2)
    slow.answer("old b")
    expect(editor.row("Old Billing")).to_have_attribute("aria-selected", "true")
    editor.press("Enter")
    editor.type(".")
    billing, tech, old = (token(agent(name)) for name in ("Billing Specialist", "Technical Support", "Old Billing"))
    assert editor.value == f"To {billing} and more, or {tech}. Then {old}."
    editor.press(*["Control+z"] * 9)
    assert editor.value == ""


def test_a_choice_that_finds_nothing_late_was_a_new_line(editor: Editor, slow: Slow) -> None:
    editor.text.focus()
    editor.type("Ask @qqq")
    editor.press("Enter")
    editor.type("Then @bi")
    editor.press("Enter")
    editor.press("Backspace")  # it was not meant: the list is back
    expect(editor.box).to_be_visible()
    slow.answer("qqq")
    slow.answer("bi")
    slow.answer("b")
    expect(editor.row("Billing Specialist")).to_be_visible()
    editor.press("Escape")
    assert editor.value == "Ask @qqq\nThen @b"
    expect(editor.badges).to_have_count(0)


def test_an_agent_is_replaced_by_one_chosen_before_the_agents_have_come(editor: Editor, slow: Slow) -> None:
    editor.text.focus()
    editor.type("@bil")
    editor.press("Enter")
    slow.answer("bil")
    expect(editor.badges).to_have_count(1)
    editor.press("ArrowLeft", "ArrowLeft", "Enter")
    expect(editor.card.get_by_role("button", name="Replace")).to_be_focused()
    editor.press("Enter")
    expect(editor.page.get_by_role("combobox", name="Replace with")).to_be_focused()
    editor.type("tech")
    editor.press("Enter")
    expect(editor.box).to_contain_text("Looking for agents")
    slow.answer("tech")
    expect(editor.text).to_be_focused()
    editor.type("!")
    assert editor.value == f"{token(agent('Technical Support'))}! "


def test_saving_waits_for_the_mention_that_was_chosen(editor: Editor, slow: Slow) -> None:
    editor.end()
    editor.type("To @tech")
    editor.press("Enter")
    editor.type("at once")
    editor.press("Control+s")
    with editor.page.expect_navigation():
        slow.answer("tech")
    assert editor.value == f"To {token(agent('Technical Support'))} at once"
    assert agent("Triage").live_revision.aop == editor.value


def test_an_agent_is_created_from_the_last_row(editor: Editor) -> None:
    editor.text.focus()
    editor.type("To @Refund  checker")
    row = editor.row("Create agent “Refund checker”")
    expect(row).to_be_visible()
    expect(row).to_have_attribute("aria-selected", "false")
    editor.press("ArrowUp", "Enter")
    expect(editor.badges).to_have_count(1)
    made = agent("Refund checker")
    assert editor.value == f"To {token(made)} "
    assert made.live_revision.aop == ""
    editor.type("@bill")
    expect(editor.rows.last).to_have_text("+Create agent “bill”")
    editor.press("Escape")


def test_a_sentence_that_goes_on_closes_the_list(editor: Editor) -> None:
    editor.text.focus()
    editor.type("Write to @home or whoever it may be")
    expect(editor.box).to_be_hidden()
    editor.press("Enter")
    assert editor.value == "Write to @home or whoever it may be\n"


def test_who_works_none_of_the_queues_is_disabled_with_the_reason(
    signed_in_page: Page, web: str, make_agent: Make, make_queue: Make, queue: Queue
) -> None:
    make_agent("Near", queue=queue)
    far: Agent = make_agent("Far", queue=make_queue("Other"))
    triage = make_agent("Triage", queue=queue, mentions=[far])
    editor = open_editor(signed_in_page, web, triage)
    expect(editor.badges.locator(".mention")).to_have_attribute("data-status", "unavailable")
    editor.end()
    editor.type(" @")
    row = editor.row("Far")
    expect(row).to_have_attribute("aria-disabled", "true")
    expect(row).to_contain_text("Far works none of Triage’s queues.")
    expect(editor.row("Near")).to_have_attribute("aria-selected", "true")
    before = editor.value
    row.click(force=True)
    editor.press("Enter")
    assert editor.value == before
    expect(editor.element.get_by_role("status")).to_have_text("Far works none of Triage’s queues.")
    editor.press("Escape")

    # What the form says counts, saved or not, and so does the question that was asked last.
    held: list[Route] = []
    asks, page = "**/mentions/?*", editor.page
    page.route(asks, lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    with page.expect_request(asks):
        editor.element.dispatch_event("live")
    with page.expect_request(asks):
        page.get_by_label("Works the cases of Support").evaluate("box => box.click()")  # on another tab
    earlier, later = held
    later.continue_()
    expect(editor.badges.locator(".mention")).to_have_attribute("data-status", "ok")
    with page.expect_response(asks):
        earlier.continue_()
    page.unroute(asks)
    page.evaluate("() => fetch('/healthz').then((answer) => answer.text())")  # by then the page has read it
    expect(editor.badges.locator(".mention")).to_have_attribute("data-status", "ok")
    editor.end()
    editor.type("F")
    expect(editor.row("Far")).not_to_have_attribute("aria-disabled", "true")


def test_the_agent_itself_and_other_teams_are_not_listed(
    signed_in_page: Page, web: str, make_agent: Make, make_team: Make
) -> None:
    make_agent("Billing Abroad", of=make_team())
    editor = open_editor(signed_in_page, web, make_agent("Billing"))
    editor.text.focus()
    editor.type("@bill")
    expect(editor.box).to_contain_text("No agent matches")


def test_composing_neither_closes_nor_doubles(editor: Editor, make_agent: Make) -> None:
    made = make_agent("日本語サポート")
    session = editor.page.context.new_cdp_session(editor.page)
    editor.text.focus()
    editor.type("To @")
    expect(editor.row("日本語サポート")).to_be_visible()
    for words in ("n", "に", "にほ", "にほん"):
        session.send(
            "Input.imeSetComposition", {"text": words, "selectionStart": len(words), "selectionEnd": len(words)}
        )
    expect(editor.box).to_be_visible()
    assert editor.value == "To @にほん"
    # The key that ends a composition is no choice.
    editor.text.evaluate(
        """e => e.dispatchEvent(
          new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true, bubbles: true })
        )"""
    )
    session.send("Input.insertText", {"text": "日本"})
    assert editor.value == "To @日本"
    expect(editor.row("日本語サポート")).to_have_attribute("aria-selected", "true")
    editor.press("Enter")
    assert editor.value == f"To {token(made)} "
    session.send("Input.imeSetComposition", {"text": "す", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.insertText", {"text": "酢"})
    assert editor.value == f"To {token(made)} 酢"


def test_screen_readers_hear_a_textbox_with_a_list(editor: Editor) -> None:
    text = editor.text
    expect(text).to_have_attribute("aria-multiline", "true")
    assert text.get_attribute("aria-controls") is None
    text.focus()
    editor.type("@")
    expect(editor.row("Billing Specialist")).to_be_visible()
    expect(text).to_have_attribute("aria-controls", str(editor.list.get_attribute("id")))
    expect(text).to_have_attribute("aria-activedescendant", str(editor.rows.first.get_attribute("id")))
    editor.press("ArrowDown")
    expect(text).to_have_attribute("aria-activedescendant", str(editor.rows.nth(1).get_attribute("id")))
    editor.press("Escape")
    assert text.get_attribute("aria-controls") is None
    assert text.get_attribute("aria-activedescendant") is None


def test_names_are_text_and_never_markup(signed_in_page: Page, web: str, make_agent: Make) -> None:
    evil = "<img src=x onerror=alert(1)> [x](agent:y) \\"
    made = make_agent(evil, description=evil)
    editor = open_editor(signed_in_page, web)
    editor.text.focus()
    editor.type("@<img")
    expect(editor.row(evil).locator(".mention-option-name")).to_have_text(evil)
    editor.press("Enter")
    expect(editor.badges).to_have_text(evil)
    escaped = evil.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    assert editor.value == f"@[{escaped}](agent:{made.pk}) "
