"""Holds answers of the API to its OpenAPI document."""

import json
import re
from functools import cache
from typing import Any

import jsonschema_rs

from config.api import api
from tests.responses import Response

ERROR = {"$ref": "#/components/schemas/Error"}


@cache
def document() -> dict[str, Any]:
    """The document as JSON, in which objects have no fields but those that it names."""
    found = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    for name, schema in found["components"]["schemas"].items():
        if "properties" in schema and name not in {"Error", "ErrorDetail"}:
            schema.setdefault("additionalProperties", False)
    return found


def check(method: str, response: Response) -> None:
    """AssertionError where the document says otherwise. What is no operation is held to the shape of errors."""
    route = getattr(response.resolver_match, "route", "")
    path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    operation = document()["paths"].get(path, {}).get(method.lower())
    if operation is None:
        assert response.status_code >= 400 or not path.startswith("/api/v1/"), f"{method} {path} is not in the document"
        return
    name = f"{method} {path} {response.status_code}"
    said = operation["responses"].get(str(response.status_code))
    if said is None:
        assert response.status_code >= 400, f"{name} is not in the document"
        said = operation["responses"]["default"]
    if "content" not in said:
        assert not response.content, f"{name} has a body"
        return
    [(kind, content)] = said["content"].items()
    if kind == "application/json":
        assert response["Content-Type"].startswith(kind), name
        _check(name, json.dumps(content["schema"]), json.loads(response.content))


def _check(name: str, schema: str, body: Any) -> None:
    wrong = [
        f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in _reader(schema).iter_errors(body)
    ]
    assert not wrong, f"{name}: {wrong}"


@cache
def _reader(schema: str) -> Any:
    whole = json.loads(schema) | {"components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
