"""The OpenAPI document says how long the texts and how large the numbers of a request may be, and that is true."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from teams.models import Team
from tests.test_permissions import OPERATIONS, Things, make_things

from . import document
from .conftest import Caller

__all__ = ["make_things"]

pytestmark = pytest.mark.django_db


def bodies() -> dict[str, dict[str, Any]]:
    """The schema of the body of each operation that takes JSON."""
    found = {}
    for path, operations in document.document()["paths"].items():
        for method, operation in operations.items():
            about = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if about:
                found[f"{method.upper()} {path.removeprefix('/api/v1')}"] = about["schema"]
    return found


def leaves(node: Any, place: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text and number within a schema."""
    if isinstance(node, list):
        for item in node:
            yield from leaves(item, place, seen)
    if not isinstance(node, dict):
        return
    name = str(node.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        yield from leaves(document.document()["components"]["schemas"][name], place, seen | {name})
    if node.get("type") in ("string", "integer", "number"):
        yield place, node
    for key in ("anyOf", "oneOf", "allOf", "items"):
        yield from leaves(node.get(key), place, seen)
    for field, schema in node.get("properties", {}).items():
        yield from leaves(schema, f"{place}.{field}", seen)


def test_every_text_and_number_of_a_request_says_its_bounds() -> None:
    bounds = {"maxLength", "maximum", "exclusiveMaximum", "enum", "const", "format", "pattern"}
    found = [leaf for name, schema in bodies().items() for leaf in leaves(schema, name)]
    assert len(found) > 60
    assert [place for place, schema in found if not bounds & set(schema)] == []


def test_a_text_that_is_longer_than_its_field_says_is_refused_by_name(
    api: Caller, team: Team, make_things: Callable[[Team], Things]
) -> None:
    things, wrong, tried = make_things(team), [], 0
    for name, schema in bodies().items():
        entry = OPERATIONS[name]
        method, _, path = name.partition(" ")
        start, _, rest = path.partition("{")
        address = f"{start}{things.ids.get(entry.of, '')}{rest.partition('}')[2]}".replace("{number}", "1")
        for field, most in lengths(schema):
            tried += 1
            body = {**(entry.body or {}), field: "x" * (most + 1)}
            with transaction.atomic():
                answer = Client.generic(
                    api.client, method, f"/api/v1{address}", json.dumps(body).encode(), "application/json"
                )
                transaction.set_rollback(True)
            fields = answer.json().get("error", {}).get("fields", {}) if answer.status_code == 422 else {}
            if field not in fields:
                wrong.append(f"{name} {field} {answer.status_code} {sorted(fields)}")
    assert not wrong, "\n".join(wrong)
    assert tried > 30


def lengths(schema: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The text fields at the top of a body, with what they hold at most."""
    for place, leaf in leaves(schema, ""):
        if place.count(".") == 1 and "maxLength" in leaf:
            yield place.removeprefix("."), leaf["maxLength"]
