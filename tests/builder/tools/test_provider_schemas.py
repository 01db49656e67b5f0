"""Schemas of strangers: what providers are sent of them, and what calls are held to."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from builder.tools import arguments as tool_arguments
from builder.tools.provider_schemas import RULES, alias, restored, told
from builder.tools.schema_reading import Unusable

KINDS = sorted(RULES)
TEXT = {"type": "string"}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


# --- What each provider accepts, written apart from the code that makes it ----------------------

_KEYWORDS = {"type", "description", "properties", "required", "items", "enum", "anyOf"}
_KEYWORDS |= {"minItems", "maxItems", "minimum", "maximum"}
_MORE = {"minLength", "maxLength", "additionalProperties", "format"}
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}


def objections(kind: str, schema: Any, place: str = "", level: int = 1) -> Iterator[str]:
    """What a provider would say of these parameters."""
    is_google = kind == "google"
    if not isinstance(schema, dict):
        yield f"{place}: no object"
        return
    if not place and (
        schema.get("type") != "object" or set(schema) & {"anyOf", "oneOf", "allOf", "enum", "const", "not"}
    ):
        yield "the top is no plain object"
    yield from (f"{place}: unknown name {name}" for name in set(schema) - _KEYWORDS - (set() if is_google else _MORE))
    if level > 10:
        yield f"{place}: too deep"
    if "type" in schema and not isinstance(schema["type"], str):
        yield f"{place}: several types"
    if is_google and not set(schema) & {"type", "anyOf"}:
        yield f"{place}: no type"
    if schema.get("type") == "array" and "items" not in schema:
        yield f"{place}: array schema missing items"
    if "format" in schema and schema["format"] not in _FORMATS:
        yield f"{place}: format {schema['format']}"
    if "enum" in schema:
        values = schema["enum"]
        if not values or len(values) > 1000 or len(set(map(json.dumps, values))) < len(values):
            yield f"{place}: enum"
        if is_google and not all(isinstance(value, str) and value for value in values):
            yield f"{place}: enum only for STRING type"
    names = schema.get("properties", {})
    yield from (f"{place}: property {name}" for name in names if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name))
    required = schema.get("required", [])
    if not set(required) <= set(names) or len(set(required)) < len(required) or ("required" in schema and not required):
        yield f"{place}: required property is not defined"
    if "anyOf" in schema and not schema["anyOf"]:
        yield f"{place}: empty anyOf"
    if len(schema.get("description", "x")) not in range(1, 6_000):
        yield f"{place}: description"
    for name, part in names.items():
        yield from objections(kind, part, f"{place}.{name}", level + 1)
    for number, part in enumerate(schema.get("anyOf", [])):
        yield from objections(kind, part, f"{place}|{number}", level + 1)
    for name in ("items", "additionalProperties"):
        if name in schema and not (name == "additionalProperties" and isinstance(schema[name], bool)):
            yield from objections(kind, schema[name], f"{place}.{name}", level + 1)


def accepted(kind: str, schema: Any, description: str = "Does it.") -> dict[str, Any]:
    """What the provider is sent, which it accepts."""
    said = told(f"{kind}:model", description, schema)
    assert list(objections(kind, said.schema)) == []
    assert len(json.dumps(said.schema)) <= 100_000
    assert len(said.description) <= (1024 if kind.startswith("openai") else 4000)
    return said.schema


# --- Any schema ---------------------------------------------------------------------------------

_names = st.sampled_from(["a", "b", "c", "filter[name]", "@type", "", "ß" * 80, "a b", "x" * 70, "$ref", "items"])
_values = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "a", "b", 1.5, [1], {"a": 1}])
_refs = st.sampled_from(["#", "#/$defs/one", "#/$defs/two", "#/properties/a"])
_types = st.sampled_from(["string", "number", "integer", "boolean", "object", "array", "null"])


def _schemas(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    sizes = st.integers(0, 4)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": _types | st.lists(_types, min_size=1, max_size=3, unique=True),
            "properties": st.dictionaries(_names, parts, max_size=4),
            "required": st.lists(_names, max_size=2, unique=True),
            "additionalProperties": parts,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "(a+)+$", "^(?!a)"]), parts, max_size=1),
            "items": parts,
            "prefixItems": several,
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": parts,
            "if": parts,
            "then": parts,
            "const": _values,
            "enum": st.lists(_values, min_size=1, max_size=4),
            "$ref": _refs,
            "pattern": st.sampled_from(["^a", "(a+)+$", "^(?!a)b"]),
            "format": st.sampled_from(["uri", "date", "email", "regex", "int32"]),
            "minimum": st.integers(-3, 3),
            "exclusiveMaximum": st.integers(-3, 9),
            "multipleOf": st.sampled_from([1, 2, 0.5]),
            "minLength": sizes,
            "maxItems": sizes,
            "uniqueItems": st.booleans(),
            "minProperties": sizes,
            "propertyNames": parts,
            "dependentRequired": st.dictionaries(_names, st.lists(_names, max_size=2), max_size=1),
            "unevaluatedProperties": st.booleans(),
            "nullable": st.booleans(),
            "default": _values,
            "description": st.text(max_size=30),
            "title": st.text(max_size=5),
        },
    )


_parts: st.SearchStrategy[Any] = st.recursive(st.booleans() | st.just({}), _schemas, max_leaves=12)
_tops = st.builds(
    lambda top, one, two: {"type": "object", **top, "$defs": {"one": one, "two": two}}, _schemas(_parts), _parts, _parts
)
_patient = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def fitting(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Arguments as a model may give them that has read what was sent."""
    if "anyOf" in schema:
        return st.one_of([fitting(part) for part in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    least, most = schema.get("minimum"), schema.get("maximum")
    match schema.get("type"):
        case "string":
            return st.text("ab1-", min_size=schema.get("minLength", 0), max_size=max(4, schema.get("minLength", 0)))
        case "integer":
            return st.integers(least, most if most is None or least is None else max(least, most))
        case "number":
            return st.integers(-9, 9) | st.floats(-9, 9)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(fitting(schema["items"]), max_size=3)
        case "object":
            parts = {name: fitting(part) for name, part in schema.get("properties", {}).items()}
            needed = schema.get("required", [])
            optional = {name: part for name, part in parts.items() if name not in needed}
            return st.fixed_dictionaries({name: parts[name] for name in needed}, optional=optional)
    return _values


@given(_tops | _schemas(_parts) | _parts)
@_patient
def test_whatever_the_schema_every_provider_accepts_what_it_is_sent_or_the_tool_is_left_out(schema: Any) -> None:
    try:
        tool_arguments.check(schema)
    except Unusable as unusable:
        assert str(unusable)
        return
    for kind in KINDS:
        accepted(kind, schema)


@given(_tops, st.data())
@_patient
def test_what_fits_what_a_model_was_told_fits_the_schema_or_is_refused(schema: Any, data: st.DataObject) -> None:
    try:
        tool_arguments.check(schema)
    except Unusable:
        return
    sent = accepted("openai-chat", schema)
    arguments = restored(schema, data.draw(fitting(sent)))
    # A pattern with lookaround is left to the server.
    if not tool_arguments.wrong(schema, arguments) and "(?!" not in json.dumps(schema):
        Draft202012Validator(schema, registry=Registry()).validate(arguments)


_anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "items", "required", "$ref", "allOf", "enum", "a"]), parts
        )
    ),
    max_leaves=15,
)


