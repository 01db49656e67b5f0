"""What may stand in texts. PostgreSQL keeps no U+0000 and no half of a surrogate pair."""

import re
from typing import Any

from data.errors import Refused

from .signs import unseen_in_name

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
REQUIRED = "Required."
UNSTORABLE_WORDS = "This holds a character that cannot be stored, such as U+0000. Remove it."
# Tabs and line ends (U+0085 is one) may stand in texts.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


def one_line(value: str, field: str, limit: int, *, required: bool = True) -> str:
    """`value` with its white space folded, or Refused with the field's error."""
    line = " ".join(value.split())
    if required and not line:
        raise _wrong(field, REQUIRED)
    if CONTROL.search(line):
        raise _wrong(field, "This holds characters that cannot be shown. Remove them.")
    if len(line) > limit:
        raise _wrong(field, f"Use at most {limit} characters; these are {len(line)}.")
    return line


def plain_name(value: str, field: str, limit: int) -> str:
    """A line that nobody takes for another one: without what is not seen or turns the reading around."""
    if sign := unseen_in_name(value.replace("\r", "\n")):
        raise _wrong(field, f"This holds a character that nobody sees, U+{ord(sign):04X}. Type the name by hand.")
    return one_line(value, field, limit)


def prose(value: str, field: str, limit: int) -> str:
    """`value` with line ends as \\n, or Refused with the field's error."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if CONTROL.search(text):
        raise _wrong(field, "This holds characters that cannot be shown. Remove them.")
    if len(text) > limit:
        raise _wrong(field, f"Use at most {limit:,} characters; these are {len(text):,}.")
    return text


def short(text: str, length: int) -> str:
    """Return one line of at most `length` characters, cut at a word unless that would leave little of it."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    whole = line[: length - 1]
    cut = whole.rpartition(" ")[0]
    return (cut if len(cut) * 2 > length else whole).rstrip(" ,.;:") + "…"


def is_storable(value: Any) -> bool:
    """Whether PostgreSQL can keep it, down to the last text inside."""
    if isinstance(value, str):
        return not _UNSTORABLE.search(value)
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(is_storable, value))


def storable(value: Any) -> Any:
    """JSON or text from outside, e.g. a model's, with what PostgreSQL refuses made visible."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
