"""What every request is held to, whatever operation it is for: its body, its query, and texts that can be stored."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DataError, connection, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from ninja import Router

from cases.models import Case, Queue
from config.api import api as published
from runs.models import Run
from teams.keys.api import Api, KeyRequest, Scope, TeamKey
from teams.keys.api_keys import create_key
from teams.models import KeptAnswer, Team
from tests.fixtures import Make
from tests.responses import Response
from tests.test_permissions import OPERATIONS, PAGES, Things, _address, make_things

from .conftest import Caller, problem

__all__ = ["make_things"]

pytestmark = pytest.mark.django_db

CHANGES = [name for name in OPERATIONS if not name.startswith("GET")]
FILES = "POST /cases/{case_id}/attachments"


@pytest.fixture
def things(team: Team, make_things: Callable[[Team], Things]) -> Things:
    return make_things(team)


def _path(name: str, id: object) -> tuple[str, str]:
    method, _, path = name.partition(" ")
    return method, f"/api/v1{re.sub('{.*?}', str(id), path)}"


def ask(api: Caller, name: str, things: Things, query: str = "", body: bytes = b"", **about: Any) -> Response:
    method, path = _path(name, things.ids.get(OPERATIONS[name].of))
    return api.client.generic(method, path + query, body, about.pop("content_type", "application/json"), **about)


# --- Queries ---------------------------------------------------------------------------------


def test_every_operation_names_a_parameter_it_does_not_know(api: Caller, things: Things) -> None:
    for name in OPERATIONS:
        error = problem(ask(api, name, things, "?number=1&created_after=x"), 422, "invalid")
        assert set(error["fields"]) == {"number", "created_after"}, name


def test_every_parameter_of_the_document_is_known(api: Caller, things: Things) -> None:
    known = 0
    for path, operations in published.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            names = [given["name"] for given in operation["parameters"] if given["in"] == "query"]
            for parameter in names:
                name = f"{method.upper()} {path.removeprefix('/api/v1')}"
                error = problem(ask(api, name, things, f"?{parameter}=%00"), 422, "invalid")
                assert error["fields"] == {parameter: error["fields"][parameter]}, name
                assert "U+0000" in error["fields"][parameter]
                known += 1
    assert known > 60


def test_a_parameter_that_is_sent_twice_is_refused(api: Caller) -> None:
    error = problem(api.client.get("/api/v1/cases?status=failed&status=completed"), 422, "invalid")
    assert set(error["fields"]) == {"status"}


@pytest.mark.parametrize(
    "value", ["0.5", "0", "1e9", "1762000000", "-1", "99999-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "soon", ""]
)
@pytest.mark.parametrize(
    ("address", "name"),
    [("/cases", "added_before"), ("/cases", "added_after"), ("/audit", "since"), ("/audit", "until")],
)
def test_a_time_is_a_time(api: Caller, address: str, name: str, value: str) -> None:
    assert set(problem(api.get(address, **{name: value}), 422, "invalid")["fields"]) == {name}


@pytest.mark.parametrize("value", ["0", "0.5", "1", "99999-01-01", "2026-02-30", "2026-01-01T10:00:00Z"])
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_day_is_a_day(api: Caller, name: str, value: str) -> None:
    assert set(problem(api.get("/usage", **{name: value}), 422, "invalid")["fields"]) == {name}


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_is_none_in_utc_is_refused(api: Caller, time: str) -> None:
    assert set(problem(api.get("/cases", added_after=time), 422)["fields"]) == {"added_after"}


@pytest.mark.parametrize(
    ("after", "found"), [("2000-01-01", 1), ("0001-01-01T00:00:00", 1), ("9999-12-31T23:59:59Z", 0)]
)
def test_times_at_the_edges_are_times(api: Caller, make_case: Make[Case], after: str, found: int) -> None:
    make_case()
    assert len(api.get("/cases", added_after=after).json()["items"]) == found


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_edges_are_days(api: Caller, day: str) -> None:
    assert api.get("/usage", to=day).json()["to"] == day


# --- Bodies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded", "json"])
def test_a_body_that_is_not_sent_as_json_is_refused_everywhere(api: Caller, things: Things, kind: str) -> None:
    for name in CHANGES:
        problem(ask(api, name, things, body=b'{"name": "x"}', content_type=kind), 415, "unsupported_media_type")


def test_a_form_is_refused_where_no_files_are_taken(api: Caller, things: Things) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--x--\r\n'
    for name in CHANGES:
        if name != FILES:
            answer = ask(api, name, things, body=form, content_type="multipart/form-data; boundary=x")
            problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "rot13", "nonsense"])
def test_a_body_is_in_utf_8(api: Caller, things: Things, charset: str) -> None:
    for name in CHANGES:
        answer = ask(api, name, things, body=b"{}", content_type=f"application/json; charset={charset}")
        problem(answer, 415, "unsupported_media_type")
    form = f"multipart/form-data; boundary=x; charset={charset}"
    problem(ask(api, FILES, things, body=b"--x--", content_type=form), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", 'Application/JSON; charset="UTF-8"', "application/merge-patch+json"]
)
def test_json_may_say_more_of_itself(api: Caller, make_queue: Make[Queue], kind: str) -> None:
    queue = make_queue()
    path = f"/api/v1/queues/{queue.pk}"
    assert api.client.generic("PATCH", path, b'{"name": "New"}', kind).json()["name"] == "New"


def test_without_a_body_no_kind_is_needed(api: Caller, make_run: Make[Run]) -> None:
    assert api.client.generic("POST", f"/api/v1/runs/{make_run().pk}/stop", b"", "").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}], ids=["once", "repeatable"])
@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x=y"])
def test_a_form_without_a_boundary_cannot_be_read(api: Caller, things: Things, kind: str, headers: Any) -> None:
    answer = ask(api, FILES, things, body=b"--x--\r\n", content_type=kind, headers=headers)
    assert "boundary" in problem(answer, 400, "bad_request")["message"]


@pytest.mark.parametrize("boundary", ["x" * 300, "%C3%A4", "\u00e4", "a b;", '"'])
@pytest.mark.parametrize("body", [b"", b"--", b"--x\r\n", b"\xff" * 500, b"--x\r\nContent-Disposition: form-data"])
def test_a_broken_form_is_the_fault_of_its_sender(api: Caller, things: Things, boundary: str, body: bytes) -> None:
    kind = f"multipart/form-data; boundary={boundary}"
    for headers in ({}, {"Idempotency-Key": "one"}):
        assert ask(api, FILES, things, body=body, content_type=kind, headers=headers).status_code in (400, 422)


# --- What cannot be stored -------------------------------------------------------------------


def test_no_text_of_any_body_can_hold_what_cannot_be_stored(api: Caller, things: Things) -> None:
    """Each field of each body of the document, but the data of cases, where it is made visible."""
    document = published.get_openapi_schema()
    tried = 0
    for name in CHANGES:
        method, _, path = name.partition(" ")
        content = document["paths"][f"/api/v1{path}"][method.lower()].get("requestBody", {}).get("content", {})
        for field in _fields(document, content.get("application/json", {}).get("schema", {})) - {"data"}:
            for value in ("a\x00b", {"a\x00b": ["\x00"]}, ["\x00"]):
                answer = ask(api, name, things, body=json.dumps({field: value}).encode())
                assert answer.status_code in (404, 409, 422), (name, field, value, answer.content)
                tried += 1
    assert tried > 150


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    inner = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    return set(schema.get("properties", {})).union(*(_fields(document, part) for part in inner))


@pytest.mark.parametrize(
    "schema",
    [
        {"title": "a\x00b"},
        {"properties": {"a\x00b": {}}},
        {"enum": ["\x00"]},
        {"description": "\x00", "type": "object"},
        {"properties": {"a": {"const": ["\x00"]}}},
    ],
)
def test_a_schema_that_cannot_be_stored_is_refused(api: Caller, queue: Queue, schema: Any) -> None:
    for answer in (
        api.post("/queues", {"name": "New", "data_schema": schema}),
        api.patch(f"/queues/{queue.pk}", {"data_schema": schema}),
    ):
        assert "U+0000" in problem(answer, 422, "invalid")["fields"]["data_schema"]


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"1" + 400 * b"0", b"-" + 5000 * b"9"])
def test_a_number_beyond_all_numbers_is_no_json(api: Caller, queue: Queue, number: bytes) -> None:
    for body in (b'{"title": "a", "data": {"x": [%s]}}' % number, b'{"title": "a", "data": %s}' % number):
        problem(api.post(f"/queues/{queue.pk}/cases", body), 400, "bad_request")


@pytest.mark.parametrize("number", [2**63, -(2**64), 10**300, 1.5e308])
def test_a_large_number_is_kept_as_data(api: Caller, queue: Queue, number: float) -> None:
    made = api.post(f"/queues/{queue.pk}/cases", {"title": "a", "data": {"x": number}}).json()
    assert float(api.get(f"/cases/{made['id']}").json()["data"]["x"]) == float(number)


@pytest.mark.parametrize("seq", [0, -1, 2**31, 2**63, 10**30, 1.5, "1", True, None])
def test_a_number_that_no_row_has_is_refused(api: Caller, make_case: Make[Case], seq: object) -> None:
    error = problem(api.post(f"/cases/{make_case().pk}/undo", {"seq": seq}), 422, "invalid")
    assert set(error["fields"]) == {"seq"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paused", "yes"),
        ("paused", 1),
        ("paused", "true"),
        ("hop_limit", "3"),
        ("hop_limit", True),
        ("hop_limit", 3.5),
        ("hop_limit", 2**70),
        ("hop_limit", 1e300),
    ],
)
def test_kinds_are_not_mixed_up(api: Caller, queue: Queue, field: str, value: object) -> None:
    assert set(problem(api.patch(f"/queues/{queue.pk}", {field: value}), 422, "invalid")["fields"]) == {field}


@pytest.mark.parametrize("until", [0, 0.5, "0", "0001-01-01T00:00:00Z", "1969-12-31T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_case_is_postponed_to_a_time_of_our_days(api: Caller, make_case: Make[Case], until: object) -> None:
    error = problem(api.post(f"/cases/{make_case().pk}/postpone", {"until": until}), 422, "invalid")
    assert set(error["fields"]) == {"until"}


def test_what_the_database_refuses_is_the_fault_of_the_request(team: Team) -> None:
    """Even where nothing had checked it, and then nothing of the request is kept."""
    _, secret = create_key(team, "Program")
    router = Router()

    @router.post("/", auth=TeamKey(Scope.ADMIN))
    def unchecked(request: KeyRequest) -> None:
        Case.objects.filter(title="a\x00b").exists()

    own = Api(title="Unchecked", urls_namespace="unchecked")
    own.add_router("", router)
    view = next(pattern.callback for pattern in own.urls[0] if pattern.name == "unchecked")
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": "one"}
    assert view
    answer = view(RequestFactory().post("/", content_type="application/json", headers=headers))
    assert (answer.status_code, json.loads(answer.content)["error"]["code"]) == (422, "invalid")
    assert not KeptAnswer.objects.exists()


# --- Addresses, and pages --------------------------------------------------------------------


def test_no_address_of_the_api_holds_what_cannot_be_stored(api: Caller) -> None:
    for name in OPERATIONS:
        method, path = _path(name, "%00")
        if "%00" in path:
            problem(api.client.generic(method, path, b"{}", "application/json"), 404, "not_found")


# The names of all that pages read from their addresses and forms, near enough.
QUERY = ("q", "cursor", "page", "next", "status", "agent", "queue", "label", "user", "object", "until", "from", "days")
FORM = ("name", "text", "title", "aop", "answer", "agent", "assignee", "label", "email", "url", "q", "note", "token")
# One ends the session, one holds its answer open, one is not ready without workers.
LEFT_OUT = re.compile("sign-out|live|readyz")


@pytest.fixture
def tried(signed_in: Client, things: Things) -> Callable[..., Iterator[tuple[str, int]]]:
    """Each page, asked with everything in place, and its status."""

    def each(method: str, query: str = "", **about: Any) -> Iterator[tuple[str, int]]:
        for route, entry in PAGES.items():
            if method in entry.methods.split() and not LEFT_OUT.search(route):
                with transaction.atomic():
                    address = _address(route, things.ids.get(entry.of))
                    yield route, signed_in.generic(method, address + query, **about).status_code
                    transaction.set_rollback(True)

    return each


def test_no_page_breaks_by_what_cannot_be_stored(tried: Callable[..., Iterator[tuple[str, int]]]) -> None:
    query = "?" + "&".join(f"{name}=a%00b" for name in QUERY)
    statuses = dict(tried("GET", query=query))
    assert {route: status for route, status in statuses.items() if status >= 500} == {}
    assert len(statuses) > 60


def test_no_form_breaks_by_what_cannot_be_stored(tried: Callable[..., Iterator[tuple[str, int]]]) -> None:
    sent = urlencode(dict.fromkeys(FORM, "a\x00b"))
    statuses = dict(tried("POST", data=sent, content_type="application/x-www-form-urlencoded"))
    assert {route: status for route, status in statuses.items() if status >= 500} == {}
    assert len(statuses) > 60


def test_what_a_page_reads_by_itself_is_the_fault_of_the_request(rf: RequestFactory) -> None:
    from teams.keys.request_text import storable_texts

    middleware: Any = storable_texts(lambda request: HttpResponse())
    with pytest.raises(DataError) as caught, connection.cursor() as cursor:
        cursor.execute("select %s::int", [10**30])
    assert middleware.process_exception(rf.get("/"), caught.value).status_code == 400
    assert middleware.process_exception(rf.get("/"), ValueError()) is None


@pytest.mark.parametrize("address", ["/a%00b", "/help/a%00b/", "/cases/%00/", "/settings/%00"])
def test_an_address_that_cannot_be_stored_leads_nowhere(signed_in: Client, address: str) -> None:
    assert signed_in.get(address).status_code == 404


def test_a_cookie_cannot_spell_out_what_cannot_be_stored(client: Client) -> None:
    client.cookies.load('sessionid="abcdefgh\\000ijklmnop"')
    assert client.get("/", headers={"cookie": 'sessionid="abcdefgh\\000ijklmnop"'}).status_code == 302


@pytest.mark.parametrize("charset", ["rot13", "utf-16", "nonsense"])
def test_a_form_of_a_page_is_in_utf_8(client: Client, charset: str) -> None:
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        assert client.generic("POST", "/sign-in/", b"--x--", f"{kind}; charset={charset}").status_code == 400
