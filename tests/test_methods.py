"""Methods that few programs send get a sensible answer at every address: HEAD and OPTIONS, and TRACE at none."""

import itertools
from collections.abc import AsyncIterator, Callable

import pytest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncRequestFactory, Client, RequestFactory

from teams.keys.api_keys import create_key
from teams.models import Team
from web.http.methods import answers_head

from .test_permissions import OPERATIONS, PAGES, Entry, Things, _address, _route, make_things

__all__ = ["make_things"]

pytestmark = pytest.mark.django_db

READ = {_route(name): entry for name, entry in OPERATIONS.items() if name.startswith("GET ")}
DOCUMENTS = ("/api/v1/openapi.json", "/api/v1/docs")


@pytest.fixture
def things(team: Team, make_things: Callable[[Team], Things]) -> Things:
    return make_things(team)


def test_head_is_answered_like_get_without_a_body(signed_in: Client, team: Team, things: Things) -> None:
    """Also where files are downloaded."""
    program = Client(headers={"authorization": f"Bearer {create_key(team, 'Monitor')[1]}"})
    wrong = []
    for client, entries in ((signed_in, _pages()), (program, READ)):
        for route, entry in entries.items():
            answer = client.head(_address(route, things.ids.get(entry.of)))
            if answer.status_code >= 400 or b"".join(answer):
                wrong.append(f"{route} {answer.status_code}")
    # These want a parameter or a signed-out browser, and there is no clock.
    assert [line for line in wrong if line.endswith("405")] == []
    assert {line.rpartition(" ")[2] for line in wrong} <= {"404", "422", "400", "403", "503"}
    assert len(wrong) < 17, wrong


def _pages() -> dict[str, Entry]:
    return {
        route: entry
        for route, entry in PAGES.items()
        if "GET" in entry.methods and not route.startswith("admin/") and route != "live/"
    }


def test_head_of_a_stream_ends_at_once(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponseBase:
        assert request.method == "GET"
        return StreamingHttpResponse(itertools.repeat(b"x"), content_type="text/event-stream")

    answer = answers_head(view)(rf.head("/live/"))
    assert (answer.getvalue(), answer["Content-Type"]) == (b"", "text/event-stream")


async def test_head_of_a_stream_ends_at_once_under_asgi(async_rf: AsyncRequestFactory) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    async def view(request: HttpRequest) -> HttpResponseBase:
        return StreamingHttpResponse(endless(), content_type="text/event-stream")

    answer = await answers_head(view)(async_rf.head("/live/"))
    assert [part async for part in answer] == []


def test_an_address_that_takes_get_says_that_it_takes_head(client: Client, signed_in: Client, things: Things) -> None:
    addresses = [_address(route, things.ids.get(entry.of)) for route, entry in {**_pages(), **READ}.items()]
    for address in [*addresses, *DOCUMENTS]:
        answer = signed_in.options(address)
        if answer.status_code in (302, 404):  # sent elsewhere or a used-up link, whatever the method
            continue
        assert answer.status_code in (200, 405), address
        assert {"GET", "HEAD"} <= set(answer["Allow"].split(", ")), address


@pytest.mark.parametrize("address", ["/sign-in/", "/agents/", "/api/v1/agents", *DOCUMENTS])
@pytest.mark.parametrize("method", ["TRACE", "PROPFIND"])
def test_no_address_answers_a_method_it_does_not_know(client: Client, address: str, method: str) -> None:
    assert client.generic(method, address).status_code == 405


def test_head_at_what_does_not_exist_is_not_found(signed_in: Client) -> None:
    for address in ("/nowhere/", "/api/v1/nowhere"):
        answer = signed_in.head(address)
        assert (answer.status_code, answer.content) == (404, b"")
