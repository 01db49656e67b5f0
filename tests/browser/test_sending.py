"""What is sent while its answer is awaited: once, however often the button is pressed."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from playwright.sync_api import Locator, Page, expect

from cases.models import Case, Comment, Queue
from tests.fixtures import Make

pytestmark = pytest.mark.django_db(transaction=True)


def presser(button: Locator) -> Callable[[], None]:
    """Presses it as a hand does, which waits for no page."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box

    def press() -> None:
        button.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        button.page.wait_for_timeout(150)

    return press


def test_a_case_is_added_once_however_often_the_button_is_pressed(signed_in_page: Page, web: str, queue: Queue) -> None:
    page = signed_in_page
    page.goto(f"{web}/queues/{queue.pk}/cases/new/")
    page.get_by_label("Title").fill("Charged twice")
    press = presser(page.locator("#content form button.btn-primary").first)
    with transaction.atomic():
        hold(Case)
        press(), press(), press()
    expect(page.get_by_role("heading", name="Charged twice")).to_be_visible()
    assert Case.objects.count() == 1


def test_a_comment_is_made_once_and_other_words_are_another_comment(
    signed_in_page: Page, web: str, make_case: Make[Case]
) -> None:
    page = signed_in_page
    case = make_case("Charged twice")
    page.goto(f"{web}/cases/{case.pk}/")
    field = page.get_by_label("Your comment")
    field.fill("Marta called.")
    press = presser(page.get_by_role("button", name="Comment", exact=True))
    with transaction.atomic():
        hold(Comment)
        press(), press()
        page.keyboard.press("Shift+Tab")
        page.keyboard.type(" Again.")
        press()
    expect(page.locator("main")).to_contain_text("Marta called. Again.")
    assert sorted(comment.text for comment in Comment.objects.all()) == ["Marta called.", "Marta called. Again."]


def hold(model: type[Case | Comment]) -> None:
    """Anyone who writes to its table waits for this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"lock table {model._meta.db_table} in exclusive mode")
