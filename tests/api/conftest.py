import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from teams.keys.api_keys import create_key
from teams.models import Team
from tests.responses import Response

from . import document


class DocumentedClient(Client):
    """Holds each answer to the OpenAPI document."""

    def request(self, **request: Any) -> Response:
        response = super().request(**request)
        document.check(request["REQUEST_METHOD"], response)
        return response


class Caller:
    """A program with a key of a team."""

    def __init__(self, secret: str) -> None:
        self.client = DocumentedClient(headers={"authorization": f"Bearer {secret}"})

    def get(self, path: str, **query: Any) -> Response:
        return self.client.get(f"/api/v1{path}", query)

    def send(self, method: str, path: str, body: Any = None) -> Response:
        """`body` is JSON as it goes over the wire, or what makes it."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api/v1{path}", raw, "application/json")

    def post(self, path: str, body: Any = None) -> Response:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any) -> Response:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Response:
        return self.send("DELETE", path)


@pytest.fixture
def make_caller() -> Callable[[Team], Caller]:
    return lambda team: Caller(create_key(team, "Tests")[1])


@pytest.fixture
def api(make_caller: Callable[[Team], Caller], team: Team) -> Caller:
    return make_caller(team)


@pytest.fixture
def strangers(make_team: Callable[..., Team]) -> Team:
    """Another team, whose things nobody of ours may know."""
    return make_team("Strangers")


def problem(response: Response, status: int, code: str = "") -> dict[str, Any]:
    """The error of a response, which must have this status, and this code if one is given."""
    body = response.json()
    assert response.status_code == status, body
    assert set(body) == {"error"}
    assert set(body["error"]) <= {"code", "message", "fields"}
    assert not code or body["error"]["code"] == code
    return body["error"]
