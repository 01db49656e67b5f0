"""Pages that cannot be given say what to do, also when there is no database; nothing typed is lost with a session."""

import re

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from cases.models import Case, Queue
from config import urls
from tests.fixtures import Make


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("broken")


def without_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("server closed the connection unexpectedly")


urlpatterns = [*urls.urlpatterns, path("broken/", broken), path("away/", without_database)]
handler400, handler500 = urls.handler400, urls.handler500


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(("address", "status", "words"), [("/broken/", 500, "went wrong"), ("/away/", 503, "database")])
def test_a_failure_asks_the_database_for_nothing(client: Client, address: str, status: int, words: str) -> None:
    client.raise_request_exception = False
    page = client.get(address)  # without the db fixture any query would raise
    assert page.status_code == status
    assert words in page.text
    assert ">Try again</a>" in page.text
    assert page.headers.get("Retry-After") == ("10" if status == 503 else None)


@pytest.mark.urls(__name__)
async def test_the_same_under_asgi(async_client: Client) -> None:
    async_client.raise_request_exception = False
    page = await async_client.get("/away/")  # type: ignore[misc]
    assert page.status_code == 503


def test_an_address_that_only_takes_post_says_so(client: Client) -> None:
    page = client.get(reverse("account_logout"))
    assert page.status_code == 405
    assert "There is no page here" in page.text
    assert page.headers["Content-Length"] == str(len(page.content))
    assert client.get("/api/v1/nowhere").json()["error"]["code"] == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/nowhere/", "/cases/0190a0f0-0000-7000-8000-000000000000/"])
def test_a_page_that_does_not_exist_keeps_the_navigation_for_members(signed_in: Client, address: str) -> None:
    page = signed_in.get(address)
    assert page.status_code == 404
    assert 'aria-label="Main"' in page.text
    assert reverse("queues") in page.text


@pytest.mark.django_db
def test_a_page_that_does_not_exist_shows_strangers_no_navigation(client: Client) -> None:
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert 'aria-label="Main"' not in page.text


@pytest.mark.django_db
def test_a_page_that_may_not_be_seen_keeps_the_navigation(client: Client, make_member: Make) -> None:
    client.force_login(make_member(role="viewer").user)
    page = client.get(reverse("audit_log"))
    assert page.status_code == 403
    assert 'aria-label="Main"' in page.text


@pytest.mark.django_db
def test_too_much_at_once_is_told_from_nonsense(signed_in: Client, queue: Queue) -> None:
    address = reverse("case_new", args=[queue.pk])
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100):
        page = signed_in.post(address, {"title": "x" * 200})
    assert page.status_code == 413
    assert "too large" in page.text


@pytest.mark.django_db
def test_what_was_typed_outlives_the_session(signed_in: Client, queue: Queue) -> None:
    address = reverse("case_new", args=[queue.pk])
    signed_in.cookies["sessionid"] = "ended"
    page = signed_in.post(address, {"title": 'A "lamp" <b>', "password": "Of someone"})
    assert page.status_code == 401
    assert not Case.objects.exists()
    assert '<input type="hidden" name="title" value="A &quot;lamp&quot; &lt;b&gt;">' in page.text
    assert "Of someone" not in page.text
    assert "type them again" in page.text
    assert re.search(rf'<form method="post" action="{address}">', page.text)


@pytest.mark.django_db
def test_a_part_of_a_page_is_not_answered_with_the_sign_in_page(client: Client) -> None:
    assert client.get(reverse("home"), headers={"HX-Request": "true"}).status_code == 401
    assert client.get(reverse("home")).headers["Location"] == "/sign-in/?next=/"
