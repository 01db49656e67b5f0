"""How pages read: where a template is broken into lines must not show."""

import re
from collections.abc import Callable

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from teams.models import Team
from tests.markup import lines_of
from tests.test_permissions import PAGES, Things, _address, make_things

__all__ = ["make_things"]

_GAP = re.compile(r"[\w”’)] [,.;:!?)](?= |$)|[(“] \w")


def gaps(html: str) -> list[str]:
    return [line for line in lines_of(html) if _GAP.search(line)]


@pytest.mark.django_db
def test_no_page_leaves_a_space_before_a_comma_or_full_stop(
    signed_in: Client, team: Team, make_things: Callable[[Team], Things]
) -> None:
    things = make_things(team)
    found, read = [], 0
    for route, entry in PAGES.items():
        if "GET" not in entry.methods or route in ("live/", "metrics"):
            continue
        response = signed_in.get(_address(route, things.ids.get(entry.of)))
        if isinstance(response, StreamingHttpResponse) or "html" not in response.headers.get("content-type", ""):
            continue
        read += 1
        found += [f"/{route}: {line}" for line in gaps(response.content.decode())]
    assert read > 50
    assert not found


def test_a_gap_is_seen_across_inline_elements_only() -> None:
    assert gaps("<p>by <b>Ada</b>\n<span>, and Ben</span></p>") == ["by Ada , and Ben"]
    assert gaps("<p>( <a>Ada</a>)</p>") == ["( Ada)"]
    assert gaps("<p>by <b>Ada</b>, and (Ben).</p><p>:</p>") == []