@given(_anything, st.dictionaries(st.sampled_from(["a", "b"]), _values))
@_patient
def test_what_is_no_schema_is_said_and_breaks_nothing(schema: Any, arguments: Any) -> None:
    try:
        tool_arguments.check(schema)
    except Unusable as unusable:
        assert str(unusable)
        return
    for kind in KINDS:
        accepted(kind, schema)
    tool_arguments.wrong(schema, arguments)


# --- One by one ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_choice_at_the_top_is_told_as_one_object(kind: str, keyword: str) -> None:
    schema = {**of(a=TEXT, b=TEXT), keyword: [{"required": ["a"]}, {"required": ["b"]}]}
    sent = accepted(kind, schema)
    assert set(sent["properties"]) == {"a", "b"} and "required" not in sent
    assert sent["description"] == "(required: a, or b)"
    assert tool_arguments.wrong(schema, {"a": "x"}) == []
    [words] = tool_arguments.wrong(schema, {})
    assert "a: is required; or b: is required" in words


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_several_is_told_as_one_object(kind: str) -> None:
    schema = {"allOf": [of(a=TEXT), {**of(b={"type": "integer"}), "required": ["b"]}]}
    sent = accepted(kind, schema)
    assert (set(sent["properties"]), sent["required"]) == ({"a", "b"}, ["b"])
    assert tool_arguments.wrong(schema, {"a": 1, "b": 1}) == ["a: 1 is not of type 'string'"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_referred_to_stands_in_its_place(kind: str) -> None:
    schema = {**of(to={"$ref": "#/$defs/person", "description": "Who gets it."}), "$defs": {"person": of(name=TEXT)}}
    to = accepted(kind, schema)["properties"]["to"]
    assert (to["properties"], to["description"]) == ({"name": TEXT}, "Who gets it.")


@pytest.mark.parametrize("place", ["definitions", "$defs", "parts"])
def test_definitions_may_stand_anywhere_in_the_schema(place: str) -> None:
    schema = {**of(a={"$ref": f"#/{place}/x"}), place: {"x": {"type": "integer"}}}
    tool_arguments.check(schema)
    assert accepted("openai", schema)["properties"] == {"a": {"type": "integer"}}
    assert tool_arguments.wrong(schema, {"a": "no"}) == ["a: 'no' is not of type 'integer'"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_that_holds_itself_is_told_to_some_depth(kind: str) -> None:
    node = {**of(text=TEXT, replies={"type": "array", "items": {"$ref": "#/$defs/node"}}), "required": ["text"]}
    schema = {**of(root={"$ref": "#/$defs/node"}), "$defs": {"node": node}}
    tool_arguments.check(schema)
    sent = json.dumps(accepted(kind, schema))
    assert 2 <= sent.count('"text"') <= 8
    deep = {"text": "a", "replies": [{"text": "b", "replies": [{"text": "c", "replies": [{"replies": []}]}]}]}
    assert tool_arguments.wrong(schema, {"root": deep}) == ["root.replies.0.replies.0.replies.0.text: is required"]


def _doubling(levels: int) -> dict[str, Any]:
    parts = {f"d{n}": {"allOf": 2 * [{"$ref": f"#/$defs/d{n + 1}"}]} for n in range(levels)}
    return {"type": "object", "$defs": {**parts, f"d{levels}": {}}, "$ref": "#/$defs/d0"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (None, "something other than a JSON Schema"),
        ([], "something other than a JSON Schema"),
        (True, "something other than a JSON Schema"),
        ({"type": "object", "properties": []}, "properties has to be an object of schemas"),
        (of(a=7), "properties.a is no schema"),
        (of(a={"type": "strnig"}), "properties.a is of the type"),
        (of(a={"enum": "x"}), "an enum that is no list"),
        ({"type": "object", "required": "a"}, "what is required"),
        (of(a={"pattern": 3}), "a value of pattern"),
        (of(a={"minLength": -1}), "a value of minLength"),
        ({"type": "string"}, "are no object"),
        (False, "something other than a JSON Schema"),
        ({"type": "object", "allOf": [{"type": "string"}]}, "excludes everything"),
        ({"allOf": [of(), False]}, "excludes everything"),
        ({**of(a=False), "required": ["a"]}, "excludes everything"),
        (of(a={"$ref": "https://example.com/schema.json"}), "nothing is fetched"),
        (of(a={"$ref": "#/$defs/nothing"}), "nothing is fetched"),
        (of(a={"description": "b" * 60_000}), "at most 50,000"),
        (_doubling(40), "refers to itself too often"),
        ({"type": "object", "$ref": "#"}, "refers to itself too often"),
    ],
)
def test_a_schema_that_cannot_be_used_says_why(schema: Any, words: str) -> None:
    began = time.process_time()
    with pytest.raises(Unusable, match=re.escape(words)):
        tool_arguments.check(schema)
    assert time.process_time() - began < 5


def test_very_deep_schemas_are_no_trouble() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5_000):
        schema = of(a=schema)
    with pytest.raises(Unusable):
        tool_arguments.check(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_properties_are_told(kind: str) -> None:
    schema = of(**{f"p{number}": {"type": ["string", "null"]} for number in range(1000)})
    began = time.process_time()
    tool_arguments.check(schema)
    assert len(accepted(kind, schema)["properties"]) == 1000
    assert time.process_time() - began < 5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["filter[name]", "@id", "", "ünï", "a b", "x" * 65, "$top"])
