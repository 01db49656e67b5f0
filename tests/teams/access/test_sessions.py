"""A session ends when it lies idle, and at the latest after a set time; what is sent then is not lost."""

import re
import time
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from cases.models import Case, Queue
from teams.access.sessions import STARTED, SessionStore
from teams.models import Member, User
from tests.fixtures import Make, sign_in

pytestmark = pytest.mark.django_db

HOUR, DAY = 3600, 24 * 3600
LIVE = {"Baton-Live": "1", "HX-Request": "true"}


@pytest.fixture(autouse=True)
def limits(settings) -> None:
    settings.SESSION_COOKIE_AGE, settings.BATON_SESSION_SECONDS = HOUR, DAY


def row(client: Client) -> Session:
    return Session.objects.get(pk=client.cookies[settings.SESSION_COOKIE_NAME].value)


def left(client: Client) -> float:
    """Seconds until it ends."""
    return (row(client).expire_date - timezone.now()).total_seconds()


def lie_idle(client: Client, seconds: float) -> None:
    """As if nobody had used it for so long."""
    found = row(client)
    ends: datetime = found.expire_date - timedelta(seconds=seconds)
    Session.objects.filter(pk=found.pk).update(expire_date=ends)


def age(client: Client, seconds: float) -> None:
    """As if its person had signed in so much earlier."""
    store = SessionStore(row(client).pk)
    store[STARTED] -= seconds
    store.save()


def test_a_session_that_is_used_goes_on(signed_in: Client) -> None:
    lie_idle(signed_in, HOUR - 60)
    assert signed_in.get("/cases/").status_code == 200
    assert left(signed_in) == pytest.approx(HOUR, abs=30)


def test_a_session_that_lies_idle_ends(signed_in: Client) -> None:
    lie_idle(signed_in, HOUR + 1)
    assert signed_in.get("/cases/").headers["Location"] == "/sign-in/?next=/cases/"


def test_a_session_ends_however_much_it_is_used(signed_in: Client) -> None:
    age(signed_in, DAY - 60)
    assert signed_in.get("/cases/").status_code == 200
    assert left(signed_in) == pytest.approx(60, abs=30)
    age(signed_in, 61)
    assert signed_in.get("/cases/").headers["Location"] == "/sign-in/?next=/cases/"


def test_the_cookie_lasts_no_longer_than_the_session_can(client: Client, member: Member) -> None:
    client.post("/sign-in/", {"login": member.user.email, "password": "a long password"})
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert DAY - 60 <= int(cookie["max-age"]) <= DAY
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert left(client) == pytest.approx(HOUR, abs=30)


def test_shorter_limits_hold_for_sessions_that_are_open(signed_in: Client, settings) -> None:
    settings.SESSION_COOKIE_AGE = HOUR / 2
    signed_in.get("/cases/")
    assert left(signed_in) == pytest.approx(HOUR / 2, abs=30)
    age(signed_in, 2 * HOUR)
    settings.BATON_SESSION_SECONDS = HOUR
    assert signed_in.get("/cases/").status_code == 302


def test_an_open_page_that_fetches_by_itself_is_no_use(signed_in: Client) -> None:
    lie_idle(signed_in, HOUR - 60)
    assert signed_in.get("/cases/", headers=LIVE).status_code == 200
    assert left(signed_in) < 60
    signed_in.get("/cases/", headers={"HX-Request": "true"})
    assert left(signed_in) > HOUR - 60


def test_pages_do_not_write_a_session_each_time(signed_in: Client) -> None:
    signed_in.get("/account/")
    before = row(signed_in).expire_date
    signed_in.get("/account/")
    assert row(signed_in).expire_date == before


def test_use_does_not_undo_what_another_request_saves(signed_in: Client) -> None:
    key = row(signed_in).pk
    lie_idle(signed_in, HOUR - 60)
    one = SessionStore(key)
    assert one.get(STARTED)
    other = SessionStore(key)
    other["chosen"] = "a team"
    other.save()
    lie_idle(signed_in, HOUR - 60)
    one.prolong()
    assert SessionStore(key)["chosen"] == "a team"
    assert left(signed_in) > HOUR - 60


def test_use_does_not_bring_back_a_session_that_has_ended(signed_in: Client) -> None:
    store = SessionStore(row(signed_in).pk)
    assert store.get(STARTED)
    lie_idle(signed_in, HOUR + 1)
    store.prolong()
    assert left(signed_in) < 0


def test_a_session_from_before_the_limits_begins_to_count(signed_in: Client) -> None:
    store = SessionStore(row(signed_in).pk)
    del store[STARTED]
    store.save()
    assert signed_in.get("/cases/").status_code == 200
    assert time.time() - SessionStore(row(signed_in).pk)[STARTED] < 60


def test_signing_in_again_begins_a_new_count(signed_in: Client, member: Member) -> None:
    age(signed_in, DAY + 1)
    signed_in.force_login(member.user)
    assert signed_in.get("/cases/").status_code == 200
    assert left(signed_in) > HOUR - 60


def send_again(client: Client, page: str) -> None:
    """As the form of the page does."""
    [address] = re.findall(r'<form method="post" action="([^"]+)">', page)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    client.post(address, {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"})


@pytest.mark.parametrize("end", [lambda client: lie_idle(client, HOUR + 1), lambda client: age(client, DAY + 1)])
def test_what_is_sent_when_a_limit_is_reached_can_be_sent_after_signing_in(
    signed_in: Client, member: Member, queue: Queue, end
) -> None:
    address = f"/queues/{queue.pk}/cases/new/"
    end(signed_in)
    page = signed_in.post(address, {"title": "Written with care", "priority": "2"})
    assert page.status_code == 401
    sign_in(signed_in, member.user)
    send_again(signed_in, page.text)
    assert Case.objects.get().title == "Written with care"


def test_nor_is_what_is_sent_to_ones_own_account_lost(signed_in: Client, member: Member) -> None:
    lie_idle(signed_in, HOUR + 1)
    page = signed_in.post("/account/", {"name": "Ada Lovelace"})
    assert page.status_code == 401
    sign_in(signed_in, member.user)
    send_again(signed_in, page.text)
    assert User.objects.get(pk=member.user_id).get_full_name() == "Ada Lovelace"


def test_nor_what_an_operator_sends_to_the_admin(client: Client, make_member: Make[Member]) -> None:
    User.objects.filter(pk=make_member().user_id).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(is_superuser=True))
    lie_idle(client, HOUR + 1)
    page = client.post("/admin/teams/team/add/", {"name": "Careful"})
    assert page.status_code == 401
    assert 'name="name" value="Careful"' in page.text
