"""What only a browser shows of an agent's page."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from builder.agents import agents
from builder.models import Agent
from builder.procedures.mentions import token


def open_agent(page: Page, web: str, agent: Agent) -> None:
    page.goto(f"{web}/agents/{agent.pk}/")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")


def test_a_mention_turns_red_when_its_agent_is_deleted_and_removing_it_heals(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    billing = make_agent("Billing Specialist")
    triage = make_agent("Triage", aop="Refunds go to", mentions=[billing])
    open_agent(page, web, triage)
    badge = page.locator("mention-editor .mention")
    expect(badge).to_have_attribute("data-status", "ok")
    text = page.get_by_role("textbox", name="Procedure")
    text.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("First. ")

    agents.delete_agent(billing)

    expect(badge).to_have_attribute("data-status", "deleted")
    expect(page.locator("#head .notice").first).to_contain_text("starts no runs until")
    page.get_by_role("button", name="Run now").click()
    dialog = page.get_by_role("dialog", name="Run now")
    expect(dialog).to_contain_text("@Billing Specialist")
    dialog.get_by_role("link", name="Go to the procedure").click()
    expect(dialog).to_be_hidden()
    assert "First. " in text.inner_text(), "an update took away what was being typed"

    text.fill("Refunds are made here.")
    text.press("Control+s")

    expect(page.get_by_text("Saved. New runs use it.")).to_be_visible()
    expect(page.locator("#head .notice")).to_have_count(0)
    expect(text).to_be_focused()
    page.get_by_role("button", name="Run now").click()
    expect(dialog.get_by_role("button", name="Run Triage")).to_be_visible()


def test_a_page_says_that_someone_else_has_saved(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    agent = make_agent("Triage", aop="Mine.")
    open_agent(page, web, agent)
    text = page.get_by_role("textbox", name="Procedure")
    text.fill("My own words.")

    agents.save_agent(agent, aop="Theirs.")
    expect(page.get_by_text("Revision 2 was saved")).to_be_visible()
    expect(text).to_have_text("My own words.")

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".conflict")).to_contain_text("saved revision 2")
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_text("Saved. New runs")).to_be_visible()
    agent.refresh_from_db()
    assert agent.live_revision.aop == "My own words."


def test_tabs_have_addresses_and_keep_what_is_typed(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    page.set_viewport_size({"width": 1024, "height": 768})
    triage = make_agent("Triage", aop="Refunds go to", mentions=[make_agent("Billing")])
    open_agent(page, web, triage)
    home = f"{web}/agents/{triage.pk}/"
    tabs, text = page.get_by_role("navigation", name="Agent"), page.get_by_role("textbox", name="Procedure")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(home)))
    for part in (text, page.locator("#wiring").get_by_text("Billing").first):
        box = part.bounding_box()
        assert box and box["y"] + 20 < 768, "it does not stand in the first screen"

    text.press("Control+End")
    page.keyboard.type(" today")
    where = text.bounding_box()
    page.get_by_role("link", name="Try it").click()
    expect(page.locator("#try-input")).to_be_focused()
    assert text.bounding_box() == where, "the editor moved"
    tabs.get_by_role("link", name="Setup").click()
    expect(page).to_have_url(home + "setup/")
    expect(text).to_be_hidden()
    page.get_by_label("Name", exact=True).fill("")
    asked.clear()  # the summary of tests beside the editor comes when it is seen
    for name, path, words in (("Tests", "tests/", "No tests yet"), ("Runs", "runs/", "has no runs yet")):
        tabs.get_by_role("link", name=name).click()
        expect(page).to_have_url(home + path)
        expect(page.locator("#tab")).to_contain_text(words)
        expect(tabs.locator("[aria-current=page]")).to_have_text(name)
    assert asked.count("tests/") == 1 and asked.count("runs/") == 1
    page.go_back()
    expect(page.locator("#tab")).to_contain_text("No tests yet")
    page.go_back()
    expect(page.get_by_label("Name", exact=True)).to_have_value("")

    page.go_back()
    expect(page).to_have_url(home)
    expect(text).to_contain_text("today")
    page.keyboard.press("Control+s")  # what is wrong stands on the other tab
    expect(page.get_by_text("Not saved. Fix the fields marked in red under Setup.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page).to_have_url(home + "setup/")
    expect(tabs.get_by_role("img", name="has fields to fix")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Sorter")
    expect(tabs.get_by_role("img", name="has fields to fix")).to_have_count(0)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("heading", name="Sorter")).to_be_visible()
    assert triage.live_revision.aop.endswith("today")

    page.goto(home + "#budget")  # an address of before there were tabs
    expect(page.get_by_role("heading", name="Budget")).to_be_in_viewport()


def test_what_an_agent_has_in_hand_is_looked_up_when_the_dialog_opens(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    open_agent(page, web, make_agent("Triage"))
    dialog = page.get_by_role("dialog", name="Delete this agent?")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete").click()
    expect(dialog).to_contain_text("no open cases and no live runs")
    dialog.get_by_role("button", name="Delete Triage").click()
    expect(page.get_by_text("Triage was deleted.")).to_be_visible()
    expect(page.get_by_text("No agents yet")).to_be_visible()


def test_nothing_breaks_the_content_security_policy(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    agent = make_agent("Triage")
    for path in ("/", "/agents/", "/agents/new/", f"/agents/{agent.pk}/"):
        page.goto(web + path)
        if path == "/agents/new/":
            expect(page.get_by_role("textbox", name="Procedure")).to_be_visible()
    assert complaints == []


def test_a_new_agent_that_was_not_saved_waits_in_the_browser(signed_in_page: Page, web: str) -> None:
    page = signed_in_page
    page.goto(f"{web}/agents/new/")
    page.get_by_label("Name").fill("Triage")
    page.get_by_role("textbox", name="Procedure").fill("Read all mail.")
    page.get_by_role("checkbox", name="May ask a person").uncheck()
    page.close(run_before_unload=False)

    page = page.context.new_page()
    page.goto(f"{web}/agents/new/")
    expect(page.get_by_text("You began an agent here and did not save it. Triage")).to_be_visible()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_label("Name")).to_have_value("Triage")
    expect(page.get_by_role("textbox", name="Procedure")).to_have_text("Read all mail.")
    expect(page.get_by_role("checkbox", name="May ask a person")).not_to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Triage")).to_be_visible()

    page.goto(f"{web}/agents/new/")
    expect(page.get_by_label("Name")).to_have_value("")
    expect(page.get_by_role("button", name="Put it back")).to_be_hidden()


def test_counts_stand_beside_the_sentences_and_the_browser_remembers_the_switch(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    billing = make_agent("Billing")
    refunds = f"Refunds go to {token(billing.pk, billing.name)}"
    triage = make_agent("Triage", aop=f"Be kind.\nLarge {refunds}\n1. {refunds}\n2. {refunds}")
    open_agent(page, web, triage)
    switch, count = page.get_by_role("checkbox", name="Counts beside the sentences"), page.locator(".passage-count")
    expect(count).to_have_count(0)
    switch.check()
    expect(count).to_have_count(3)  # each beside its own line, though two say the same
    expect(count.first).to_have_attribute("title", "Not used in 30 days")
    expect(page.locator(".when-saved")).to_be_visible()  # the switch is no change of the agent

    page.reload()

    expect(switch).to_be_checked()
    expect(count).to_have_count(3)
    page.get_by_role("textbox", name="Procedure").fill("Other words.")
    expect(count).to_have_count(0)
    switch.uncheck()
    expect(page.locator(".has-counts")).to_have_count(0)


MOVED = """of => {
  const told = document.createElement("i");
  Object.assign(told.dataset, { impact: of, moved: 2, of });
  document.querySelector("#impact-now").replaceChildren(told);
  document.dispatchEvent(new Event("htmx:after:swap"));
}"""


WIDTH = """line => {
  const words = document.createRange();
  words.selectNodeContents(line);
  return words.getBoundingClientRect().right;
}"""


def test_what_a_change_moves_stands_behind_the_sentence_until_the_next_key(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    open_agent(page, web, make_agent("Triage", aop="Be kind. Read all.\nClose the rest."))
    text, chip = page.get_by_role("textbox", name="Procedure"), page.locator(".passage-moved")
    text.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Always ")
    expect(chip).to_have_count(0)
    page.evaluate(MOVED, 50)
    expect(chip).to_have_text("2 of 50 would move")
    line = page.locator(".mention-text > *").first.evaluate(WIDTH)
    box = chip.bounding_box()
    assert box and box["x"] > line
    page.set_viewport_size({"width": 390, "height": 800})
    expect(chip).to_be_attached()
    page.keyboard.type("be ")
    expect(chip).to_have_count(0)
