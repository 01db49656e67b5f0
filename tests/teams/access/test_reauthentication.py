"""Who leaves a browser open gives nobody the keys of the team."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import get_resolver

from data.secrets import seal
from teams.models import ApiKey, Member, User
from tests.fixtures import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "a long password"
KEY = {"name": "script", "scopes": ["read"], "expires": "90", "per_minute": ""}


@pytest.fixture
def long_ago(client: Client, member: Member) -> Client:
    sign_in(client, member.user, seconds_ago=16 * 60)
    return client


def confirm(browser: Client, page: str, password: str = PASSWORD) -> str:
    """Where it leads, after the password was typed on this page as its form sends it."""
    shown = browser.get(page).text
    found = re.search(r'name="next" value="([^"]+)"', shown)
    answer = browser.post("/account/again/", {"password": password, "next": found[1] if found else ""})
    return answer.headers.get("Location") or answer.text


def test_a_key_is_made_after_the_password_was_typed_again(long_ago: Client, team) -> None:
    answer = long_ago.post("/settings/keys/", KEY)
    assert answer.headers["Location"] == "/account/again/?next=%2Fsettings%2Fkeys%2F"
    assert not ApiKey.objects.exists()
    assert "not your password" in confirm(long_ago, answer.headers["Location"], "wrong")
    assert not ApiKey.objects.exists()
    assert confirm(long_ago, answer.headers["Location"]) == "/settings/keys/"
    assert ApiKey.objects.get().name == "script"
    assert "baton_" in long_ago.get("/settings/keys/").text
    long_ago.post("/settings/keys/", KEY | {"name": "another"})
    assert ApiKey.objects.count() == 2, "once is enough for some minutes"


def test_what_was_to_be_done_is_kept_sealed_and_dropped_when_one_goes_elsewhere(long_ago: Client, team) -> None:
    long_ago.post("/settings/keys/", KEY | {"name": "canary-of-a-form"})
    assert "canary-of-a-form" not in str(dict(long_ago.session))
    assert confirm(long_ago, "/account/again/?next=/cases/") == "/"
    assert not ApiKey.objects.exists()


def test_what_was_to_be_done_long_ago_is_not_done(long_ago: Client, team, monkeypatch) -> None:
    page = long_ago.post("/settings/keys/", KEY).headers["Location"]
    monkeypatch.setattr("teams.access.reauthentication._KEPT_SECONDS", -1)
    assert confirm(long_ago, page) == "/"
    assert not ApiKey.objects.exists()


def test_signing_in_is_recent_enough(client: Client, member, team) -> None:
    client.post("/sign-in/", {"login": member.user.email, "password": PASSWORD})
    assert client.post("/settings/keys/", KEY).headers["Location"] == "/settings/keys/"


def test_a_wrong_form_comes_back_with_what_was_typed(long_ago: Client, team) -> None:
    page = long_ago.post("/settings/keys/", KEY | {"name": ""}).headers["Location"]
    shown = confirm(long_ago, page)
    assert 'action="/settings/keys/"' in shown


def _all(patterns: Iterable[Any]) -> Iterator[Any]:
    for pattern in patterns:
        yield pattern
        yield from _all(getattr(pattern, "url_patterns", []))


def test_every_page_that_gives_rights_or_holds_secrets_asks(client: Client) -> None:
    asking = {
        pattern.name
        for pattern in _all(get_resolver().url_patterns)
        if getattr(getattr(pattern, "callback", None), "asks_again", False)
    }
    assert asking >= {
        "keys",
        "member_invite",
        "member_role",
        "member_remove",
        "webhook_new",
        "webhook_edit",
        "webhook_secret",
        "webhook_secret_drop",
        "webhook_delete",
        "credential_new",
        "credential",
        "credential_delete",
        "model_connect",
        "tool_server_new",
        "tool_server_edit",
        "tool_server_delete",
        "general",
    }


def test_a_role_is_changed_by_someone_who_is_there(long_ago: Client, make_member) -> None:
    other = make_member(role=Member.Role.VIEWER)
    answer = long_ago.post(f"/settings/members/{other.pk}/role/", {"role": "administrator"})
    other.refresh_from_db()
    assert other.role == Member.Role.VIEWER
    confirm(long_ago, answer.headers["Location"])
    other.refresh_from_db()
    assert other.role == Member.Role.ADMINISTRATOR


def test_an_operator_changes_nothing_in_the_admin_before(client: Client, member, make_member) -> None:
    User.objects.filter(pk=member.user_id).update(is_staff=True, is_superuser=True)
    other = make_member().user
    sign_in(client, User.objects.get(pk=member.user_id), seconds_ago=16 * 60)
    assert client.get(f"/admin/teams/user/{other.pk}/change/").status_code == 200
    before = other.password
    answer = client.post(f"/admin/teams/user/{other.pk}/password/", {"password1": "x" * 12, "password2": "x" * 12})
    assert answer.headers["Location"].startswith("/account/again/?next=%2Fadmin%2F")
    other.refresh_from_db()
    assert other.password == before


def test_a_request_of_htmx_leads_the_whole_page_there(long_ago: Client) -> None:
    answer = long_ago.post("/settings/keys/", KEY, headers={"hx-request": "true"})
    assert answer.headers["HX-Redirect"].startswith("/account/again/?next=")
    assert "Location" not in answer.headers


def test_a_team_may_require_a_second_step_of_its_administrators(client: Client, member, make_member, team) -> None:
    sign_in(client, member.user)
    wanted = {"time_zone": "UTC", "require_two_step": "on"}
    assert "Set up your own" in client.post("/settings/general/", wanted).text
    Authenticator.objects.create(user=member.user, type="totp", data={"secret": seal("JBSWY3DPEHPK3PXP")})
    assert client.post("/settings/general/", wanted).status_code == 302
    team.refresh_from_db()
    assert team.require_two_step
    assert client.get("/cases/").status_code == 200

    other = make_member()
    sign_in(client, other.user)
    for page in ("/", "/cases/", "/settings/keys/", "/agents/"):
        assert client.get(page).headers["Location"] == "/account/two-step/on/", page
    assert client.post("/settings/keys/", KEY).headers["Location"] == "/account/two-step/on/"
    part = client.get("/cases/", headers={"hx-request": "true"})
    assert part.headers["HX-Redirect"] == "/account/two-step/on/"
    assert client.get("/live/").status_code == 403
    assert not ApiKey.objects.exists()
    assert client.get("/account/").status_code == 200
    Authenticator.objects.create(user=other.user, type="totp", data={"secret": seal("JBSWY3DPEHPK3PXP")})
    assert client.get("/cases/").status_code == 200

    sign_in(client, make_member(role=Member.Role.BUILDER).user)
    assert client.get("/cases/").status_code == 200
