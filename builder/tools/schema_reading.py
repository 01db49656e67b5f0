"""Reading a JSON Schema of any dialect as a simple one.

References are followed inside the schema only, and within bounds.
"""

import json
from typing import Any

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from .schema_algebra import Simple, chosen, joined, met

# How many schemas one may come to when what it refers to is put in place, how deep, and how often into itself.
_PARTS = 1_500
_LEVELS = 12
_TURNS = 2
_CHOICES = 100
_WORDS = 2_000
_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
# True and false are numbers too in Python, so they come first.
_NAMES = (
    (type(None), "null"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)
# A schema without a type has one by what it says of it.
_MEANT = {
    "object": ("properties", "required", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_SIZES = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
}
# Said in words: nobody takes all of these.
_SAID = ("pattern", "multipleOf", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "default", "minProperties")


class Unusable(Exception):
    """Why no model can be told of this schema, in words that follow “its arguments”."""


def simplified(schema: Any) -> Simple:
    """Return the schema of a call's arguments, as an object or a choice that holds one. Unusable, when they can be
    none.
    """
    try:
        simple = _Reading(schema).read()
    except RecursionError:
        raise Unusable("have too many levels") from None
    if simple is None:
        raise Unusable("can be none at all: its schema excludes everything")
    parts = simple.get("anyOf", [simple])
    if not any(part.get("type", "object") == "object" for part in parts):
        raise Unusable("are no object")
    return simple


def resolver_of(schema: dict[str, Any]) -> Any:
    """Return what finds the parts of a schema by their references, and nothing else."""
    registry: Registry[Any] = Registry()
    # An id that is no text is not one.
    named = schema if isinstance(schema.get("$id", ""), str) else {**schema, "$id": ""}
    return registry.resolver_with_root(Resource.from_contents(named, DRAFT202012))


class _Reading:
    """One schema being read. `missing` references count as anything; who lists tools asks for them first."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._left = _PARTS
        self._resolver = resolver_of(schema) if isinstance(schema, dict) else None

    def read(self) -> Simple | None:
        return self._read(self._schema, self._resolver, (), 0)

    def _read(self, schema: Any, resolver: Any, trail: tuple[str, ...], level: int) -> Simple | None:
        self._left -= 1
        if schema is False:
            return None
        if not isinstance(schema, dict) or self._left < 0 or level > _LEVELS:
            return {}
        if isinstance(schema.get("$id"), str) and resolver is not None and level:
            resolver = resolver.in_subresource(DRAFT202012.create_resource(schema))
        simple = self._own(schema, resolver, trail, level)
        for part in self._all_of(schema, resolver, trail, level):
            simple = None if simple is None or part is None else met(simple, part)
        for keyword in ("anyOf", "oneOf"):
            if simple is not None and isinstance(schema.get(keyword), list):
                simple = self._one_of(simple, schema[keyword], resolver, trail, level)
        return simple

    def _all_of(self, schema: dict[str, Any], resolver: Any, trail: tuple[str, ...], level: int) -> list[Simple | None]:
        parts = schema.get("allOf")
        found = [self._read(part, resolver, trail, level) for part in (parts if isinstance(parts, list) else [])]
        if isinstance(schema.get("$ref"), str):
            found.append(self._referred(schema["$ref"], resolver, trail, level))
        return found

    def _referred(self, reference: str, resolver: Any, trail: tuple[str, ...], level: int) -> Simple | None:
        try:
            target = resolver.lookup(reference)
        except (Unresolvable, ValueError, TypeError, KeyError, IndexError, AttributeError):
            return {}
        if trail.count(reference) >= _TURNS or len(trail) > 50:
            kind = target.contents.get("type") if isinstance(target.contents, dict) else None
            return {"type": kind} if kind in _TYPES else {}
        return self._read(target.contents, target.resolver, (*trail, reference), level)

    def _one_of(
        self, simple: Simple, parts: list[Any], resolver: Any, trail: tuple[str, ...], level: int
    ) -> Simple | None:
        read = [self._read(part, resolver, trail, level) for part in parts[:_CHOICES]]
        found = [part for part in read if part is not None]
        if len(parts) > _CHOICES:
            return simple
        if (
            simple.get("type") == "object"
            and found
            and all(part.get("type", "object") == "object" for part in found)
            and all("anyOf" not in part for part in found)
        ):
            return met(simple, joined(found))
        choice = chosen(found)
        return None if choice is None else met(simple, choice)

    # --- One schema without those it is put together of ---------------------------------------

    def _own(self, schema: dict[str, Any], resolver: Any, trail: tuple[str, ...], level: int) -> Simple | None:
        kinds = _kinds(schema)
        values = _values(schema)
        if values is not None:
            simple = chosen(_by_kind(values, kinds))
        elif kinds:
            simple = chosen(
                [part for kind in kinds if (part := self._of_kind(kind, schema, resolver, trail, level)) is not None]
            )
        else:
            simple = {}
        if simple is None:
            return None
        words = schema.get("description") or schema.get("title")
        said = {"description": words[:_WORDS]} if isinstance(words, str) and words else {}
        hints = [
            f"{name}: {text}"
            for name in _SAID
            if name in schema and len(text := json.dumps(schema[name], ensure_ascii=False)) <= 100
        ]
        return {**simple, **said, **({"hints": hints} if hints else {})}

    def _of_kind(
        self, kind: str, schema: dict[str, Any], resolver: Any, trail: tuple[str, ...], level: int
    ) -> Simple | None:
        simple: Simple = {"type": kind}
        for name in _SIZES.get(kind, ()):
            if (value := _size(kind, schema.get(name))) is not None:
                simple[name] = value
        if kind == "string" and isinstance(schema.get("format"), str):
            simple["format"] = schema["format"][:50]
        if kind == "array":
            simple["items"] = self._items(schema, resolver, trail, level + 1)
        if kind == "object":
            return self._object(simple, schema, resolver, trail, level + 1)
        return simple

    def _items(self, schema: dict[str, Any], resolver: Any, trail: tuple[str, ...], level: int) -> Simple:
        """Return the schema of a list's items, also of a list that gives one for each place."""
        items = schema.get("items", {})
        places = items if isinstance(items, list) else schema.get("prefixItems")
        if not isinstance(places, list):
            return self._read(items, resolver, trail, level) or {}
        rest = [schema.get("additionalItems", {}) if isinstance(items, list) else items]
        read = [self._read(part, resolver, trail, level) for part in [*places[:_CHOICES], *rest]]
        return chosen([part for part in read if part is not None]) or {}

    def _object(
        self, simple: Simple, schema: dict[str, Any], resolver: Any, trail: tuple[str, ...], level: int
    ) -> Simple | None:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        names = schema.get("required")
        required = (
            list(dict.fromkeys(name for name in names if isinstance(name, str))) if isinstance(names, list) else []
        )
        # Draft 3 says it of each property.
        required += [
            name for name, part in properties.items() if isinstance(part, dict) and part.get("required") is True
        ]
        read = {name: self._read(part, resolver, trail, level) for name, part in properties.items()}
        if any(name in read and read[name] is None for name in required):
            return None
        told = {name: part for name, part in read.items() if part is not None}
        told |= {name: {} for name in required if name not in told}
        if told:
            simple["properties"] = told
        if required:
            simple["required"] = list(dict.fromkeys(required))
        more = schema.get("additionalProperties")
        if more is False and not schema.get("patternProperties"):
            simple["additionalProperties"] = False
        elif isinstance(more, dict) and more:
            simple["additionalProperties"] = self._read(more, resolver, trail, level) or {}
        return simple


def _kinds(schema: dict[str, Any]) -> list[str]:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    known = [kind for kind in dict.fromkeys(kind for kind in kinds if isinstance(kind, str)) if kind in _TYPES]
    if "number" in known and "integer" in known:
        known.remove("integer")
    if known or schema.get("type") is not None:
        return known
    return next(([kind] for kind, names in _MEANT.items() if any(name in schema for name in names)), [])


def _values(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return values if isinstance(values, list) and values else None


def _by_kind(values: list[Any], kinds: list[str]) -> list[Simple]:
    """Choices, by their types; of lists, objects and very many choices only the types."""
    groups: dict[str, list[Any]] = {}
    for value in values:
        kind = next(name for kind, name in _NAMES if isinstance(value, kind))
        if not kinds or kind in kinds or (kind == "integer" and "number" in kinds):
            groups.setdefault(kind, []).append(value)
    made: list[Simple] = []
    for kind, group in groups.items():
        is_short = len(group) <= _CHOICES * 5 and sum(map(len, map(str, group))) <= 7_500
        has_choices = kind in ("string", "integer", "number") and is_short
        made.append({"type": kind, **({"enum": list(dict.fromkeys(group))} if has_choices else {})})
    return made


def _size(kind: str, value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**53:
        return None
    if kind in ("string", "array"):
        return int(value) if value >= 0 else None
    return value
