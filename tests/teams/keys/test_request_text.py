"""U+0000, which PostgreSQL cannot keep, breaks no page, wherever in a request it stands."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client

from teams.models import Team
from tests.paths import ROOT
from tests.test_permissions import PAGES, Things, _address, make_things

__all__ = ["make_things"]

pytestmark = pytest.mark.django_db

# What pages read of an address or a form by themselves.
FIELDS = (
    *("q", "label", "status", "agent", "queue", "show", "sort", "cursor", "area", "who", "object", "recent", "ids"),
    *("queues", "around", "kind", "days", "from", "to", "next", "name", "replacement", "email", "login", "text", "aop"),
    *("title", "note", "answer", "choice", "filter", "cases", "verb", "model", "tool_calls", "cron", "zone", "code"),
)


@pytest.fixture
def things(team: Team, make_things: Callable[[Team], Things]) -> Things:
    return make_things(team)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_page_fails_on_a_text_that_cannot_be_kept(signed_in: Client, things: Things, method: str) -> None:
    wrong = []
    for route, entry in PAGES.items():
        if method not in entry.methods or route == "live/" or route.startswith(("^", "sign-out")):
            continue
        address = _address(route, things.ids.get(entry.of))
        with transaction.atomic():
            answer = signed_in.generic(
                method,
                address if method == "POST" else f"{address}?{'&'.join(f'{name}=a%00b' for name in FIELDS)}",
                "&".join(f"{name}=a%00b" for name in FIELDS) if method == "POST" else "",
                "application/x-www-form-urlencoded",
            )
            transaction.set_rollback(True)
        if answer.status_code >= 500 and route != "readyz":
            wrong.append(f"{route} {answer.status_code}")
    assert wrong == []


def test_lists_leave_it_to_the_middleware() -> None:
    """Two look up one row by what was posted, and say that there is none."""
    found = [
        str(Path(file).relative_to(ROOT))
        for app in ("builder", "cases", "channels", "runs", "teams", "routes", "ops")
        for file in sorted((ROOT / app).rglob("*.py"))
        if re.search(r'replace\("\\x00"', Path(file).read_text())
    ]
    assert found == ["builder/agents/archive_views.py", "teams/sign_in/log.py"]
