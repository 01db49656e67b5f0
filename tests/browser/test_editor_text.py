"""The text of a procedure in the editor: what is kept, what is sent, how it is written. In Chromium."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from builder.agents import agents
from builder.models import Agent

from .editors import Editor, open_editor, token

type Make = Callable[..., Any]


@pytest.fixture
def editor(signed_in_page: Page, web: str, make_agent: Make) -> Editor:
    return open_editor(signed_in_page, web, make_agent("Triage"))


def saved(name: str = "Triage") -> str:
    return str(Agent.objects.get(name=name).live_revision.aop)


def save(editor: Editor) -> None:
    editor.press("Control+s")
    expect(editor.page.get_by_text("Saved. ").first).to_be_visible()


def test_saving_rewrites_nothing_that_nobody_touched(signed_in_page: Page, web: str, make_agent: Make) -> None:
    other = make_agent("A [b] \\c")
    badge = f"@[A \\[b\\] \\\\c](agent:{other.pk})"
    text = (
        f"\n  GOAL  \n\n\n* *one*  two   three\n\t- `x` <b>&amp;</b> @[no](agent:x) {badge}{badge}\n"
        f"1) a\n1) b\n# {badge}\n🙂 e\u0301 日本 \u00a0x\u2028y\n   \n"
    )
    triage = make_agent("Triage")
    agents.save_agent(triage, aop=text)
    editor = open_editor(signed_in_page, web, triage)
    assert editor.value == text
    expect(editor.badges).to_have_count(3)
    editor.end()
    editor.type("x")
    editor.press("Backspace")
    editor.page.get_by_role("link", name="Setup").click()
    editor.page.get_by_role("textbox", name="Name", exact=True).fill("Sorting")
    save(editor)
    assert saved("Sorting") == text


def test_who_writes_before_the_script_is_there_writes_on(signed_in_page: Page, web: str, make_agent: Make) -> None:
    page, triage = signed_in_page, make_agent("Triage")
    agents.save_agent(triage, aop="GOAL\nEnd.")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/mention-editor*.js", hold)
    page.goto(f"{web}/agents/{triage.pk}/", wait_until="commit")
    page.get_by_role("textbox", name="Procedure", exact=True).focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.keyboard.type("\nFir")
    page.wait_for_timeout(100)
    held[0].continue_()
    editor = Editor(page)
    expect(editor.text).to_be_focused()
    editor.type("st.")
    assert editor.value == "GOAL\nFirst.\nEnd."


def test_the_form_posts_what_was_typed_a_moment_ago(editor: Editor) -> None:
    editor.text.focus()
    editor.type("First.\nSecond.")
    save(editor)
    assert saved() == "First.\nSecond."
    expect(editor.text).to_be_focused()
    editor.type(" Third.")
    assert editor.value == "First.\nSecond. Third.", "the caret stands where it stood"
    editor.page.get_by_role("button", name="Save", exact=True).click()
    expect(editor.page.get_by_text("Saved. ").first).to_be_visible()
    assert saved() == "First.\nSecond. Third."


def test_typing_is_told_once_it_rests(editor: Editor) -> None:
    editor.page.evaluate(
        """() => { window.told = []; const form = document.querySelector("mention-editor").closest("form");
          form.addEventListener("input", event => window.told.push([event.target.name, event.target.value]));
          window.rest = new Promise(resolve => form.addEventListener("input", resolve, { once: true })); }"""
    )
    editor.text.focus()
    editor.type("Some words")
    data = "new FormData(document.querySelector('mention-editor').closest('form')).get('aop')"
    assert editor.page.evaluate(data) == "Some words"  # who asks takes nothing away from those who wait for the event
    assert editor.page.evaluate("window.rest.then(() => window.told)") == [["aop", "Some words"]]


def test_a_closed_tab_asks_before_words_are_lost(editor: Editor) -> None:
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    editor.page.on("dialog", dismiss)
    editor.text.focus()
    editor.type("Words")
    editor.page.evaluate("() => { location.href = '/agents/' }")
    for _ in range(100):
        if asked:
            break
        editor.page.wait_for_timeout(20)
    assert asked == ["beforeunload"]
    assert editor.value == "Words"
    editor.press("Control+z")
    assert editor.value == ""


def test_the_label_the_description_and_the_errors_are_the_fields(editor: Editor) -> None:
    editor.text.focus()
    editor.paste(plain="Ask @[Nobody](agent:01890000-0000-7000-8000-000000000000).")
    editor.press("Control+s")
    expect(editor.page.get_by_text("is not an agent of this team").first).to_be_visible()
    expect(editor.text).to_have_attribute("aria-invalid", "true")
    expect(editor.text).to_be_focused()
    assert editor.value == "Ask @[Nobody](agent:01890000-0000-7000-8000-000000000000)."
    assert editor.text.get_attribute("aria-describedby") == editor.page.locator("textarea[name=aop]").get_attribute(
        "aria-describedby"
    )
    expect(editor.badges.locator(".mention")).to_have_attribute("data-status", "unknown")


def test_without_scripts_the_field_works_and_saves(editor: Editor, make_agent: Make) -> None:
    billing = make_agent("Billing")
    browser = editor.page.context.browser
    assert browser
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(editor.page.context.cookies())  # type: ignore[arg-type]
    try:
        page = plain.new_page()
        page.goto(editor.page.url)
        page.get_by_text("To mention an agent, copy its line").click()
        expect(page.locator("code").filter(has_text="Billing")).to_have_text(token(billing))
        page.get_by_role("textbox", name="Procedure").fill(f"One.\nAsk {token(billing)}.")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved. ").first).to_be_visible()
    finally:
        plain.close()
    assert saved() == f"One.\nAsk {token(billing)}."


def test_headings_and_lists_look_like_what_they_are(editor: Editor) -> None:
    editor.text.focus()
    editor.paste(plain="GOAL\nWords.\n# Title\n1. One\n  - Two\nNo heading\nNO")
    looks = editor.text.locator("p").evaluate_all("all => all.map(line => line.className)")
    assert looks == ["is-heading", "", "is-heading", "is-item depth-0", "is-item is-bullet depth-1", "", "is-heading"]
    editor.end()
    editor.type(" way")
    expect(editor.text.locator("p").last).to_have_class("")


def test_lists_go_on_at_enter(editor: Editor) -> None:
    editor.text.focus()
    editor.type("1. One\nTwo\nThree\n\nAfter")
    assert editor.value == "1. One\n2. Two\n3. Three\nAfter"
    editor.press("ArrowUp", "ArrowUp", "ArrowUp", "End", "Enter")
    editor.type("New")
    assert editor.value == "1. One\n2. New\n3. Two\n4. Three\nAfter"
    editor.press("Control+z")
    editor.clear()
    editor.type("  - a\nb\n\n")
    assert editor.value == "  - a\n  - b\n", "the empty item ended the list"
    editor.clear()
    editor.type("a) x\ny")
    editor.press("Shift+Enter")
    editor.type("z")
    assert editor.value == "a) x\nb) y\nz"


def test_it_offers_something_to_start_from_while_there_is_nothing(editor: Editor) -> None:
    offers = editor.page.get_by_role("group", name="Start from")
    expect(offers.get_by_role("button")).to_have_text(
        ["Goal, steps, notes", "Sort incoming mail", "Handle refunds", "Check a document"]
    )
    for name in ("Goal, steps, notes", "Handle refunds"):
        offers.get_by_role("button", name=name).click()
        expect(offers).to_be_hidden()
        assert editor.value.startswith("GOAL\n")
        assert "\nSTEPS\n1. " in editor.value
        assert "\nNOTES\n- " in editor.value
        expect(editor.text).to_be_focused()
        editor.press("Control+z")
        assert editor.value == ""
        expect(offers).to_be_visible()


def test_pasted_html_becomes_clean_text(editor: Editor) -> None:
    editor.text.focus()
    editor.paste(
        html="<style>p{}</style><h2>Title</h2><p>Some <b>bold</b> words<script>alert(1)</script></p>"
        "<ol><li>One</li><li>Two<ul><li>Deep</li></ul></li></ol><p>End<br>line</p>",
        plain="Title\nSome bold words\nOne\nTwo\nDeep\nEnd",
    )
    assert editor.value == "# Title\n\nSome bold words\n1. One\n2. Two\n  - Deep\n\nEnd\nline"
    editor.clear()
    editor.paste(html="<pre>  a\n    b</pre>", plain="  a\n    b")
    assert editor.value == "  a\n    b"
    editor.clear()
    editor.paste(html="<p>Only <i>this</i></p><p>and that</p>")
    assert editor.value == "Only this\n\nand that"


def test_it_survives_swaps(editor: Editor) -> None:
    editor.text.focus()
    editor.type("Words")
    editor.element.evaluate("e => { const form = e.parentNode; e.remove(); form.prepend(e); }")
    expect(editor.text).to_have_text("Words")
    editor.end()
    editor.type(" more")
    editor.element.evaluate(
        """e => { e.innerHTML = [...e.querySelectorAll("textarea, template")].map(kept => kept.outerHTML).join("") }"""
    )
    expect(editor.text).to_have_count(1)
    editor.end()
    editor.type(" still")
    assert editor.value == "Words more still"
    assert editor.page.locator(".mention-list").count() == 1


def test_nothing_of_it_breaks_the_content_security_policy(editor: Editor, make_agent: Make) -> None:
    complaints: list[str] = []
    editor.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    editor.page.on("pageerror", lambda error: complaints.append(str(error)))
    make_agent("Billing")
    editor.page.reload()
    editor.text.focus()
    editor.paste(html='<p style="color:red" onclick="alert(1)">Red</p>', plain="Red")
    editor.type(" ")
    editor.choose("bil", "Billing")
    editor.badges.hover()
    expect(editor.card).to_be_visible()
    editor.press("Control+a", "Control+c", "Control+v", "Control+z")
    assert complaints == []
    assert (
        editor.page.locator("mention-editor [style]").evaluate_all(
            "all => all.filter(e => !e.matches('[popover]')).length"
        )
        == 0
    )


def test_any_text_survives_the_editor(editor: Editor) -> None:
    texts = ["", "\n", "\n\n", " ", "a\n", "@[", "@[a](agent:", "]\\[", "\t\tx", "a\u2029b", "x" * 5000, "  \n  "]
    for text in texts:
        assert editor.element.evaluate("(e, text) => (e.value = text, e.value)", text) == text
