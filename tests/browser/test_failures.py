"""When the server cannot be reached or the session ends, the page stays, says so, and can try again."""

from playwright.sync_api import Page, expect

from cases.models import Case, Queue
from tests.fixtures import Make


def test_what_could_not_be_fetched_can_be_tried_again(signed_in_page: Page, web: str, make_agent: Make) -> None:
    make_agent("Billing Specialist"), make_agent("Triage")
    page = signed_in_page
    page.goto(f"{web}/agents/")
    page.route("**/agents/?q=*", lambda route: route.abort())
    page.get_by_role("searchbox").fill("bill")
    expect(page.get_by_text("Check your connection")).to_be_visible()
    expect(page.get_by_role("link", name="Triage")).to_be_visible()
    page.unroute("**/agents/?q=*")
    page.locator("[data-again]").click()
    expect(page.get_by_role("link", name="Triage")).to_be_hidden()
    page.route("**/agents/?q=*", lambda route: route.fulfill(status=500, body="<!doctype html><h1>Broken</h1>"))
    page.get_by_role("searchbox").fill("tri")
    expect(page.get_by_text("Something went wrong at the server")).to_be_visible()
    expect(page.get_by_text("Broken")).to_have_count(0)


def test_what_is_typed_when_the_session_ends_is_sent_after_signing_in_again(
    signed_in_page: Page, web: str, queue: Queue
) -> None:
    page = signed_in_page
    page.goto(f"{web}/queues/{queue.pk}/cases/new/")
    page.get_by_label("Title").fill("Written with care")
    [session] = [cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid"]
    page.context.clear_cookies(name="sessionid")
    page.locator("#content form button.btn-primary").first.click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in in another tab")).to_be_visible()
    # Signing in gives the browser another token, too.
    page.context.add_cookies([{"name": "sessionid", "value": session["value"], "url": web}])
    page.context.add_cookies([{"name": "csrftoken", "value": "n" * 32, "url": web}])
    page.get_by_role("button", name="Send it again").click()
    page.wait_for_url(f"{web}/cases/*/")
    assert Case.objects.get().title == "Written with care"
