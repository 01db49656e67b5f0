"""JSON Schemas for the data of a queue's cases.

People of the team write a schema, and web processes and workers run it, so it must not fetch anything or run
forever: no `$ref` leaves it, regular expressions run in linear time, and references are counted.
"""

import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from itertools import count
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from data.errors import Refused
from data.texts import patterns
from data.texts.json_text import read_json

SCHEMA_LIMIT = 32 * 1024
_MOST_ERRORS = 20
_MOST_REFERENCES = 1000
_LEFT_OUT = ("$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor", "patternProperties")
_HOLDS_NO_SCHEMA = ("const", "enum", "default", "examples")


class _Endless(Exception):
    """The references of a schema never end, or are too many."""


def read_schema(text: str) -> dict[str, Any] | None:
    """Read a schema as people type it; an empty text is no schema."""
    if not text.strip():
        return None
    try:
        found = read_json(text)
    except ValueError as error:
        raise _bad(f"This is no JSON: {error}.") from error
    return check_schema(found)


def check_schema(schema: Any) -> dict[str, Any]:
    """Return the schema. Refused, with a sentence, if it cannot be used."""
    if not isinstance(schema, dict):
        raise _bad("A schema is a JSON object, such as {“type”: “object”}.")
    try:
        if len(json.dumps(schema)) > SCHEMA_LIMIT:
            raise _bad("A schema may hold 32 kB at most.")
        _look_through(schema)
        Draft202012Validator.check_schema(schema)
        errors(schema, {})
    except SchemaError as error:
        place = " at " + ".".join(map(str, error.absolute_path)) if error.absolute_path else ""
        raise _bad(f"This is no JSON Schema{place}: {error.message[:200]}.") from error
    except RecursionError as error:
        raise _bad("The schema has too many levels.") from error
    return schema


def _look_through(part: Any) -> None:
    if isinstance(part, list):
        for item in part:
            _look_through(item)
    if not isinstance(part, dict):
        return
    reference = part.get("$ref")
    if isinstance(reference, str) and not reference.startswith("#"):
        raise _bad(f"“{reference[:80]}” lies elsewhere. A schema may only refer to its own parts, as #/$defs/address.")
    for name in _LEFT_OUT:
        if name in part:
            raise _bad(f"“{name}” cannot be used here.")
    if isinstance(part.get("pattern"), str) and not patterns.can_be_used(part["pattern"]):
        raise _bad(f"The pattern “{part['pattern'][:80]}” cannot be used here.")
    for name, item in part.items():
        if name not in _HOLDS_NO_SCHEMA:
            _look_through(item)


def _bad(message: str) -> Refused:
    return Refused(message, "invalid", {"data_schema": message})


# --- Checking data ---------------------------------------------------------------------------


def errors(schema: Mapping[str, Any], data: Any) -> dict[str, str]:
    """Return what is wrong with the data, by field: `{"customer.email": "Is missing."}`; of the whole, by ""."""
    _references.set(count(1))
    checker = _Checker(schema, registry=Registry())
    found: dict[str, str] = {}
    try:
        for error in checker.iter_errors(data):
            name, words = _said(error)
            found.setdefault(name, words)
            if len(found) >= _MOST_ERRORS:
                break
    except Unresolvable as error:
        raise _bad(f"The schema refers to “{error.ref}”, which is not there.") from error
    except (_Endless, RecursionError) as error:
        raise _bad("The schema refers to itself without end.") from error
    return found


def check_data(schema: Mapping[str, Any] | None, data: Any, queue: str) -> None:
    """Check the data. Refused, at fields such as `data.email`, if it does not fit."""
    if schema is None or not (found := errors(schema, data)):
        return
    said = "; ".join(f"{name}: {words}" if name else words for name, words in list(found.items())[:5])
    fields = {f"data.{name}" if name else "data": words for name, words in found.items()}
    raise Refused(f"The details do not fit what {queue} asks for. {said}", "invalid_data", fields)


def _said(error: ValidationError) -> tuple[str, str]:
    path = list(map(str, error.absolute_path))
    wanted: Any = error.validator_value
    match error.validator:
        case "required":
            missing = next((name for name in wanted if name not in error.instance), "")
            return ".".join([*path, missing]), "Is missing."
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            words = f"Must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}."
        case "enum":
            words = f"Must be one of {', '.join(json.dumps(value, ensure_ascii=False) for value in wanted)[:200]}."
        case _:
            words = error.message[:200]
    return ".".join(path), words


_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def _matches(checker: Any, pattern: str, data: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(data, str) and patterns.matches(pattern, data) is False:
        yield ValidationError(f"Does not look like {pattern}")


def _refers(checker: Any, reference: str, part: Any, schema: Any) -> Iterator[ValidationError]:
    if next(_references.get()) > _MOST_REFERENCES:
        raise _Endless
    yield from Draft202012Validator.VALIDATORS["$ref"](checker, reference, part, schema)


# The references that this check has followed.
_references: ContextVar[Iterator[int]] = ContextVar("references")
# Built once, since building takes as long as checking thirty cases.
_Checker = extend(Draft202012Validator, {"pattern": _matches, "$ref": _refers})
