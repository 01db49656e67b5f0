"""What only a browser shows of schedules: the fields that a choice needs, and the next times while one types."""

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Page, expect

from builder.models import Agent


def test_the_form_shows_what_the_choice_needs_and_the_next_times_while_one_types(
    signed_in_page: Page, web: str, make_agent: Callable[..., Agent]
) -> None:
    page = signed_in_page
    page.goto(web + reverse("schedule_new", args=[make_agent().pk]))
    times = page.get_by_role("listitem").filter(has_text=", 08:00 ")
    expect(times).to_have_count(5)
    expect(page.get_by_label("Day", exact=True)).to_be_hidden()
    page.get_by_label("Every week", exact=True).check()
    expect(page.get_by_label("Day", exact=True)).to_be_visible()
    page.get_by_label("By a cron expression").check()
    expect(page.get_by_label("Time", exact=True)).to_be_hidden()
    page.get_by_label("Cron expression", exact=True).press_sequentially("17 4 * * *")
    expect(page.get_by_role("listitem").filter(has_text=", 04:17 ")).to_have_count(5)
