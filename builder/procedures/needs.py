"""What an agent needs to be told when a case is handed over to it: the fields of its procedure's NEEDS section. Pure.

    NEEDS
    - order number
    - amount: number
    - due day: date (optional)
    - urgent: yes or no
    - plan: one of free, team, company

The section ends at the next line in capitals, or at the first line that is neither blank nor a list item. The text is
the only place where the fields are edited.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, Field, TypeAdapter

from . import mentions

_HEADING = re.compile(r"\s*(?:#{1,6}\s*)?(?:\*\*)?NEEDS(?:\*\*)?\s*[:：]?(?:\*\*)?\s*")
_ITEM = re.compile(r"\s*(?:[-*+•–]|\d{1,3}[.)])\s+")
_MARK = re.compile(r"\s*[(（]\s*(optional|required)\s*[)）]\s*$", re.IGNORECASE)
_CHOICE = re.compile(r"one of\b\s*:?", re.IGNORECASE)
_LONGEST_NAME = 60
_MOST, _FEWEST_CHOICES, _MOST_CHOICES = 100, 2, 50


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"


_WRITTEN = {
    "text": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "date": FieldType.DATE,
    "yes or no": FieldType.BOOLEAN,
    "yes/no": FieldType.BOOLEAN,
}


class Need(BaseModel):
    """One field that a handover to the agent brings; `choices` only for a choice."""

    name: str
    type: FieldType = FieldType.TEXT
    required: bool = True
    choices: list[str] = Field(default=[], exclude_if=lambda choices: not choices)

    @property
    def kind(self) -> str:
        """The kind of value in words, as it is written in the text."""
        if self.type == FieldType.CHOICE:
            return f"one of {', '.join(self.choices)}"
        return "yes or no" if self.type == FieldType.BOOLEAN else str(self.type)

    @property
    def in_words(self) -> str:
        """Such as "amount (number, optional)"."""
        return f"{self.name} ({self.kind}{'' if self.required else ', optional'})"

    @property
    def line(self) -> str:
        """The list item that says this, without its mark."""
        kind = "" if self.type == FieldType.TEXT else f": {self.kind}"
        return f"{self.name}{kind}{'' if self.required else ' (optional)'}"


NEEDS: TypeAdapter[list[Need]] = TypeAdapter(list[Need])


@dataclass(frozen=True)
class BadNeed:
    """A list item of the section, at `text[start:end]`, that names no field, and what to do about it."""

    text: str
    start: int
    end: int
    message: str


@dataclass(frozen=True)
class Section:
    """What the NEEDS sections of a text say, in the order of the text."""

    needs: tuple[Need, ...] = ()
    bad: tuple[BadNeed, ...] = ()


def read(aop: str) -> Section:
    """Return the fields that the procedure asks for. An item that says something else is left out, and reported."""
    needs: dict[str, Need] = {}
    bad: list[BadNeed] = []
    for item, start in _items(aop):
        try:
            need = _need(item)
            if (key := name_key(need.name)) in needs:
                raise ValueError(f"“{need.name}” is listed twice. Remove one of the two lines.")
            if len(needs) == _MOST:
                raise ValueError(f"A receiver can ask for at most {_MOST} fields. Remove this line or another one.")
            needs[key] = need
        except ValueError as error:
            bad.append(BadNeed(mentions.plain(item), start, start + len(item), str(error)))
    return Section(tuple(needs.values()), tuple(bad))


def name_key(name: str) -> str:
    """Return the same key for `Order number`, `order_number` and `order-number`."""
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", name)).strip().casefold()


def _items(aop: str) -> Iterator[tuple[str, int]]:
    """The list items of the sections, without their marks, each with where it starts in the text."""
    inside, start = False, 0
    for line in aop.split("\n"):
        item = _ITEM.match(line)
        if _HEADING.fullmatch(line):
            inside = True
        elif inside and item and line[item.end() :].strip():
            yield line[item.end() :].rstrip(), start + item.end()
        elif line.strip():
            inside = False
        start += len(line) + 1


def _need(item: str) -> Need:
    """The field that a list item names. ValueError, with what to do about it, when it names none."""
    if mentions.find_mentions(item):
        raise ValueError("A field has a plain name, without a mention. Move the mention to another line.")
    mark = _MARK.search(item)
    written = item[: mark.start()] if mark else item
    name, *kinds = (part.strip(" \t.;,*") for part in re.split("[:：]", written, maxsplit=1))
    required = not mark or mark[1].lower() == "required"
    kind, choices = _kind(name, kinds[0]) if kinds else (FieldType.TEXT, [])
    return Need(name=_name(name), type=kind, required=required, choices=choices)


def _name(written: str) -> str:
    name = " ".join(written.split())
    if not re.search(r"[^\W_]", name):
        raise ValueError("This line has no name. Write one, such as “order number”, or remove the line.")
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"“{name[:30]}…” is too long for a field. Use at most {_LONGEST_NAME} characters.")
    return name


def _kind(name: str, written: str) -> tuple[FieldType, list[str]]:
    words = " ".join(written.split())
    if one_of := _CHOICE.match(words):
        return FieldType.CHOICE, _choices(name, words[one_of.end() :])
    if words.lower() in _WRITTEN:
        return _WRITTEN[words.lower()], []
    raise ValueError(
        f"“{words[:60]}” is not a kind of field. After “{name[:_LONGEST_NAME]}:” write text, number, date, yes or no,"
        " or “one of” with the choices; or leave the colon out."
    )


def _choices(name: str, written: str) -> list[str]:
    """`free, team, company` and `free, team or company`."""
    *first, last = written.split(",")
    choices = [choice.strip(" \t\"“”„'") for choice in [*first, *last.rsplit(" or ", 1)]]
    if len(choices) < _FEWEST_CHOICES or not all(choices):
        raise ValueError(f"Name the choices of “{name}”, such as “one of free, team, company”.")
    if len({name_key(choice) for choice in choices}) < len(choices):
        raise ValueError(f"“{name}” has the same choice twice. Remove one of the two.")
    if len(choices) > _MOST_CHOICES or max(map(len, choices)) > _LONGEST_NAME:
        raise ValueError(f"Give “{name}” at most {_MOST_CHOICES} choices of at most {_LONGEST_NAME} characters each.")
    return choices
