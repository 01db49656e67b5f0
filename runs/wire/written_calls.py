"""A tool call that a model wrote as text, read as the call that it is.

Prose is never taken for a call, nor is a call that is quoted in it.
"""

import ast
import re
from collections.abc import Collection
from typing import Any

from pydantic_ai.messages import ToolCallPart

from .reading import Json, arguments, as_object, harmless, read

_WRAPPINGS = tuple(
    re.compile(rf"\A{before}(?P<inner>{inner}){after}\Z", re.DOTALL)
    for before, inner, after in (
        ("<think(?:ing)?>.*?</think(?:ing)?>", ".*", ""),
        (r"```[\w-]*\s*\n?", ".*?", r"\s*```"),
        ("<(?P<tag>tool_calls?|function_calls?|tools?|function|call)>", ".*?", "(?:</(?P=tag)>)?"),
        (r"<\|(?:tool_calls?|tool_call_start|python_tag)\|>", ".*?", r"(?:<\|[\w/]+\|>)?"),
        (r"\[TOOL_CALLS?\]", ".*", ""),
    )
)
_FUNCTION_TAG = re.compile(r"\A<function=([\w.-]+)>(.*?)(?:</function>)?\Z", re.DOTALL)
_PARAMETER_TAG = re.compile(r"<parameter=([\w.-]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_NAMES = ("name", "function", "tool", "tool_name", "action")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "params", "tool_input", "action_input")
_BESIDE = frozenset({"type", "id", "call_id", *_NAMES, *_ARGUMENTS})
_AROUND = ("tool_calls", "tool_call", "function_call", "function", "call")
_LONGEST = 200_000


def written(text: str, offered: Collection[str]) -> ToolCallPart | None:
    """Return the call that a text is, or None."""
    if len(text) > _LONGEST:
        return None
    found = _named(_unwrapped(text.strip()), offered)
    given = as_object(found[1]) if found else ""
    return ToolCallPart(found[0], given) if found and isinstance(given, dict) else None


def _unwrapped(text: str) -> Any:
    """Return what stands in code fences and tags, as JSON or as a call in code."""
    for _ in range(4):
        found = next((match for wrapping in _WRAPPINGS if (match := wrapping.match(text))), None)
        if found is None:
            break
        text = found["inner"].strip()
    if tag := _FUNCTION_TAG.match(text):
        return {"name": tag[1], "arguments": _parameters(tag[2]) or tag[2]}
    if text.startswith("{{") and text.endswith("}}"):  # of a template that was not filled in
        text = text[1:-1]
    try:
        return read(text)
    except ValueError:
        return _code(text)


def _parameters(inner: str) -> Json | None:
    found: Json = dict(_PARAMETER_TAG.findall(inner))
    rest = _PARAMETER_TAG.sub("", inner).strip()
    return found if found and not rest else None


def _code(text: str) -> Any:
    """Read a call written as code, such as `complete_case(summary="Done.")`, also in a list. Its arguments must be
    constants.
    """
    try:
        body = ast.parse(text, mode="eval").body
        if isinstance(body, ast.List) and len(body.elts) == 1:
            body = body.elts[0]
        if not isinstance(body, ast.Call) or not isinstance(body.func, ast.Name):
            return None
        if len(body.args) == 1 and not body.keywords:
            given = ast.literal_eval(body.args[0])
        elif not body.args and all(word.arg for word in body.keywords):
            given = {word.arg: ast.literal_eval(word.value) for word in body.keywords}
        else:
            return None
        return {"name": body.func.id, "arguments": harmless(given)}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _named(found: Any, offered: Collection[str], levels: int = 3) -> tuple[str, Json | str] | None:
    """Return the name and arguments of the only call in the value."""
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict) or not levels:
        return None
    for key in _AROUND:  # {"tool_calls": [{…}]}
        if isinstance(found.get(key), dict | list) and not set(found) - {key, "type", "id"}:
            return _named(found[key], offered, levels - 1)
    if len(found) == 1 and (name := next(iter(found))) in offered and isinstance(found[name], dict):
        return name, found[name]
    if set(found) - _BESIDE:
        return None
    names = [found[key] for key in _NAMES if isinstance(found.get(key), str)]
    given = [found[key] for key in _ARGUMENTS if key in found]
    name = names[0].removeprefix("functions.") if len(names) == 1 else ""
    return (name, arguments(given[0] if given else None)) if name in offered and len(given) <= 1 else None
