"""Reads values leniently, as what they are meant to be. Pure."""

import ast
import json
import math
import re
from typing import Any

import jiter

from data.texts.json_text import check_levels
from data.texts.text import storable

type Json = dict[str, Any]

BOM = "\ufeff"
# What PostgreSQL cannot keep, and numbers that may be too large to be numbers.
_SUSPECT = re.compile(rb"\\u0000|[eE]\+?\d{3}")
_FENCE = re.compile(r"\A```\w*\s*\n?(.*?)\s*```\Z", re.DOTALL)
_LONGEST_LITERAL = 20_000
_MOST = 2**31 - 1
_NESTED_TEXTS = 3


class Unreadable(ValueError):
    """An answer there is no reading of; the words are a sentence about "the model"."""


def read(text: str | bytes) -> Any:
    """Read JSON with what it may not hold made harmless: NaN is null, half characters are `�`. ValueError if it is
    none.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        found = jiter.from_json(raw, allow_inf_nan=False)
        return harmless(found) if _SUSPECT.search(raw) else found
    except ValueError:
        return _read_loosely(raw)


def _read_loosely(raw: bytes) -> Any:
    try:
        found = json.loads(raw.decode("utf-8", "replace").lstrip(BOM), strict=False)
        check_levels(harmless(found))
        return harmless(found)
    except RecursionError as error:
        raise ValueError("it has too many levels") from error


def harmless(value: Any) -> Any:
    """Return the value without NaN and infinity, and with what PostgreSQL refuses made visible."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {storable(key): harmless(item) for key, item in value.items()}
    if isinstance(value, list):
        return [harmless(item) for item in value]
    return storable(value)


# --- Parts of an answer ----------------------------------------------------------------------


def dicts(value: object) -> list[Json]:
    """Return the objects of a list; of one object that should have been a list, that one."""
    return [
        item
        for item in ([value] if isinstance(value, dict) else value if isinstance(value, list) else [])
        if item and isinstance(item, dict)
    ]


def child(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def string(value: object) -> str:
    """Return a text, or a number as text, and "" for everything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def text(value: object) -> str:
    """Return the text of a text, of a part with a text, or of a list of such."""
    if isinstance(value, list):
        return "".join(text(item) for item in value)
    if isinstance(value, dict):
        return next((text(value[key]) for key in ("text", "content", "value") if value.get(key)), "")
    return string(value)


def count(value: object) -> int | None:
    """Return a number of tokens, or None if it is unknown."""
    # Some gateways write numbers as text.
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
        value = int(value)
    # Python takes a boolean for a number.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if int(value) == value and 0 <= value <= _MOST else None


def index(value: object) -> int | None:
    return count(value)


# --- Arguments of a tool call ----------------------------------------------------------------


def arguments(value: object) -> Json | str:
    """Return the object that a tool call's arguments are meant to be; a text without one stays as it is."""
    # Some models put their only call's arguments in a list.
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if value is None or value == []:
        return {}
    if isinstance(value, dict):
        return value
    return _object_in(value) if isinstance(value, str) else json.dumps(value)


def _object_in(said: str, levels: int = _NESTED_TEXTS) -> Json | str:
    bare = _FENCE.sub(r"\1", said.strip(f"{BOM} \t\r\n\x00"))
    # As models write that a tool takes nothing.
    if bare in ("", "null", "None", "[]"):
        return {}
    try:
        found = jiter.from_json(bare.encode("utf-8", "surrogatepass"), allow_inf_nan=False)
        if isinstance(found, dict):
            return said if bare == said else bare
    except ValueError:
        found = _first_object(bare)
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict):
        found = found[0]
    # Some gateways write arguments as a text within a text.
    if isinstance(found, str) and levels:
        inner = _object_in(found, levels - 1)
        return inner if is_object(inner) else said
    return found if isinstance(found, dict) else said


def _first_object(bare: str) -> Any:
    """An object with something after it that is no other one, or as Python would write it. None if there is none."""
    try:
        found, end = json.JSONDecoder(strict=False).raw_decode(bare)
        rest = bare[end:].strip()
        if "{" not in rest or not rest.replace(bare[:end], "").strip():
            found = harmless(found)
            check_levels(found)
            return found
        return None
    except (ValueError, RecursionError):
        return _literal(bare)


def _literal(bare: str) -> Any:
    # Reading a long literal takes the parser much more memory than its text.
    if not bare.startswith("{") or len(bare) > _LONGEST_LITERAL:
        return None
    try:
        found = ast.literal_eval(bare)
        return harmless(json.loads(json.dumps(found))) if isinstance(found, dict) else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def is_object(given: Json | str) -> bool:
    """Return whether arguments are whole: an object, or the text of one."""
    if isinstance(given, dict):
        return True
    try:
        return isinstance(jiter.from_json(given.encode("utf-8", "surrogatepass")), dict)
    except ValueError:
        return False


def as_text(given: Json | str) -> str:
    return given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)


def as_object(given: Json | str) -> Json | str:
    if isinstance(given, str) and is_object(given):
        found: Json = read(given)
        return found
    return given
