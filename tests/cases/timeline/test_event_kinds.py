"""Each kind of event that is declared is written by some code, and is told in words."""

import ast
from functools import cache

import pytest

from cases.models import Kind
from cases.timeline.event_texts import _EVENT_TEXTS
from tests.paths import ROOT

# Who may write events: the verbs, and what moves a case.
_WRITERS = {"event", "record", "_move", "_send", "_tell", "_record"}


@cache
def written() -> set[str]:
    """The kinds that are handed to a function that writes an event."""
    found: set[str] = set()
    for app in ("cases", "channels", "runs", "routes"):
        for path in (ROOT / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _name(node.func) in _WRITERS:
                    found |= {kind.attr for argument in node.args for kind in _kinds(argument)}
    return found


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def _kinds(node: ast.expr) -> list[ast.Attribute]:
    return [
        inner
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "Kind"
    ]


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_event_is_written_by_some_code(kind: Kind) -> None:
    assert kind.name in written()


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_event_has_words(kind: Kind) -> None:
    assert kind in _EVENT_TEXTS
