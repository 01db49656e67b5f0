"""All pages of a browser share one stream: six connections are all that HTTP/1.1 gives them."""

import time
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Dialog, Error, Page, Request, expect

from cases.models import Case
from teams.audit.actors import Actor
from teams.models import Member
from teams.people import members
from tests.fixtures import Make

PAGES = 10  # more than there are connections
FEW = 4  # who leads, who follows, and who else might think that it leads now
LEADS = "document.querySelector('live-stream').connection.leader.leads"
# As on http:// without TLS, where browsers have no locks.
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"


class Pages:
    """Windows of one browser, all in view, on the list of cases."""

    def __init__(self, context: BrowserContext, address: str, count: int) -> None:
        self.streams: list[Request] = []
        context.on("request", self._note)
        self.open: list[Page] = []
        self.seconds: list[float] = []
        for _ in range(count):
            page = context.new_page()
            began = time.monotonic()
            page.goto(address, timeout=30_000)
            expect(page.locator("live-stream")).to_have_attribute("data-state", "live", timeout=30_000)
            self.seconds.append(time.monotonic() - began)
            self.open.append(page)

    def _note(self, request: Request) -> None:
        if "/live/" in request.url:
            self.streams.append(request)

    def leader(self) -> Page:
        [leader] = [page for page in self.open if page.evaluate(LEADS)]
        return leader

    def all_show(self, words: str, timeout: int = 30_000) -> None:
        for page in self.open:
            expect(page.locator("#results")).to_contain_text(words, timeout=timeout)


@pytest.fixture(params=["with locks", "without locks"])
def open_pages(
    request: pytest.FixtureRequest, signed_in_page: Page, web: str, make_case: Make[Case]
) -> Callable[[int], Pages]:
    make_case("Comes first")
    if request.param == "without locks":
        signed_in_page.context.add_init_script(NO_LOCKS)
    return lambda count: Pages(signed_in_page.context, web + reverse("cases"), count)


@pytest.fixture
def pages(open_pages: Callable[[int], Pages]) -> Pages:
    return open_pages(FEW)


def test_ten_pages_load_and_are_told_by_one_stream(open_pages: Callable[[int], Pages], make_case: Make[Case]) -> None:
    pages = open_pages(PAGES)
    assert sorted(pages.seconds)[PAGES // 2] < 20, pages.seconds
    make_case("Comes to all")
    pages.all_show("Comes to all")
    assert len(pages.streams) == 1


def test_nothing_is_missed_when_the_page_that_holds_the_stream_dies(pages: Pages, make_case: Make[Case]) -> None:
    leader = pages.leader()
    pages.open.remove(leader)
    with pytest.raises(Error):
        leader.goto("chrome://crash", timeout=3000)
    make_case("Comes after the crash")
    pages.all_show("Comes after the crash", timeout=30_000)
    assert pages.leader()


def test_another_page_goes_on_at_once_when_the_one_that_holds_the_stream_is_closed(
    pages: Pages, make_case: Make[Case]
) -> None:
    leader = pages.leader()
    pages.open.remove(leader)
    leader.close()
    make_case("Comes after the close")
    pages.all_show("Comes after the close")


def test_a_page_that_stands_still_is_replaced(pages: Pages, make_case: Make[Case]) -> None:
    leader = pages.leader()
    pages.open.remove(leader)
    dialogs: list[Dialog] = []  # it stays open, so that the page stands still
    leader.on("dialog", lambda dialog: dialogs.append(dialog))  # noqa: PLW0108 - Playwright marks it
    leader.evaluate("setTimeout(() => alert('Nothing moves'))")
    make_case("Comes in the meantime")
    pages.all_show("Comes in the meantime", timeout=30_000)
    assert pages.leader()
    dialogs[0].dismiss()


def test_a_page_joins_with_what_changed_since_it_was_drawn(
    signed_in_page: Page, web: str, make_case: Make[Case]
) -> None:
    first = signed_in_page
    first.goto(web + reverse("cases"))
    expect(first.locator("live-stream")).to_have_attribute("data-state", "live")
    late = first.context.new_page()
    late.route("**/live-stream.js*", lambda route: (make_case("Comes on the way"), route.continue_()))
    late.goto(web + reverse("cases"))
    expect(late.locator("#results")).to_contain_text("Comes on the way")
    assert not late.evaluate(LEADS)


def test_pages_of_someone_who_was_removed_show_nothing_more_at_once(
    signed_in_page: Page, web: str, member: Member, make_member: Make[Member], someone: Actor
) -> None:
    make_member()
    signed_in_page.goto(web + reverse("cases"))
    expect(signed_in_page.locator("live-stream")).to_have_attribute("data-state", "live")
    members.remove(member, someone)
    expect(signed_in_page.locator("#results")).to_have_count(0)


def test_the_pages_of_two_people_in_one_browser_do_not_share_a_stream(
    signed_in_page: Page, web: str, make_member: Make[Member], client, make_case: Make[Case]
) -> None:
    first = signed_in_page
    first.goto(web + reverse("cases"))
    expect(first.locator("live-stream")).to_have_attribute("data-state", "live")
    client.force_login(make_member().user)
    first.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": web}])
    second = first.context.new_page()
    second.goto(web + reverse("cases"))
    expect(second.locator("live-stream")).to_have_attribute("data-state", "live")
    assert first.evaluate(LEADS)
    assert second.evaluate(LEADS)
