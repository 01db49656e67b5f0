"""JSON Schemas of MCP servers, rebuilt as each model provider accepts them for the arguments of a tool.

A provider refuses a whole request over one keyword it does not take, so a schema is rebuilt from the few keywords that
are known to work instead of being searched for what might not. References are replaced by what they refer to, within
bounds. What a model is told may therefore admit more than the schema does: `tool_arguments` holds every call to the
schema itself before it is sent. What is left out is said in words in descriptions.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .schema_algebra import ANYTHING, Simple, joined
from .schema_reading import simplified

# Anthropic: "Property keys should match pattern"; letters that the others take as well.
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
# Tools of one request. OpenAI: "Expected an array with maximum length 128"; Gemini takes as many. Anthropic takes more,
# but the fallback of an agent may be a model of another provider.
MOST_TOOLS = 128
# Characters of a whole schema, and of one description in it.
_LENGTH = 100_000
_WORDS = 1_000
_HINTS = 300


@dataclass(frozen=True)
class Rules:
    """What a provider takes. `description`: characters of a tool's; None where no bound is known.

    `texts_only`: choices are texts. `untyped`: a value may go without a type. `strict`: what pydantic-ai is told of it.
    """

    keywords: frozenset[str]
    formats: frozenset[str]
    description: int | None = None
    levels: int = 9
    texts_only: bool = False
    untyped: bool = True
    strict: bool | None = False


# Known to all of them. None takes `$ref` for sure: gpt-oss models never see `$defs`, llama.cpp's grammars fail on
# references they cannot resolve, Anthropic refuses them in custom tools of agents, and Gemini takes them in optional
# properties only.
_COMMON = frozenset({"type", "description", "properties", "required", "items", "enum", "anyOf"})
_LENGTHS = frozenset({"minItems", "maxItems", "minimum", "maximum"})
_MORE = frozenset({"minLength", "maxLength", "additionalProperties", "format"})
# https://platform.openai.com/docs/guides/structured-outputs names these formats; others are refused in strict mode.
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})

# Chat Completions refuses a description of more than 1,024 characters ("string too long"), and a schema that is no
# object at the top or has one of oneOf, anyOf, allOf, enum, const and not there. A list needs `items`. At most ten
# levels. Patterns are compiled there, and one it cannot compile fails the request; so does `strict` with other rules.
_OPENAI = Rules(_COMMON | _LENGTHS | _MORE, _FORMATS, description=1024)

RULES = {
    "openai-chat": _OPENAI,
    # Responses has the same rules for functions that are not strict.
    "openai": _OPENAI,
    # "input_schema does not support oneOf, allOf, or anyOf at the top level". Formats are not checked there.
    "anthropic": Rules(_COMMON | _LENGTHS | _MORE, _FORMATS),
    # The part of OpenAPI 3.0 that https://ai.google.dev/api/caching#Schema lists, so that both ways to say parameters
    # work: "only 'enum' and 'date-time' are supported for STRING type", choices are texts and never empty, every value
    # has a type, `required` names properties that are there. Its own mode of checking calls needs no rewriting.
    "google": Rules(
        _COMMON | _LENGTHS, frozenset(), description=4000, levels=7, texts_only=True, untyped=False, strict=None
    ),
}
# The strictest of all, for providers that are added before anyone has looked at what they take.
_STRICTEST = Rules(_COMMON, frozenset(), description=1024, levels=5, texts_only=True, untyped=False)


@dataclass(frozen=True)
class Told:
    """What a model is told of a tool."""

    description: str
    schema: dict[str, Any]
    strict: bool | None


def rules_of(model: str) -> Rules:
    """Of the provider in a model's name, as `openai:NAME`."""
    return RULES.get(model.partition(":")[0], _STRICTEST)


def told(model: str, description: str, schema: Any) -> Told:
    """A tool's description and arguments as the provider of this model accepts them."""
    rules = rules_of(model)
    fitted = json.loads(_fitted(rules, json.dumps(schema)))
    limit = rules.description
    if limit and len(description) > limit:
        # The end of a long description may say what an argument means, so it is kept where no bound is known.
        cut = description.rfind(" ", 0, limit - 1) + 1 or limit - 1
        fitted["description"] = description[cut:] + ("\n" + fitted["description"] if "description" in fitted else "")
        description = description[:cut].rstrip() + "…"
    return Told(description, fitted, rules.strict)


