"""What a case says: the message it is about, and the fields beside it. Pure: it asks no database."""

from dataclasses import dataclass
from typing import Any

from data.errors import Refused
from data.texts.text import storable

# The first of these that holds a text is the message, in the words of mail programs, forms and help desks.
_MESSAGES = ("message", "text", "body", "content", "description", "question", "comment", "details", "request", "note")
_SENDERS = ("customer", "from", "name", "sender", "requester", "contact", "author", "email")
_SENDER_LIMIT = 80
# A text of this length without a name of that kind is taken for the message too.
_LONG = 120


@dataclass(frozen=True)
class Message:
    """What someone wrote, who that was, as far as the case says so, and the field that it stands in."""

    text: str
    sender: str = ""
    name: str = ""


@dataclass(frozen=True)
class Field:
    """A field of the details. `kind`: text, number, yes_no; or list and data, which are edited with the whole case."""

    name: str
    value: Any
    kind: str

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def is_editable(self) -> bool:
        return self.kind not in ("list", "data")

    @property
    def said(self) -> str:
        """What screen readers say of the button that edits it."""
        return f"Edit {self.label}: {self.words or 'empty'}"

    @property
    def words(self) -> str:
        if isinstance(self.value, bool):
            return "Yes" if self.value else "No"
        if isinstance(self.value, list):
            return ", ".join(map(str, self.value))
        return "" if self.value is None else str(self.value)


def message_of(data: Any) -> Message | None:
    """Return the message of a case, or None if its details hold none."""
    if isinstance(data, str):
        return Message(data) if data.strip() else None
    if not isinstance(data, dict):
        return None
    by_name = {str(name).lower(): str(name) for name in reversed(data)}
    names = [by_name[word] for word in _MESSAGES if word in by_name]
    names += sorted((name for name in data if _is_long(data[name])), key=lambda name: -len(data[name]))
    found = next((name for name in names if isinstance(data[name], str) and data[name].strip()), None)
    return Message(data[found], _sender(data, by_name), found) if found else None


def fields_of(data: Any) -> list[Field]:
    """Return what the details say besides the message, in their order."""
    if not isinstance(data, dict):
        return []
    message = message_of(data)
    return [Field(str(name), data[name], _kind(data[name])) for name in data if not (message and name == message.name)]


def with_field(data: Any, name: str, typed: str) -> dict[str, Any]:
    """Return the details with that field as it was typed, in the kind that it had before."""
    field = next((field for field in fields_of(data) if field.name == name), None)
    if field is None or not field.is_editable:
        raise Refused("This field no longer exists. Reload the page.", "gone", {"value": "No longer there."})
    return {**data, name: storable(_read(field.kind, typed))}


def _read(kind: str, typed: str) -> Any:
    typed = typed.replace("\r\n", "\n").strip()
    if kind == "yes_no":
        return typed == "yes"
    if kind != "number":
        return typed
    try:
        return int(typed)
    except ValueError:
        pass
    try:
        number = float(typed)
    except ValueError:
        number = float("nan")
    if number - number != 0:  # neither a number nor an end of the line of numbers
        raise Refused("Enter a number.", "invalid", {"value": "Enter a number."})
    return number


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return "list"
    return "text" if value is None or isinstance(value, str) else "data"


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and (len(value) > _LONG or "\n" in value.strip())


def _sender(data: dict[str, Any], by_name: dict[str, str]) -> str:
    words = [data[by_name[word]] for word in _SENDERS if word in by_name]
    words += [word["name"] for word in words if isinstance(word, dict) and isinstance(word.get("name"), str)]
    return next((word for word in words if isinstance(word, str) and 0 < len(word) <= _SENDER_LIMIT), "")