def test_a_property_that_providers_do_not_take_has_another_name_for_models(kind: str, name: str) -> None:
    schema = {**of(**{name: TEXT, "list": {"type": "array", "items": of(**{name: TEXT})}}), "required": [name]}
    sent = accepted(kind, schema)
    [other] = sent["required"]
    assert other != name and other == alias(name)
    arguments = {other: "x", "list": [{other: "y"}]}
    assert restored(schema, arguments) == {name: "x", "list": [{name: "y"}]}
    assert tool_arguments.wrong(schema, restored(schema, {other: 1})) == [f"{other}: 1 is not of type 'string'"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_provider_does_not_take_is_said_in_words(kind: str) -> None:
    part = {"type": "string", "pattern": "^[A-Z]{3}$", "format": "uri", "description": "Where."}
    sent = accepted(kind, of(a=part))["properties"]["a"]
    assert sent["description"] == 'Where. (pattern: "^[A-Z]{3}$"; format: "uri")'


def test_numbers_to_choose_from_are_said_to_google_in_words() -> None:
    sent = accepted("google", of(a={"enum": [1, 2]}, b={"enum": ["", "x"]}, c={"const": None}))
    assert sent["properties"]["a"] == {"type": "integer", "description": "(one of [1, 2])"}
    assert sent["properties"]["b"] == {"type": "string", "description": '(one of ["", "x"])'}
    assert sent["properties"]["c"] == {"type": "null"}


@pytest.mark.parametrize("kind", KINDS)
def test_several_types_are_a_choice(kind: str) -> None:
    sent = accepted(kind, of(a={"type": ["string", "null"], "description": "Or nothing."}))
    assert sent["properties"]["a"] == {
        "anyOf": [{"type": "string"}, {"type": "null"}],
        "description": "Or nothing.",
    }


def test_a_long_description_loses_nothing_for_openai() -> None:
    words = " ".join(f"word{number}" for number in range(400))
    said = told("openai:model", words, of(a=TEXT))
    assert len(said.description) <= 1024 and said.description.endswith("…")
    assert said.description.removesuffix("…").split() + said.schema["description"].split() == words.split()


@pytest.mark.parametrize(
    ("schema", "arguments", "words"),
    [
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", **of(a={"minimum": 0, "exclusiveMinimum": True})},
            {"a": 0},
            "a: ",
        ),
        (of(a={"minimum": 0, "exclusiveMinimum": True}), {"a": 0}, "a: "),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", **of(a={"items": [TEXT, {"type": "integer"}]})},
            {"a": ["x", "y"]},
            "a.1: ",
        ),
        (of(a={"items": [TEXT, {"type": "integer"}]}), {"a": ["x", "y"]}, "a.1: "),
        (of(a={"prefixItems": [TEXT, {"type": "integer"}]}), {"a": ["x", "y"]}, "a.1: "),
        (
            {"$schema": "https://json-schema.org/draft/2019-09/schema", **of(), "unevaluatedProperties": False},
            {"z": 1},
            "arguments: Unevaluated properties are not allowed ('z'",
        ),
        ({"$schema": "urn:someone's own", **of(a=TEXT)}, {"a": 1}, "a: "),
        ({**of(), "additionalProperties": False}, {"z": 1}, "z: is not one of its arguments"),
        ({**of(), "patternProperties": {"^n_": {"type": "integer"}}}, {"n_a": "x"}, "n_a: "),
        ({**of(), "patternProperties": {"^n_": {}}, "additionalProperties": False}, {"n_a": "x", "z": 1}, "z: "),
        (of(a={"pattern": "^[A-Z]{3}$"}), {"a": "abc"}, "a: abc does not match"),
        (of(a={"const": None}), {"a": 1}, "a: "),
        (of(a={"if": {"const": 1}, "then": False}), {"a": 1}, "a"),
    ],
)
def test_arguments_are_held_to_the_schema_in_its_own_dialect(schema: Any, arguments: Any, words: str) -> None:
    tool_arguments.check(schema)
    assert tool_arguments.wrong(schema, {}) == []
    assert tool_arguments.wrong(schema, arguments)[0].startswith(words)


@pytest.mark.parametrize("keyword", ["pattern", "patternProperties", "propertyNames"])
def test_a_pattern_that_would_take_for_ever_takes_no_time(keyword: str) -> None:
    evil = "^(a+)+$"
    schema = {
        "pattern": of(a={"pattern": evil}),
        "patternProperties": {**of(), "patternProperties": {evil: {}}, "additionalProperties": False},
        "propertyNames": {**of(), "propertyNames": {"pattern": evil}},
    }[keyword]
    text = 40_000 * "a" + "!"
    began = time.process_time()
    assert tool_arguments.wrong(schema, {"a": text, text: 1})
    assert time.process_time() - began < 2


def test_a_reference_that_never_ends_refuses_the_call() -> None:
    schema = {**of(a={"$ref": "#/$defs/x"}), "$defs": {"x": {"$ref": "#/$defs/x"}}}
    assert "a" in accepted("google", schema)["properties"]
    assert "refers to itself too often" in tool_arguments.wrong(schema, {"a": 1})[0]
