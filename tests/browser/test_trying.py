"""Type, try, and see beside the editor what the agent would do."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from builder.agents.agents import pause_agent
from builder.models import Agent
from cases.models import Case, Queue
from runs.models import Run
from tests.driving import provider, scripted
from tests.provider import Provider, call, say

from .editors import Editor
from .test_run_page import work

__all__ = ["provider", "scripted", "work"]


def test_what_is_typed_is_tried_and_the_chosen_handover_shows_beside_the_editor(
    signed_in_page: Page,
    web: str,
    work: Callable[[], None],
    scripted: Provider,
    make_agent: Callable[..., Agent],
    make_case: Callable[..., Case],
    queue: Queue,
) -> None:
    page = signed_in_page
    make_case("Charged twice", data={"mail": "Please pay me back."})
    pause_agent(make_agent("Billing Specialist", queue=queue))  # so that the case stays where it is
    triage = make_agent("Triage", aop="Sort the mail.")
    scripted.script = lambda request: call("request_handover", target="billing-specialist", reason="It is about money")
    page.goto(f"{web}/agents/{triage.pk}/")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    editor = Editor(page)
    editor.end()
    editor.type(" Refunds go to ")
    editor.choose("bill", "Billing Specialist")

    panel = page.locator("details#try")
    expect(panel).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    panel.get_by_label("Sample").select_option(label="#1 Charged twice")
    expect(panel.get_by_label("Works on")).to_have_value("Charged twice\n\nMail: Please pay me back.")
    panel.get_by_role("button", name="Try it").click()
    expect(panel).to_contain_text("Waiting for a free worker")
    work()

    expect(panel.get_by_role("heading", name="Would hand over to")).to_be_visible(timeout=60_000)
    expect(panel.locator("#tried")).to_contain_text("It is about money")
    expect(panel).to_contain_text("Billing Specialist was not started")
    box, field = panel.bounding_box(), editor.text.bounding_box()
    assert box and field and box["x"] > field["x"] + field["width"], "the run does not stand beside the editor"
    assert "Refunds go to" in str(scripted.requests[0].body) and "Please pay me back." in scripted.requests[0].user_text
    assert triage.live_revision.aop == "Sort the mail."
    [run] = Run.objects.all()
    assert run.revision.status == "tried" and "Refunds go to @[Billing Specialist]" in run.revision.aop
    assert "Refunds go to" in editor.value, "the try took away what was being typed"


def test_the_panel_stands_below_on_phones_and_its_question_is_answered_there(
    signed_in_page: Page,
    web: str,
    work: Callable[[], None],
    scripted: Provider,
    make_agent: Callable[..., Agent],
) -> None:
    page = signed_in_page
    page.set_viewport_size({"width": 390, "height": 844})
    agent = make_agent("Triage", aop="Ask.")
    scripted.script = lambda request: (
        call("ask_person", question="Which one?", choices=["Red", "Blue"])
        if request.number == 1
        else say("Blue it is.")
    )
    page.goto(f"{web}/agents/{agent.pk}/")
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    panel = page.locator("details#try")
    expect(panel).to_be_visible()
    page.get_by_role("link", name="Try it").click()
    panel.get_by_role("button", name="Try it").click()
    expect(panel).to_contain_text("Waiting for a free worker")
    work()
    panel.get_by_role("button", name="Blue").click()
    expect(panel.get_by_role("button", name="Blue")).to_have_count(0)
    work()
    expect(panel.get_by_role("heading", name="Answered")).to_be_visible(timeout=60_000)
    expect(panel).to_contain_text("Blue it is.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the phone"
