"""Every error has the one shape, and says what to do without saying anything of the inside."""

import json
import logging

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import RequestFactory
from ninja import Router

from teams.keys.api import Api
from teams.keys.api_keys import create_key
from teams.models import ApiKey

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


def test_without_a_key_there_is_no_answer(client) -> None:
    response = client.get("/api/v1/agents")
    assert "Authorization" in problem(response, 401, "unauthenticated")["message"]
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer baton_wrong", "Basic YTpi", "baton_wrong", "Bearer é"]
)
def test_a_wrong_key_is_no_key(client, header: str) -> None:
    problem(client.get("/api/v1/agents", headers={"authorization": header}), 401)


def test_a_revoked_key_opens_nothing(client, team) -> None:
    key, secret = create_key(team, "old")
    header = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/agents", headers=header).status_code == 200
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=key.created_at)
    problem(client.get("/api/v1/agents", headers=header), 401)


def test_a_session_of_a_person_is_no_key(signed_in) -> None:
    problem(signed_in.get("/api/v1/agents"), 401)


@pytest.mark.parametrize(
    "path", ["/nothing", "/agents/", "/agents/1", "/agents/x/y/z", "/runs/not-a-uuid", "/runs/%00"]
)
def test_what_does_not_exist_is_not_found(api: Caller, path: str) -> None:
    problem(api.get(path), 404, "not_found")


def test_an_unknown_address_takes_no_posts(api: Caller) -> None:
    problem(api.post("/nothing", {}), 404, "not_found")


def test_a_wrong_method_is_told_the_right_ones(api: Caller) -> None:
    response = api.delete("/agents")
    assert "GET" in problem(response, 405, "method_not_allowed")["message"]
    assert set(response["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b'{"name": "\\ud800"}',
        b'{"name": "a", "name": "b"}',
        b"[" * 100_000,
        b"[" * 500 + b"]" * 500,
        b"nope",
    ],
)
def test_what_is_no_json_is_refused(api: Caller, body: bytes) -> None:
    assert "JSON" in problem(api.post("/agents", body), 400, "bad_request")["message"]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"12"])
def test_a_body_of_the_wrong_kind_is_refused(api: Caller, body: bytes) -> None:
    problem(api.post("/agents", body), 422, "invalid")


def test_a_body_that_is_too_large_is_refused(api: Caller) -> None:
    problem(api.post("/agents", {"name": "x", "aop": "x" * 2_700_000}), 413, "too_large")


def test_fields_are_named(api: Caller) -> None:
    error = problem(api.post("/agents", {"nmae": "x", "connections": {"consumes": [{"concurrency": 0}]}}), 422)
    assert error["fields"] == {
        "name": "Required.",
        "nmae": "There is no such field. Check how it is spelt.",
        "connections.consumes.0.queue_id": "Required.",
        "connections.consumes.0.concurrency": "Use 1 or more.",
    }


def test_fields_of_addresses_are_named(api: Caller) -> None:
    assert set(problem(api.get("/runs", limit=0, agent_id="x"), 422)["fields"]) == {"limit", "agent_id"}


def _ask(error: Exception) -> tuple[int, dict[str, str]]:
    router = Router()

    @router.get("/", auth=None)
    def broken(request: HttpRequest) -> None:
        raise error

    api = Api(title="Broken", urls_namespace=f"broken-{id(error)}")
    api.add_router("", router)
    view = next(pattern.callback for pattern in api.urls[0] if pattern.name == "broken")
    assert view
    response = view(RequestFactory().get("/"))
    return response.status_code, json.loads(response.content)["error"]


def test_an_error_of_our_own_says_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        status, error = _ask(RuntimeError("the secret inside"))
    assert (status, error["code"]) == (500, "internal_error")
    assert "secret" not in str(error)
    assert "the secret inside" in caplog.text


def test_a_database_that_does_not_answer_may_be_asked_again() -> None:
    status, error = _ask(OperationalError("connection to /secret/socket failed"))
    assert (status, error["code"]) == (503, "unavailable")
    assert "secret" not in str(error)
