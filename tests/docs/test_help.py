"""The "?" of every page opens a page of the help that is there, and no link or picture in the help leads nowhere."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from config.help import drawn
from teams.models import Team
from tests import test_permissions
from tests.test_permissions import PAGES, Things
from web import help

make_things = test_permissions.make_things


def addresses() -> set[str]:
    """Of all pages of the help and their sections."""
    found = set()
    for name in help.names():
        found |= {help.address(name), *(help.address(f"{name}#{heading.id}") for heading in drawn(name).headings)}
    return found


def test_every_topic_is_there() -> None:
    known = addresses()
    assert [topic for topic in help.TOPICS.values() if help.address(topic) not in known] == []


def test_every_link_and_picture_of_the_help_is_there() -> None:
    known, broken = addresses(), []
    for name in help.names():
        html = drawn(name).html
        for link in re.findall(r'<a href="([^"]*)"', html):
            there = help.address(name) + link if link.startswith("#") else unescape(link)
            if not there.startswith((*help.OUTSIDE, "/api/")) and there not in known:
                broken.append((name, link))
        broken += [
            (name, source) for source in re.findall(r'<img src="/?static/([^"]*)"', html) if not finders.find(source)
        ]
        assert html.count("<img ") == len(re.findall(r'<img src="/?static/', html))
    assert broken == []


@pytest.mark.django_db
def test_every_page_leads_to_its_help(signed_in: Client, team: Team, make_things: Callable[[Team], Things]) -> None:
    things, without = make_things(team), []
    for route, entry in PAGES.items():
        # Who is asked for the password again only goes on to where they were going.
        if "GET" not in entry.methods or entry.open or route.startswith(("help/", "account/again/")):
            continue
        page = signed_in.get(test_permissions._address(route, things.ids.get(entry.of)))
        if page.status_code != 200 or page.streaming or b'aria-label="Main"' not in page.content:
            continue
        if page.text.count('class="help-link') != 1:
            without.append(route)
    assert without == []


@pytest.mark.django_db
def test_a_page_of_the_help_is_like_any_other_page(signed_in: Client) -> None:
    page = signed_in.get("/help/recipes/triage/")
    assert "Front Desk" in page.text
    assert '<a href="/help/" ' in page.text or 'href="/help/"' in page.text
    assert signed_in.get("/help/nowhere/").status_code == 404
    assert signed_in.get("/help/reference/states/").status_code == 200
