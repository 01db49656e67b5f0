"""What every page tells the browser to refuse, and what no page may contain."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.utils.csp import CSP, build_policy

from teams.models import Team, User
from web.http.security_headers import DOWNLOAD_CSP, PERMISSIONS

from .test_permissions import OPERATIONS, PAGES, Things, _address, make_things

__all__ = ["make_things"]

pytestmark = pytest.mark.django_db

INLINE = re.compile(
    r"""<script(?![^>]*\ssrc=)(?![^>]*type="application/json")|<style|\sstyle=["']|\son\w+=["']|["']\s*javascript:"""
)


@pytest.fixture
def things(team: Team, make_things: Callable[[Team], Things]) -> Things:
    return make_things(team)


def test_the_policy_of_content_allows_nothing_unsafe() -> None:
    unsafe = {CSP.UNSAFE_INLINE, CSP.UNSAFE_EVAL, CSP.UNSAFE_HASHES, CSP.WASM_UNSAFE_EVAL, "*", "http:", "https:"}
    assert settings.SECURE_CSP["default-src"] == [CSP.SELF]
    assert not unsafe & {source for sources in settings.SECURE_CSP.values() for source in sources}


def test_every_page_is_guarded_and_has_nothing_inline(signed_in: Client, things: Things) -> None:
    """A browser would hold a page to its policy; a page that needs more would break there."""
    seen, wrong = 0, []
    for route, entry in PAGES.items():
        if "GET" not in entry.methods or route == "live/" or route.startswith("admin/"):
            continue
        response = signed_in.get(_address(route, things.ids.get(entry.of)))
        headers = response.headers
        policy = headers["Content-Security-Policy"]
        is_file = headers.get("Content-Disposition", "").startswith("attachment")
        if policy != (DOWNLOAD_CSP if is_file else build_policy(settings.SECURE_CSP)):
            wrong.append(f"/{route} has another policy: {policy}")
        guards = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "X-Frame-Options": "DENY",
            "Permissions-Policy": PERMISSIONS,
        }
        wrong += [f"/{route}: {name}" for name, value in guards.items() if headers.get(name) != value]
        if not re.search("private|no-store|no-cache", headers.get("Cache-Control", "")):
            wrong.append(f"/{route} may be kept by a proxy")
        if headers.get("Content-Type", "").startswith("text/html"):
            seen += 1
            page = response.content.decode()
            wrong += [f"/{route} has inline {found[0]!r}" for found in INLINE.finditer(page)]
            for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL | re.IGNORECASE):
                if "csrfmiddlewaretoken" not in form and "hx-headers" not in page:
                    wrong.append(f"/{route} has a form without a token")
    assert not wrong, "\n".join(wrong)
    assert seen > 60


@pytest.mark.parametrize("route", ["settings/keys/", "settings/members/", "settings/webhooks/<uuid:id>/"])
def test_pages_that_show_a_secret_once_are_kept_nowhere(signed_in: Client, things: Things, route: str) -> None:
    response = signed_in.get(_address(route, things.ids.get(PAGES[route].of)))
    assert "no-store" in response["Cache-Control"]


def test_no_page_acts_without_its_token(signed_in: Client, things: Things) -> None:
    """As a form of a stranger's page would send it, with our cookies."""
    strange = Client(enforce_csrf_checks=True)
    strange.cookies = signed_in.cookies
    accepted = [
        route
        for route, entry in PAGES.items()
        if "POST" in entry.methods.split()
        and "(?P" not in route  # those need a key that fits
        # A program's, which proves itself by a secret, and a form for anyone: both without cookies.
        and not route.startswith(("in/", "f/"))
        and strange.post(_address(route, things.ids.get(entry.of))).status_code != 403
    ]
    assert not accepted


def test_the_api_knows_no_cookies(signed_in: Client) -> None:
    for name in OPERATIONS:
        method, _, path = name.partition(" ")
        address = f"/api/v1{re.sub('{.*?}', '0189b2f0-0000-7000-8000-000000000000', path)}"
        assert signed_in.generic(method, address, b"{}", "application/json").status_code == 401, name


def test_the_admin_alone_has_a_looser_policy_and_is_guarded_too(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com", "a long password"))
    response = client.get("/admin/")
    assert response.status_code == 200 and "unsafe-inline" in response["Content-Security-Policy"]
    assert (response["X-Content-Type-Options"], response["X-Frame-Options"]) == ("nosniff", "DENY")
    assert response["Permissions-Policy"] == PERMISSIONS
