"""Choosing cases in a list, and doing something to all of them."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from cases.models import Case
from runs.bulk import processing
from tests.fixtures import Make


@pytest.fixture
def case_list(signed_in_page: Page, web: str, make_case: Make[Case], transactional_db: None) -> Page:
    for number in range(1, 56):
        make_case(f"Parcel {number}", labels=["mail"])
    signed_in_page.goto(web + reverse("cases"))
    expect(signed_in_page.locator("live-stream")).to_have_attribute("data-state", "live")
    return signed_in_page


def test_a_range_is_chosen_labelled_and_undone(case_list: Page, make_case: Make[Case]) -> None:
    page = case_list
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    boxes, bar = page.locator("input[name=case]"), page.locator("case-selection")
    expect(bar).to_be_hidden()
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    page.locator("#results tbody tr").nth(6).hover()
    page.keyboard.press("x")
    expect(bar).to_contain_text("5 selected")
    make_case("Comes in the meantime")
    expect(page.locator("#results")).to_contain_text("Comes in the meantime")
    expect(bar).to_contain_text("5 selected")
    expect(boxes.nth(0)).not_to_be_checked()
    expect(boxes.nth(2)).to_be_checked()
    bar.get_by_role("button", name="Label", exact=True).click()
    expect(page.locator("#bulk-dialog").get_by_label("Label")).to_be_focused()
    page.keyboard.type("vip")
    expect(page.locator("#preview")).to_contain_text("5 cases")
    page.get_by_role("button", name="Add a label").click()
    expect(page.locator("#bulk-recent")).to_contain_text("Label “vip” added")
    processing.process_all()  # what a busy machine has left to the clock
    assert Case.objects.filter(labels=["mail", "vip"]).count() == 5
    expect(page.locator("#bulk-recent").get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#bulk-recent")).to_contain_text("Undone")
    expect(page).to_have_url(re.compile(r"/cases/$"))
    processing.process_all()
    assert Case.objects.filter(labels=["mail"]).count() == 55
    assert complaints == []


def test_all_that_match_are_more_than_the_page(case_list: Page) -> None:
    page = case_list
    bar = page.locator("case-selection")
    page.get_by_label("Select all on this page").click()
    expect(bar).to_contain_text("50 selected")
    bar.get_by_role("button", name="Select all 55 that match").click()
    expect(bar).to_contain_text("All 55 that match are selected")
    bar.get_by_role("button", name="Complete").click()
    expect(page.locator("#preview")).to_contain_text("55 cases")
    page.locator("#bulk-dialog").get_by_role("button", name="Complete").click()
    expect(page.locator("#bulk-recent")).to_contain_text("Completed")
    expect(page.locator("#bulk-dialog")).to_be_hidden()
    page.get_by_label("Search cases").fill("parcel 12")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.keyboard.press("x")  # is typed
    expect(page.get_by_label("Search cases")).to_have_value("parcel 12x")
