"""Badges in the text of a procedure, in Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from builder.agents import agents
from builder.models import Agent
from cases.models import Queue
from tests.fixtures import mention

from .editors import Editor, open_editor, token

type Make = Callable[..., Any]


@pytest.fixture
def billing(make_agent: Make, queue: Queue) -> Agent:
    made: Agent = make_agent("Billing", description="Invoices and refunds.", queue=queue)
    return made


@pytest.fixture
def editor(signed_in_page: Page, web: str, make_agent: Make, billing: Agent) -> Editor:
    page = signed_in_page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return open_editor(page, web, make_agent("Triage", aop=f"Ask {token(billing)} now."))


def test_each_status_has_its_colour_its_icon_and_its_words(
    signed_in_page: Page, web: str, make_agent: Make, make_queue: Make, billing: Agent, queue: Queue
) -> None:
    far = make_agent("Far", queue=make_queue("Other"))
    gone = make_agent("Gone", queue=queue)
    triage = make_agent("Triage", mentions=[billing, far, gone], queue=queue)
    agents.save_agent(triage, aop=mention(triage.live_revision.aop, triage))
    agents.delete_agent(gone)
    answers: list[str] = []
    signed_in_page.on("request", lambda request: answers.append(request.url) if "/mentions/" in request.url else None)
    signed_in_page.route("**/live/**", lambda route: route.abort())  # it tells of the agents that were just made
    editor = open_editor(signed_in_page, web, triage)
    seen = editor.badges.evaluate_all(
        """all => all.map(badge => ({
          status: badge.firstElementChild.dataset.status, label: badge.getAttribute("aria-label"),
          role: badge.getAttribute("role"), text: badge.textContent.trim(), icon: badge.querySelector("svg").innerHTML,
          colour: getComputedStyle(badge.firstElementChild).color,
        }))"""
    )
    assert [badge["status"] for badge in seen] == ["ok", "unavailable", "deleted", "self"]
    assert [badge["label"] for badge in seen] == [
        "agent Billing",
        "agent Far, cannot take over here",
        "agent Gone, deleted",
        "agent Triage, this agent itself",
    ]
    assert [badge["text"] for badge in seen] == ["Billing", "Far", "Gone", "Triage"]
    assert {badge["role"] for badge in seen} == {"img"}
    assert len({badge["colour"] for badge in seen}) == 4
    assert len({badge["icon"] for badge in seen[:3]}) == 3
    assert answers == [], "what the page holds is not asked for again: the colours do not flash"


def test_a_badge_is_removed_as_one(editor: Editor, billing: Agent) -> None:
    editor.text.focus()
    for place, key in (("Billing", "Backspace"), ("Ask ", "Delete")):
        position = 1 + len("Ask ") + (place == "Billing")
        editor.element.evaluate(
            """(e, position) => { const { state } = e.view; e.view.focus();
              e.view.dispatch(state.tr.setSelection(state.selection.constructor.create(state.doc, position))); }""",
            position,
        )
        editor.press(key)
        assert editor.value == "Ask  now."
        editor.press("Control+z")
        assert editor.value == f"Ask {token(billing)} now."
        expect(editor.badges).to_have_count(1)


def test_the_caret_stands_before_and_after_every_badge(
    signed_in_page: Page, web: str, make_agent: Make, billing: Agent
) -> None:
    badge = token(billing)
    editor = open_editor(signed_in_page, web, make_agent("Triage", aop=f"{badge}{badge}\n{badge}"))
    editor.start()
    editor.type("a")
    assert editor.value == f"a{badge}{badge}\n{badge}"
    editor.press("End")
    editor.type("b")
    assert editor.value == f"a{badge}{badge}b\n{badge}"
    editor.press("ArrowLeft", "ArrowLeft", "ArrowLeft")  # b, onto the badge, before it
    editor.type("c")
    assert editor.value == f"a{badge}c{badge}b\n{badge}"
    editor.press("ArrowDown", "Home")
    editor.type("d")
    assert editor.value == f"a{badge}c{badge}b\nd{badge}"
    editor.press("Backspace", "Delete")
    assert editor.value == f"a{badge}c{badge}b\n"


def test_typing_on_a_selected_badge_goes_behind_it(editor: Editor, billing: Agent) -> None:
    editor.badges.click()
    expect(editor.badges).to_have_class("mention-badge is-selected")
    editor.type("!")
    assert editor.value == f"Ask {token(billing)}! now."


def test_the_card_tells_of_the_agent_and_leads_to_it(editor: Editor, billing: Agent) -> None:
    editor.badges.hover()
    expect(editor.card).to_be_visible()
    for words in ("Billing", "Invoices and refunds.", "Works Support.", "May ask a person."):
        expect(editor.card).to_contain_text(words)
    expect(editor.card.get_by_role("link", name="Open agent")).to_have_attribute("href", f"/agents/{billing.pk}/")
    editor.card.hover()
    expect(editor.card).to_be_visible()
    editor.page.mouse.move(0, 0)
    expect(editor.card).to_be_hidden()


def test_the_card_works_with_the_keyboard(editor: Editor) -> None:
    editor.start()
    for position in (2, 3, 4, 5, 6):  # the last one selects the badge
        editor.press("ArrowRight")
        editor.stands_at(position)
    expect(editor.card).to_be_visible()
    expect(editor.element.get_by_role("status")).to_have_text("agent Billing. Enter for what to do with it.")
    editor.press("Enter")
    expect(editor.card.get_by_role("button", name="Replace")).to_be_focused()
    editor.press("ArrowRight")
    expect(editor.card.get_by_role("button", name="Remove")).to_be_focused()
    editor.press("Escape")
    expect(editor.text).to_be_focused()
    editor.press("Enter", "ArrowRight", "Enter")
    assert editor.value == "Ask now."
    expect(editor.text).to_be_focused()
    expect(editor.card).to_be_hidden()


def test_a_deleted_agent_is_replaced_or_removed(
    signed_in_page: Page, web: str, make_agent: Make, billing: Agent
) -> None:
    gone = make_agent("Gone")
    triage = make_agent("Triage", aop=f"Ask {token(gone)}, then {token(gone)}.")
    agents.delete_agent(gone)
    editor = open_editor(signed_in_page, web, triage)
    editor.badges.first.hover()
    expect(editor.card).to_contain_text("This agent was deleted.")
    editor.card.get_by_role("button", name="Replace").click()
    field = editor.page.get_by_role("combobox", name="Replace with")
    expect(field).to_be_focused()
    expect(editor.row("Billing")).to_be_visible()
    editor.press("Escape")
    expect(editor.text).to_be_focused()
    assert editor.value == f"Ask {token(gone)}, then {token(gone)}."

    editor.badges.first.hover()
    editor.card.get_by_role("button", name="Replace").click()
    editor.type("bil")
    expect(editor.rows.first).to_have_attribute("aria-selected", "true")
    editor.names(["Billing", "Create agent “bil”"])
    editor.press("Enter")
    assert editor.value == f"Ask {token(billing)}, then {token(gone)}."
    editor.badges.last.click()
    editor.card.get_by_role("button", name="Remove").click()
    assert editor.value == f"Ask {token(billing)}, then ."
    editor.press("Control+z")
    assert editor.value == f"Ask {token(billing)}, then {token(gone)}."
    editor.press("Control+z")
    assert editor.value == f"Ask {token(gone)}, then {token(gone)}."


def test_badges_follow_their_agents(editor: Editor, billing: Agent) -> None:
    expect(editor.page.locator("live-stream")).to_have_attribute("data-state", "live")
    before = editor.value
    agents.save_agent(billing, name="Money")
    expect(editor.badges).to_have_text("Money")
    agents.delete_agent(billing)
    expect(editor.badges.locator(".mention")).to_have_attribute("data-status", "deleted")
    expect(editor.badges).to_have_attribute("aria-label", "agent Money, deleted")
    assert editor.value == before, "names are only shown: nobody touched the text"


def test_copies_keep_badges_and_are_tokens_elsewhere(
    editor: Editor, web: str, make_agent: Make, billing: Agent
) -> None:
    text = f"Ask {token(billing)} now."
    editor.text.focus()
    editor.press("Control+a", "Control+c")
    assert editor.page.evaluate("() => navigator.clipboard.readText()") == text
    editor.press("Control+End", "Enter", "Control+v")
    assert editor.value == f"{text}\n{text}"
    editor.press("Control+a", "Control+x")
    assert editor.value == ""
    editor.press("Control+v")
    assert editor.value == f"{text}\n{text}"
    expect(editor.badges).to_have_count(2)

    editor.page.locator("#id_note").focus()
    editor.page.locator("#id_note").fill("")
    editor.press("Control+v")
    expect(editor.page.locator("#id_note")).to_have_value(f"{text} {text}")

    page = editor.page.context.new_page()
    other = open_editor(page, web, make_agent("Other"))
    other.text.focus()
    other.press("Control+v")
    assert other.value == f"{text}\n{text}"
    expect(other.badges).to_have_count(2)
    page.close(run_before_unload=False)


def test_what_is_pasted_as_a_token_is_a_badge_and_a_strangers_is_red(
    editor: Editor, make_team: Make, make_agent: Make
) -> None:
    stranger = make_agent("Stranger", of=make_team())
    editor.clear()
    editor.paste(plain=f"Ask {token(stranger)}.\r\nThen\x00 stop.")
    assert editor.value == f"Ask {token(stranger)}.\nThen stop."
    expect(editor.badges.locator(".mention")).to_have_attribute("data-status", "unknown")
    expect(editor.badges).to_have_attribute("aria-label", "agent Stranger, not of your team")


def test_undo_and_redo_never_tear_a_mention(editor: Editor, billing: Agent) -> None:
    editor.clear()
    editor.type("Send it to ")
    editor.choose("bil", "Billing")
    editor.type("today")
    done = f"Send it to {token(billing)} today"
    assert editor.value == done
    seen = []
    for _ in range(6):
        editor.press("Control+z")
        seen.append(editor.value)
    assert seen[0] == f"Send it to {token(billing)} ", "typing is undone by itself"
    assert seen[1] == "Send it to @bil", "the mention is undone by itself"
    assert all("agent:" not in text or token(billing) in text for text in seen)
    expect(editor.box).to_be_hidden()
    for _ in range(6):
        editor.press("Control+y")
    assert editor.value == done
