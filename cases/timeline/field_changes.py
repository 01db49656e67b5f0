"""What an event says that changed in a case, field by field, in words for people. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from cases.models import Case, CaseEvent

from .sentences import listed

# What people read where a field of a case has another name.
_FIELDS = {"data": "details"}
_VALUE_LIMIT = 120


@dataclass(frozen=True)
class Change:
    """One field of a case, before and after; empty where there was or is nothing."""

    name: str
    old: str
    new: str


def changed_fields(event: CaseEvent) -> str:
    """Return words such as `the title and the details`."""
    return listed([f"the {_FIELDS.get(name, name)}" for name in _changes_in_order(event)]) or "the case"


def _changes_in_order(event: CaseEvent) -> dict[str, Any]:
    """Return the changes in the order of the page's fields: the database orders keys by their length."""
    changes = event.data.get("changes", {})
    return {name: changes[name] for name in ("queue", "title", "data", "priority", "labels") if name in changes}


def changes_of(event: CaseEvent) -> list[Change]:
    changes = _changes_in_order(event).items()
    return [told for name, change in changes for told in _changes(name, change.get("old"), change.get("new"))]


def _changes(name: str, old: Any, new: Any) -> list[Change]:
    """Return what differs: of data with fields, each field that does."""
    if name == "priority":
        old, new = (Case.Priority(value).label if value in Case.Priority.values else value for value in (old, new))
    if name == "data" and isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        return [Change(_field(key), in_words(old.get(key)), in_words(new.get(key))) for key in keys]
    return [Change(_field(_FIELDS.get(name, name)), in_words(old), in_words(new))]


def _field(name: str) -> str:
    return str(name).replace("_", " ").capitalize()


def in_words(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        text = ", ".join(map(str, value))
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_LIMIT else text[:_VALUE_LIMIT].rstrip() + "…"
