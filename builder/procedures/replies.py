"""What an agent may say to customers without a language model: the texts of its procedure's REPLIES section. Pure.

    REPLIES
    - Charged twice: Hello {customer}, we have seen that you paid twice.
      You get the second payment back within five days.
    - A corrected invoice: Hello {customer}, the corrected invoice is attached.

Each item says when, and after the first colon what. Indented lines belong to the item above. `{name}` stands for a
field of the case. The section ends at the first line that is neither blank, indented nor an item.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from . import mentions
from .needs import name_key

_HEADING = re.compile(r"\s*(?:#{1,6}\s*)?(?:\*\*)?REPLIES(?:\*\*)?\s*[:：]?(?:\*\*)?\s*")
_ITEM = re.compile(r"(?:[-*+•–]|\d{1,3}[.)])\s+")
_FIELD = re.compile(r"\{([^{}\n]{1,60})\}")
_LONGEST_WHEN, _LONGEST_TEXT, _MOST = 300, 5000, 100


@dataclass(frozen=True)
class Reply:
    """One item: the `text` that answers a case that is like `when`."""

    when: str
    text: str


@dataclass(frozen=True)
class BadReply:
    """An item at `text[start:end]` that is no reply, and what to do about it."""

    text: str
    start: int
    end: int
    message: str


@dataclass(frozen=True)
class Section:
    replies: tuple[Reply, ...] = ()
    bad: tuple[BadReply, ...] = ()


@lru_cache(maxsize=64)
def read(aop: str) -> Section:
    """Return the replies in the order of the text. An item that says something else is left out, and reported."""
    found: list[Reply] = []
    bad: list[BadReply] = []
    for item, start, end in _items(aop):
        try:
            reply = _reply(item)
            if len(found) == _MOST:
                raise ValueError(f"A procedure can have at most {_MOST} replies. Remove this one or another one.")
            found.append(reply)
        except ValueError as error:
            bad.append(BadReply(mentions.plain(item.partition("\n")[0]), start, end, str(error)))
    return Section(tuple(found), tuple(bad))


def without(aop: str) -> str:
    """Return the procedure with blanks in place of its REPLIES, so that all else keeps its place."""
    return "\n".join(" " * len(line) if kind else line for kind, line, _ in _lines(aop))


def filled(text: str, values: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the text with the fields of a case, by `name_key`, and the names of those that the case does not have."""
    missing = [name for name in _FIELD.findall(text) if name_key(name) not in values]
    said = _FIELD.sub(lambda field: values.get(name_key(field[1]), field[0]), text)
    return said, list(dict.fromkeys(missing))


def _lines(aop: str) -> Iterator[tuple[str, str, int]]:
    """Yield each line with its start and what it is of the section: heading, item, more, blank; empty outside."""
    inside, start = False, 0
    for line in aop.split("\n"):
        if _HEADING.fullmatch(line):
            inside, kind = True, "heading"
        elif inside and not line.strip():
            kind = "blank"
        elif inside and _ITEM.match(line):
            kind = "item"
        elif inside and line[0] in " \t":
            kind = "more"
        else:
            inside, kind = False, ""
        yield kind, line, start
        start += len(line) + 1


def _items(aop: str) -> Iterator[tuple[str, int, int]]:
    """Yield the items without their marks and indents, each with where it starts and ends in the text."""
    item: list[str] = []
    first = last = 0
    for kind, line, start in _lines(aop):
        if kind == "item" or kind not in ("more", "blank"):
            if item:
                yield "\n".join(item).strip(), first, last
            item = []
        if kind == "item" and (mark := _ITEM.match(line)):
            item, first, last = [line[mark.end() :].strip()], start + mark.end(), start + len(line)
        elif item and kind in ("more", "blank"):
            item.append(line.strip())
            last = start + len(line) if line.strip() else last
    if item:
        yield "\n".join(item).strip(), first, last


def _reply(item: str) -> Reply:
    """Raise ValueError, with what to do about it, when the item is no reply."""
    if mentions.find_mentions(item):
        raise ValueError("A reply goes to a customer, so it mentions nobody. Move the mention to another line.")
    when, _, text = (part.strip() for part in item.partition(":"))
    if not when or not text:
        raise ValueError("Write when the reply fits, a colon, and the text: “Charged twice: Hello {customer}, …”.")
    if len(when) > _LONGEST_WHEN or "\n" in when:
        raise ValueError(f"Say in one line of at most {_LONGEST_WHEN} characters when the reply fits.")
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"Shorten this reply to at most {_LONGEST_TEXT:,} characters.")
    return Reply(when, text)
