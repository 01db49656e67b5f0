"""The fields of a handover: the values that were given, held against what the receiver needs. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .needs import FieldType, Need, name_key

type Values = dict[str, str | int | float | bool]

LONGEST = 4000
_SHOWN = 60
_LARGEST = 10**18
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_BOOLEANS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True)
class Fault:
    """Why a field cannot be handed over. `missing`: nothing was given for it."""

    need: Need
    message: str
    missing: bool = False

    @property
    def name(self) -> str:
        return self.need.name


@dataclass(frozen=True)
class Checked:
    """`values` by the receiver's names, `faults` in the order of its list, `unknown` names that it did not ask for."""

    values: Values
    faults: tuple[Fault, ...] = ()
    unknown: tuple[str, ...] = ()


def check(needs: Iterable[Need], given: Mapping[str, Any]) -> Checked:
    """Return the given values, each as its field's type has it, and what is missing or of another kind.

    Names are found whatever their case, spaces, underscores and hyphens. Digits are read as a number, "yes", "no",
    "true" and "false" as a boolean, and ISO dates as dates; nothing else is converted.
    """
    by_key = {name_key(name): value for name, value in given.items()}
    values: Values = {}
    faults = []
    for need in needs:
        value = by_key.pop(name_key(need.name), None)
        if value is None or (isinstance(value, str) and not value.strip()):
            if need.required:
                faults.append(Fault(need, f"“{need.name}” ({need.kind}) is missing.", missing=True))
            continue
        try:
            values[need.name] = _READ[need.type](need, value)
        except ValueError as error:
            faults.append(Fault(need, f"“{need.name}” must be {error}, not {_shown(value)}."))
    unknown = tuple(name for name in given if name_key(name) in by_key)
    return Checked(values, tuple(faults), unknown)


def similar_keys(name: str, keys: Iterable[str]) -> list[str]:
    """The keys of a case's data that may hold the field: those that share a word with its name."""
    words = _words(name)
    return [key for key in keys if words & _words(key)]


def _words(name: str) -> set[str]:
    spread = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {word.removesuffix("s") for word in re.findall(r"[^\W_]{2,}", spread.casefold())}


def _shown(value: Any) -> str:
    text = " ".join(str(value).split())
    return f"“{text[:_SHOWN]}…”" if len(text) > _SHOWN else f"“{text}”"


def _text(need: Need, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text")
    if len(value) > LONGEST:
        raise ValueError(f"a text of at most {LONGEST:,} characters")
    return value.strip()


def _number(need: Need, value: Any) -> int | float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    # NaN fails every comparison; larger numbers are not kept exactly.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        raise ValueError("a number, such as 12.50")
    return value


def _date(need: Need, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
        raise ValueError("a date, such as 2026-12-31")
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise ValueError("a date of the calendar, such as 2026-12-31") from None


def _boolean(need: Need, value: Any) -> bool:
    read = _BOOLEANS.get(value.strip().casefold()) if isinstance(value, str) else value
    if not isinstance(read, bool):
        raise ValueError("yes or no")
    return read


def _choice(need: Need, value: Any) -> str:
    by_key = {name_key(choice): choice for choice in need.choices}
    if not isinstance(value, str) or name_key(value) not in by_key:
        raise ValueError(need.kind)
    return by_key[name_key(value)]


_READ: dict[FieldType, Callable[[Need, Any], str | int | float | bool]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.BOOLEAN: _boolean,
    FieldType.CHOICE: _choice,
}
