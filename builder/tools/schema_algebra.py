"""Simple schemas: of one type, or a choice of several, without references; and what fits two of them, or either.

All results admit at least what they should: where a bound cannot be told simply it is left out.
"""

import json
from collections.abc import Sequence
from typing import Any

type Simple = dict[str, Any]

_CHOICES = 8
# What an untyped value may be, for those who want a type. Lists and objects are left to what is typed.
ANYTHING: Simple = {"anyOf": [{"type": kind} for kind in ("string", "number", "boolean", "object")]}
_LEAST = ("minimum", "minLength", "minItems")
_MOST = ("maximum", "maxLength", "maxItems")


def met(one: Simple, other: Simple) -> Simple | None:
    """Return what fits both; None when nothing does."""
    if "anyOf" in one or "anyOf" in other:
        several, rest = (one, other) if "anyOf" in one else (other, one)
        # Of two choices the second is left out: all pairs could be a great many.
        rest = {name: value for name, value in rest.items() if name not in ("anyOf", "description", "hints")}
        return _with_words(
            chosen([part for each in several["anyOf"] if (part := met(each, rest)) is not None]), one, other
        )
    kind = _kind(one.get("type"), other.get("type"))
    if kind is None:
        return None
    made: Simple = {**other, **one, **({"type": kind} if kind else {})}
    for names, best in ((_LEAST, max), (_MOST, min)):
        made |= {name: best(one[name], other[name]) for name in names if name in one and name in other}
    if "enum" in one and "enum" in other:
        made["enum"] = [value for value in one["enum"] if value in other["enum"]]
        if not made["enum"]:
            return None
    if "items" in one and "items" in other:
        both = met(one["items"], other["items"])
        made["items"] = {} if both is None else both
    return _with_words(_met_objects(made, one, other), one, other)


def _kind(one: str | None, other: str | None) -> str | None:
    """None where the types exclude each other; empty where there is none."""
    if one == other or one is None or other is None:
        return one or other or ""
    return "integer" if {one, other} == {"integer", "number"} else None


def _met_objects(made: Simple, one: Simple, other: Simple) -> Simple | None:
    if "properties" not in one and "properties" not in other:
        return _with_required(made, one, other)
    properties: Simple = {}
    for name in [*one.get("properties", {}), *other.get("properties", {})]:
        found = met(one.get("properties", {}).get(name, {}), other.get("properties", {}).get(name, {}))
        if found is not None:
            properties[name] = found
        elif name in one.get("required", []) + other.get("required", []):
            return None
    # One of them may close what the other one opens.
    if one.get("properties") and other.get("properties"):
        made.pop("additionalProperties", None)
    return _with_required({**made, "properties": properties}, one, other)


def _with_required(made: Simple, one: Simple, other: Simple) -> Simple:
    names = list(dict.fromkeys([*one.get("required", []), *other.get("required", [])]))
    if names:
        properties = made.get("properties", {})
        made = {**made, "properties": {**properties, **{name: {} for name in names if name not in properties}}}
        made["required"] = names
    return made


def _with_words(made: Simple | None, one: Simple, other: Simple) -> Simple | None:
    if made is None:
        return None
    said = made.get("description") or one.get("description") or other.get("description")
    hints = list(dict.fromkeys([*made.get("hints", []), *one.get("hints", []), *other.get("hints", [])]))
    words = {**({"description": said} if said else {}), **({"hints": hints[:10]} if hints else {})}
    return {**made, **words}


def chosen(parts: Sequence[Simple]) -> Simple | None:
    """Return what fits one of these at least; None when there is none."""
    flat: list[Simple] = []
    for part in parts:
        flat += part["anyOf"] if "anyOf" in part and set(part) <= {"anyOf", "description", "hints"} else [part]
    if not flat:
        return None
    different = list({json.dumps(part, sort_keys=True): part for part in flat}.values())
    if any(not set(part) - {"description", "hints"} for part in different):
        return {}
    if len(different) == 1:
        return different[0]
    if named := _named_choices(different):
        return named
    return {"anyOf": different} if len(different) <= _CHOICES else _by_type(different)


def _named_choices(parts: list[Simple]) -> Simple | None:
    """Texts that are chosen among, each with what it means."""
    if not all(
        part.get("type") == "string" and "enum" in part and set(part) <= {"type", "enum", "description"}
        for part in parts
    ):
        return None
    values = list(dict.fromkeys(value for part in parts for value in part["enum"]))
    said = [f"{part['enum'][0]}: {part['description']}" for part in parts if part.get("description")]
    return {"type": "string", "enum": values, **({"description": "\n".join(said)} if said else {})}


def _by_type(parts: list[Simple]) -> Simple:
    """Of very many only their types."""
    kinds = list(dict.fromkeys(part["type"] for part in parts if "type" in part))
    if len(kinds) < len({part.get("type") for part in parts}):
        return {}
    return {"type": kinds[0]} if len(kinds) == 1 else {"anyOf": [{"type": kind} for kind in kinds]}


def joined(objects: Sequence[Simple]) -> Simple:
    """One object with the properties of all, of which those are required that all require."""
    properties: dict[str, list[Simple]] = {}
    for part in objects:
        for name, value in part.get("properties", {}).items():
            properties.setdefault(name, []).append(value)
    required = [name for name in properties if objects and all(name in part.get("required", []) for part in objects)]
    made: Simple = {
        "type": "object",
        "properties": {name: chosen(values) or {} for name, values in properties.items()},
    }
    if required:
        made["required"] = required
    alternatives = [part["required"] for part in objects if part.get("required") and part["required"] != required]
    if alternatives:
        made["hints"] = ["required: " + ", or ".join(" and ".join(names) for names in alternatives[:_CHOICES])]
    return made
