"""Views of lists: saved from the list, found in the navigation, and whose they are."""

import re
from collections.abc import Callable
from itertools import product

import pytest
from django.test import Client
from django.urls import reverse

from teams.models import Member, SavedView
from teams.saved_views import saved_views
from tests.fixtures import Make, sign_in

pytestmark = pytest.mark.django_db

URGENT = "priority=urgent&status=open"


@pytest.fixture
def save(signed_in: Client) -> Callable[..., SavedView]:
    """What the page does, and the view that comes of it."""

    def save(**fields: str) -> SavedView:
        about = {"list": "cases", "query": URGENT, "name": "Urgent"} | fields
        assert signed_in.post(reverse("saved_view_new"), about).status_code == 302
        return SavedView.objects.latest("created_at", "pk")

    return save


def navigation(client: Client, address: str = "/") -> str:
    page = client.get(address).content.decode()
    return page[page.index('aria-label="Main"') : page.index("</nav>")]


def test_a_filtered_list_offers_to_be_saved_and_an_unfiltered_one_does_not(signed_in: Client) -> None:
    for name in ("cases", "runs", "inbox"):
        assert "Save view" not in signed_in.get(reverse(name)).content.decode()
        assert "Save view" in signed_in.get(reverse(name), {"q": "refund"}).content.decode()


def test_a_saved_view_stands_in_the_navigation_and_leads_to_its_list(
    signed_in: Client, save: Callable[..., SavedView]
) -> None:
    row = save(query="status=open&q=&cursor=abc&priority=urgent")
    assert row.query == URGENT
    address = f"{reverse('cases')}?{URGENT}".replace("&", "&amp;")
    assert f'href="{address}"' in navigation(signed_in)
    shown = navigation(signed_in, f"{reverse('cases')}?status=open&priority=urgent&q=")
    assert re.search(re.escape(f'href="{address}"') + ' aria-current="page"', shown)
    assert "Delete view" in signed_in.get(f"{reverse('cases')}?{URGENT}").content.decode()


def test_ones_own_view_is_nobody_elses_and_a_shared_one_is_everybodys(
    save: Callable[..., SavedView], client: Client, make_member: Make[Member]
) -> None:
    own, shared = save(name="Mine"), save(name="Ours", is_shared="on")
    viewer = make_member(role=Member.Role.VIEWER)
    sign_in(client, viewer.user)
    assert "Mine" not in navigation(client) and "Ours" in navigation(client)
    for name, row in product(("saved_view_edit", "saved_view_delete"), (own, shared)):
        assert client.post(reverse(name, args=[row.pk]), {"name": "Theirs"}).status_code == 404
    about = {"list": "cases", "query": URGENT, "name": "Shared", "is_shared": "on"}
    client.post(reverse("saved_view_new"), about)
    assert SavedView.objects.get(name="Shared").owner == viewer  # the box is not there for them


def test_a_view_is_renamed_deleted_and_had_back(signed_in: Client, save: Callable[..., SavedView]) -> None:
    row = save(is_shared="on")
    signed_in.post(reverse("saved_view_edit", args=[row.pk]), {"list": "cases", "query": "x=1", "name": "Hurry"})
    row.refresh_from_db()
    assert (row.name, row.query) == ("Hurry", URGENT)
    page = signed_in.post(reverse("saved_view_delete", args=[row.pk]), follow=True).content.decode()
    assert not SavedView.objects.exists()
    [undo] = set(re.findall(r'"(/views/new/[^"]*name=[^"]*)"', page))
    assert signed_in.post(undo.replace("&amp;", "&")).status_code == 302
    again = SavedView.objects.get()
    assert (again.name, again.query, again.owner) == ("Hurry", URGENT, None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": " "}, "Required."),
        ({"name": "urgent"}, "A view called “urgent” already exists."),
        ({"name": "x" * 61}, "at most 60 characters"),
        ({"query": "q=&cursor=2"}, "Filter the list first."),
        ({"query": "q=" + "x" * 2000}, "too long to be saved"),
        ({"list": "teams"}, "There is no such list."),
    ],
)
def test_what_cannot_be_saved_says_why_and_stays_typed(
    signed_in: Client, save: Callable[..., SavedView], fields: dict[str, str], message: str
) -> None:
    save()
    about = {"list": "cases", "query": "q=refund", "name": "Refunds"} | fields
    page = signed_in.post(reverse("saved_view_new"), about)
    assert (page.status_code, SavedView.objects.count()) == (422, 1)
    assert message in page.content.decode()
    assert f'value="{about["name"]}"' in page.content.decode()


def test_a_list_has_a_limited_number_of_views(
    signed_in: Client, save: Callable[..., SavedView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "LIMIT", 1)
    save()
    save(list="runs")
    page = signed_in.post(reverse("saved_view_new"), {"list": "cases", "query": "q=x", "name": "More"})
    assert "Delete one first." in page.content.decode()
