"""Whether arguments match the schema of an MCP server, in any dialect.

Nothing in a schema keeps us busy for long or leads elsewhere: nothing is fetched, patterns take linear time, and only
so many keywords are looked at. What cannot be told then counts as not fitting.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, Draft201909Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

from data.texts import patterns

from .provider_schemas import alias
from .schema_reading import Unusable, resolver_of, simplified

SCHEMA_LIMIT = 50_000
# Keywords looked at in one check, which takes about a second then; and before anyone calls, with no arguments.
_STEPS = 50_000
_FIRST_STEPS = 2_000
_LEVELS = 60
_MOST_ERRORS = 5
_UNCHECKED = "cannot be checked"
_ENDLESS = f"{_UNCHECKED} against the tool’s schema, which refers to itself too often"
_steps: ContextVar[Iterator[int]] = ContextVar("steps")


class _Endless(Exception):
    """It refers to itself too often, or is too much for these arguments."""


def check(schema: Any) -> None:
    """Unusable, when models cannot be told of this schema, or calls not be held to it."""
    if not isinstance(schema, dict):
        raise Unusable("are described by something other than a JSON Schema")
    try:
        length = len(json.dumps(schema, allow_nan=False))
    except (ValueError, RecursionError):
        raise Unusable("are described by something other than a JSON Schema") from None
    if length > SCHEMA_LIMIT:
        raise Unusable(f"take {length:,} characters to describe; at most {SCHEMA_LIMIT:,} are read")
    references = list(_look_through(schema, "", 0))
    for reference, resolver in _with_resolvers(schema, references):
        _check_reference(reference, resolver)
    simplified(schema)
    for words in wrong(schema, {}, _FIRST_STEPS):
        if _UNCHECKED in words:
            raise Unusable(words.removeprefix("arguments: "))


def wrong(schema: Any, arguments: Any, steps: int = _STEPS) -> list[str]:
    """Return what does not fit, in words for a model that begin with the field; at most five."""
    _steps.set(iter(range(steps)))
    found: list[str] = []
    try:
        checker = _checker(_dialect(schema), "patternProperties" in json.dumps(schema))
        for error in checker(schema, registry=Registry()).iter_errors(arguments):
            found.append(_said(error))
            if len(found) == _MOST_ERRORS:
                break
    except (_Endless, RecursionError):
        found.append(f"arguments: {_ENDLESS}")
    except Unresolvable as error:
        found.append(f"arguments: {_UNCHECKED}, as the tool’s schema refers to {error.ref}, which is not there")
    except Exception as error:  # anything else that an unknown schema triggers in the library
        found.append(f"arguments: {_UNCHECKED} against the tool’s schema ({type(error).__name__})")
    return found


# --- Is it a schema? -------------------------------------------------------------------------

_ONE, _LIST, _MAP, _EITHER = "a schema", "a list of schemas", "an object of schemas", "a schema or a list of schemas"
# What holds schemas. The library's own check of a schema takes a second where there are a thousand properties.
_PARTS = {
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "propertyNames", "contains", "not"), _ONE),
    **dict.fromkeys(("if", "then", "else", "additionalItems", "unevaluatedItems"), _ONE),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _LIST),
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"), _MAP),
    "items": _EITHER,
}
_KINDS = {"string", "number", "integer", "boolean", "object", "array", "null"}


def _look_through(schema: Any, place: str, level: int) -> Iterator[str]:
    """All its references; Unusable, with the place, where it is no schema."""
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise _no_schema(place, "is no schema")
    if level > _LEVELS:
        raise Unusable("have too many levels")
    if words := _wrong_value(schema):
        raise _no_schema(place, words)
    if "$ref" in schema:
        yield schema["$ref"]
    for name, shape in _PARTS.items():
        if name in schema:
            for key, part in _parts(schema[name], shape, f"{place}{name}"):
                yield from _look_through(part, f"{key}.", level + 1)


def _parts(value: Any, shape: str, place: str) -> list[tuple[str, Any]]:
    if isinstance(value, list) and shape in (_LIST, _EITHER):
        return [(f"{place}.{number}", part) for number, part in enumerate(value)]
    if isinstance(value, dict) and shape == _MAP:
        return [(f"{place}.{name}", part) for name, part in value.items()]
    if isinstance(value, dict | bool) and shape in (_ONE, _EITHER):
        return [(place, value)]
    raise _no_schema(f"{place}.", f"has to be {shape}")


def _wrong_value(schema: dict[str, Any]) -> str:
    kinds = schema.get("type", [])
    if not all(isinstance(kind, str) and kind in _KINDS for kind in (kinds if isinstance(kinds, list) else [kinds])):
        return f"is of the type {_short(json.dumps(kinds))}, which is none"
    if not isinstance(schema.get("enum", []), list):
        return "has an enum that is no list"
    required = schema.get("required", [])
    is_list = isinstance(required, list) and all(isinstance(name, str) for name in required)
    if not is_list and not isinstance(required, bool):  # which draft 3 has for one property
        return "has a list of what is required that is none"
    wrong = [name for name in _TEXTS if not isinstance(schema.get(name, ""), str)]
    wrong += [name for name, fits in _NUMBERS.items() if not fits(schema.get(name, 1))]
    return f"has a value of {wrong[0]} that it cannot have" if wrong else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TEXTS = ("$ref", "$id", "pattern")
_NUMBERS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), lambda value: _is_number(value) and value >= 0),
    **dict.fromkeys(("minProperties", "maxProperties"), lambda value: _is_number(value) and value >= 0),
    **dict.fromkeys(("minimum", "maximum"), _is_number),
    # True or false in draft 4.
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), lambda value: isinstance(value, bool | int | float)),
    "multipleOf": lambda value: _is_number(value) and value > 0,
}


def _no_schema(place: str, words: str) -> Unusable:
    where = place.rstrip(".")[:200] or "the top"
    return Unusable(f"are described by something other than a JSON Schema: {where} {words}")


def _with_resolvers(schema: Any, references: list[str]) -> Iterator[tuple[str, Any]]:
    """Each reference once. Parts with an `$id` of their own are left to the check of a call."""
    if references and json.dumps(schema).count('"$id"') <= int("$id" in schema):
        resolver = resolver_of(schema)
        yield from ((reference, resolver) for reference in dict.fromkeys(references))


def _check_reference(reference: str, resolver: Any) -> None:
    try:
        found = resolver.lookup(reference).contents
    except Exception:
        found = None
    if not isinstance(found, dict | bool):
        words = f"refer to “{reference[:80]}”, which is not in the schema; nothing is fetched from elsewhere"
        raise Unusable(words)


def _dialect(schema: Any) -> Any:
    """The one it names; else that of the protocol, or an older one by what it says."""
    named = validator_for(schema, default=None) if isinstance(schema.get("$schema"), str) else None
    if named is not None:
        return named
    text = json.dumps(schema)
    if re.search(r'"exclusiveM(in|ax)imum": (true|false)', text):
        return Draft4Validator
    return Draft201909Validator if '"items": [' in text else Draft202012Validator


# --- Checking --------------------------------------------------------------------------------


type _Check = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


@cache
def _checker(dialect: Any, has_patterns: bool) -> Any:
    """Made once: it takes as long as many checks."""
    known = {
        **dialect.VALIDATORS,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional,
    }
    if has_patterns:  # the library would match these with an engine that can take for ever
        known = {name: check for name, check in known.items() if not name.startswith("unevaluated")}
    return extend(dialect, {name: _counted(check) for name, check in known.items()})


def _counted(check: _Check) -> _Check:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if next(_steps.get(), None) is None:
            raise _Endless
        yield from check(validator, value, instance, schema) or ()

    return counted


def _pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """A pattern with lookaround is left to the server: no engine matches these in linear time."""
    if isinstance(instance, str) and patterns.matches(str(pattern), instance) is False:
        yield ValidationError(f"{_short(instance)} does not match {_short(pattern)}")


def _pattern_properties(validator: Any, schemas: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        for pattern, part in schemas.items():
            for name, value in instance.items():
                if patterns.matches(pattern, name):
                    yield from validator.descend(value, part, path=name, schema_path=pattern)


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, shapes = schema.get("properties", {}), schema.get("patternProperties", {})
    more = [name for name in instance if name not in known and not any(_may_match(shape, name) for shape in shapes)]
    for name in more:
        if allowed is False:
            yield ValidationError("is not one of its arguments", path=[name])
        elif isinstance(allowed, dict):
            yield from validator.descend(instance[name], allowed, path=name)


def _may_match(pattern: str, name: str) -> bool:
    return patterns.matches(pattern, name) is not False


# --- In words --------------------------------------------------------------------------------


def _said(error: ValidationError) -> str:
    """A sentence that begins with the field, by the name that the model knows."""
    if error.context:
        branches = dict.fromkeys(_said(part) for part in _firsts(error.context))
        return f"{_place(error)}: fits none of the alternatives ({'; or '.join(branches)})"[:600]
    if error.validator == "required" and isinstance(error.instance, Mapping):
        missing = next((name for name in error.validator_value if name not in error.instance), "")
        return f"{_place(error, missing)}: is required"
    return f"{_place(error)}: {_short(error.message)}"


def _firsts(context: Any) -> list[ValidationError]:
    """Of each alternative what is wrong first."""
    found: dict[Any, ValidationError] = {}
    for part in context:
        found.setdefault(part.schema_path[0] if part.schema_path else None, part)
    return list(found.values())[:5]


def _place(error: ValidationError, *more: str) -> str:
    path = [*error.absolute_path, *more]
    return ".".join(alias(part) if isinstance(part, str) else str(part) for part in path) or "arguments"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"
