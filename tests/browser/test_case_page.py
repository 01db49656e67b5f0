"""What only a browser shows of queues and cases: pages follow what happens, and nobody loses what they are doing."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, expect

from builder.agents.agents import pause_agent, resume_agent
from builder.models import Agent
from cases.models import Case, Queue, Reason
from cases.work import lifecycle
from cases.work.changes import change_case
from runs.models import HumanRequest, Run
from runs.record import lifecycle as run_lifecycle
from tests.fixtures import Make, take
from tests.stories import make_story, stages


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, transactional_db: None) -> Agent:
    return make_agent("Triage", queue=queue)


@pytest.fixture
def case(triage: Agent, make_case: Make[Case]) -> Case:
    return make_case("Charged twice", data={"customer": "Marta"})


def move(case: Case, act: Callable[[Case], object]) -> None:
    with transaction.atomic():
        act(lifecycle.lock(case.pk))


def open_live(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("live-stream")).to_have_attribute("data-state", "live")
    page.evaluate("window.sameDocument = true")


@pytest.fixture
def case_page(signed_in_page: Page, web: str, case: Case) -> Page:
    open_live(signed_in_page, web + reverse("case", args=[case.pk]))
    return signed_in_page


def test_a_case_page_follows_the_case(
    case_page: Page, case: Case, triage: Agent, make_agent: Make[Agent], queue: Queue
) -> None:
    page = case_page
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    now, stages, timeline = (page.get_by_label(name, exact=True) for name in ("Now", "Stages", "Timeline"))
    expect(now).to_contain_text("Waits for the next free agent of Support.")
    pause_agent(triage)
    expect(now).to_contain_text("Nobody takes cases: Triage is paused.")
    resume_agent(triage)
    expect(now).to_contain_text("Waits for the next free agent of Support.")

    take()
    expect(now).to_contain_text("Triage is working on it.")
    expect(timeline.get_by_role("listitem").last).to_contain_text("Triage started work")

    run = Run.objects.get(case=case)
    billing = make_agent("Billing Specialist", queue=queue)
    move(case, lambda row: lifecycle.hand_over(row, billing, "Money.", "", agent_id=triage.pk, run_id=run.pk))
    expect(now).to_contain_text("Billing Specialist takes it next.")
    expect(timeline.get_by_role("listitem").last).to_contain_text("Triage handed over to Billing Specialist")
    stages.locator("summary").first.click()
    expect(stages.locator(".swim-arrow.is-handover")).to_have_count(1)
    stages.get_by_text("As a table").click()
    expect(stages.get_by_role("row").nth(1)).to_contain_text("Money.")
    expect(stages.get_by_role("row").last).to_contain_text("Billing Specialist")
    assert page.evaluate("window.sameDocument"), "the page was loaded again"
    assert complaints == []


def test_an_open_dialog_and_its_text_survive_a_move_of_the_case(case_page: Page, case: Case) -> None:
    page = case_page
    page.get_by_role("button", name="Complete", exact=True).first.click()
    summary = page.get_by_label("What was done")
    summary.fill("I paid it")
    take()
    expect(page.get_by_label("Now", exact=True)).to_contain_text("Triage is working on it.")
    expect(summary).to_have_value("I paid it")
    expect(summary).to_be_focused()
    summary.press_sequentially(" back.")
    page.get_by_role("dialog").get_by_role("button", name="Complete", exact=True).click()
    expect(page.get_by_label("Now", exact=True)).to_contain_text("I paid it back.")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


def test_a_half_written_answer_survives_changes_of_the_case(
    signed_in_page: Page, web: str, case: Case, triage: Agent
) -> None:
    take()
    with transaction.atomic():
        row = lifecycle.lock(case.pk)
        run = Run.objects.get(case=case)
        HumanRequest.objects.create(team_id=run.team_id, run=run, call_id="1", kind="question", question="Which one?")
        lifecycle.ask(row, Reason.QUESTION, "Which one?", agent_id=triage.pk, run_id=run.pk)
        run_lifecycle.wait(run)
    page = signed_in_page
    open_live(page, web + reverse("case", args=[case.pk]))
    answer = page.get_by_label("Your answer")
    answer.fill("The second")
    for title in ("Charged three times", "Charged four times"):
        move(case, partial(change_case, title=title))
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
    expect(answer).to_have_value("The second")
    expect(answer).to_be_focused()


def test_a_question_is_answered_in_place(signed_in_page: Page, web: str, case: Case, triage: Agent) -> None:
    take()
    with transaction.atomic():
        row = lifecycle.lock(case.pk)
        run = Run.objects.get(case=case)
        HumanRequest.objects.create(team_id=run.team_id, run=run, call_id="1", kind="question", question="Which one?")
        lifecycle.ask(row, Reason.QUESTION, "Which one?", agent_id=triage.pk, run_id=run.pk)
        run_lifecycle.wait(run)
    page = signed_in_page
    open_live(page, web + reverse("case", args=[case.pk]))
    page.get_by_label("Your answer").fill("The second")
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_label("Timeline")).to_contain_text("answered Triage")
    expect(page.get_by_label("Now", exact=True)).to_contain_text("Triage is working on it.")
    assert page.evaluate("window.sameDocument"), "the page was loaded again"


def test_fifty_stages_scroll_in_their_own_box_from_the_last_one(
    signed_in_page: Page, web: str, queue: Queue, make_agent: Make[Agent], transactional_db: None
) -> None:
    agents = [make_agent(name, queue=queue) for name in ("Triage", "Billing Specialist", "Refunds")]
    case = make_story(queue, "A long way", stages(agents, 50), assignee=agents[2])
    page = signed_in_page
    page.set_viewport_size({"width": 390, "height": 844})
    open_live(page, web + reverse("case", args=[case.pk]))
    page.get_by_label("Stages", exact=True).locator("summary").first.click()
    box = page.get_by_role("region", name="Picture of the stages")
    assert box.evaluate("box => box.scrollWidth > 3 * box.clientWidth")
    assert box.evaluate("box => box.scrollLeft + box.clientWidth >= box.scrollWidth - 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    link = box.locator("a").last
    link.click()
    expect(page).to_have_url(re.compile("/runs/"))


def test_on_wide_paper_no_place_is_kept_for_the_menu(case_page: Page) -> None:
    case_page.emulate_media(media="print")
    case_page.set_viewport_size({"width": 1047, "height": 700})  # A4, landscape
    assert case_page.locator("main").evaluate("main => main.getBoundingClientRect().width") > 1000


def test_typing_an_at_offers_members(case_page: Page) -> None:
    page = case_page
    comment = page.get_by_label("Your comment")
    comment.press_sequentially("Hello @per")
    page.get_by_role("option").first.wait_for()
    comment.press("Enter")
    expect(comment).to_have_value(re.compile(r"^Hello @person\d+@example\.com $"))
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_label("Timeline").locator("mark")).to_contain_text("@person")


def test_the_list_follows_and_keeps_its_filters(
    signed_in_page: Page, web: str, case: Case, make_case: Make[Case]
) -> None:
    page = signed_in_page
    open_live(page, web + reverse("cases"))
    rows = page.locator("#results tbody tr")
    make_case("App crashes")
    expect(rows).to_have_count(2)
    page.get_by_label("Search cases").fill("charged")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=charged$"))
    make_case("Charged again")
    make_case("Something else")
    expect(rows).to_have_count(2)
    take(limit=1)
    page.get_by_label("Any state").select_option("in_progress")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Charged twice")
    assert page.evaluate("window.sameDocument"), "the page was loaded again"


def test_the_page_of_a_queue_follows_its_agents_and_cases(
    signed_in_page: Page, web: str, queue: Queue, triage: Agent, make_case: Make[Case]
) -> None:
    page = signed_in_page
    open_live(page, web + reverse("queue", args=[queue.pk]))
    make_case("Charged twice")
    expect(page.locator("#state")).to_contain_text("1 pending")
    take()
    expect(page.locator("#state")).to_contain_text("1 of 5 at once")
    expect(page.locator("#results")).to_contain_text("In progress")
    pause_agent(triage)
    expect(page.locator("#state")).to_contain_text("Nobody takes cases: Triage is paused.")