@lru_cache(maxsize=1024)
def _fitted(rules: Rules, schema: str) -> str:
    """As text, so that nobody changes what is kept."""
    simple = simplified(json.loads(schema))
    for levels in (rules.levels, 4, 2, 1):
        fitted = json.dumps(_object(rules, simple, levels))
        if len(fitted) <= _LENGTH:
            break
    return fitted


# --- Names of properties ---------------------------------------------------------------------


def alias(name: str) -> str:
    """Return what models call this property: the name itself where every provider takes it."""
    if _PROPERTY.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:40]
    return f"p_{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def restored(schema: Any, arguments: Any) -> Any:
    """Arguments by the names that the server knows."""
    names = {alias(name): name for name in property_names(schema) if alias(name) != name}
    return _renamed(arguments, names) if names else arguments


def property_names(schema: Any) -> set[str]:
    """All that may be properties, wherever they stand in the schema."""
    names: set[str] = set()
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo += part
        elif isinstance(part, dict):
            todo += part.values()
            names |= set(part.get("properties") or ()) if isinstance(part.get("properties"), dict) else set()
            required = part.get("required")
            names |= {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    return names


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    return value


# --- What a provider takes -------------------------------------------------------------------


def _object(rules: Rules, simple: Simple, levels: int) -> dict[str, Any]:
    """The top of a schema: an object, with no choice between several."""
    one = simple
    if "anyOf" in simple:
        objects = [part for part in simple["anyOf"] if part.get("type", "object") == "object"]
        one = {**joined(objects), **{name: simple[name] for name in ("description",) if name in simple}}
    made = _value(rules, {**one, "type": "object"}, levels)
    made.setdefault("properties", {})
    return made


def _value(rules: Rules, simple: Simple, levels: int) -> dict[str, Any]:
    if levels <= 0:
        simple = {name: simple[name] for name in ("type", "description") if name in simple}
    if "type" not in simple and "anyOf" not in simple and not rules.untyped:
        simple = {**simple, **ANYTHING}
    made = _parts(rules, simple, levels - 1)
    hints = [*simple.get("hints", ())]
    for name, value in simple.items():
        if name in made or name in ("hints", "description"):
            continue
        if name in rules.keywords and _is_taken(rules, name, value):
            made[name] = value
        else:
            hints.append(_hint(name, value))
    if made.get("type") == "array":
        # "array schema missing items"
        made.setdefault("items", {} if rules.untyped else {"type": "string"})
    if words := _words(simple.get("description", ""), list(filter(None, hints))):
        made["description"] = words
    return made


def _parts(rules: Rules, simple: Simple, levels: int) -> dict[str, Any]:
    """Return the keywords that hold other schemas."""
    made: dict[str, Any] = {}
    if "anyOf" in simple:
        made["anyOf"] = [_value(rules, part, levels) for part in simple["anyOf"]]
    if "properties" in simple:
        made["properties"] = {alias(name): _value(rules, part, levels) for name, part in simple["properties"].items()}
    if "required" in simple:
        made["required"] = [alias(name) for name in simple["required"]]
    for name in ("items", "additionalProperties"):
        if name in rules.keywords and isinstance(simple.get(name), dict):
            made[name] = _value(rules, simple[name], levels)
    return made


def _is_taken(rules: Rules, name: str, value: Any) -> bool:
    if name == "enum" and rules.texts_only:
        return all(isinstance(choice, str) and choice for choice in value)
    return name != "format" or value in rules.formats


def _hint(name: str, value: Any) -> str:
    if name == "additionalProperties":
        return f"values: {value['type']}" if isinstance(value, dict) and "type" in value else ""
    said = json.dumps(value, ensure_ascii=False)
    return f"one of {said}" if name == "enum" else f"{name}: {said}"


def _words(description: str, hints: list[str]) -> str:
    said = "; ".join(hints)
    said = said if len(said) <= _HINTS else f"{said[:_HINTS]}…"
    return " ".join(filter(None, [description[:_WORDS], f"({said})" if said else ""]))
