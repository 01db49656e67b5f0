"""Personal details in what a run saw, and what stands in their place in a test that is made of it. Pure.

A replacement keeps the shape of what it replaces, so that the test still asks the same.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_PHONE = re.compile(r"(?<![\w.-])(?:\+|00|\(0|0)\d[\d ()/-]{6,18}\d(?![\w-])")
_ACCOUNT = re.compile(r"\b\d{8,12}\b")
# In the prompt data stands as JSON, where a word that begins a line has the letter of an escape before it.
_BREAK = re.compile(r"\\[nrt]")
_BEFORE = r"(?:(?<!\w)|(?<=\\n)|(?<=\\r)|(?<=\\t))"
# The keys of data that hold a name.
_NAMED = re.compile(r"(^|[_ -])(name|customer|client|contact|sender|from|author|requester|person)$", re.IGNORECASE)
_NAME = re.compile(r"^(?:[A-ZÀ-ÞĀ-Ž][\w'’.-]*)(?: [A-ZÀ-ÞĀ-Ž][\w'’.-]*){0,3}$")
_FIRST, _LAST = ("Alex", "Robin", "Kim"), ("Example", "Sample", "Specimen")


@dataclass(frozen=True)
class Detail:
    """`original` stands in what the run saw, perhaps several times."""

    kind: str
    original: str
    replacement: str


def details(sample: dict[str, Any]) -> list[Detail]:
    """The personal details of a sample, each once: emails, names, phone numbers, cards and accounts."""
    found: dict[str, Detail] = {}
    text = _BREAK.sub(" ", "\n".join(_strings(sample)))
    for kind, original in _originals(text):
        if original not in found:
            number = sum(one.kind == kind for one in found.values())
            found[original] = Detail(kind, original, _replacement(kind, original, number))
    for one in _named(sample.get("data")):
        found.setdefault(one.original, one)
    return list(found.values())


def _originals(text: str) -> Iterator[tuple[str, str]]:
    for kind, pattern in (("Email", _EMAIL), ("Account", _IBAN)):
        yield from ((kind, one) for one in pattern.findall(text))
    left = _IBAN.sub(" ", _EMAIL.sub(" ", text))
    cards = [one for one in _CARD.findall(left) if _is_card(one)]
    yield from (("Card", one) for one in cards)
    for one in cards:
        left = left.replace(one, " ")
    phones = _PHONE.findall(left)
    yield from (("Phone", one) for one in phones)
    for one in phones:
        left = left.replace(one, " ")
    yield from (("Account", one) for one in _ACCOUNT.findall(left))


def _is_card(text: str) -> bool:
    """By its check digit."""
    digits = [int(sign) for sign in text if sign.isdigit()][::-1]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _named(data: Any) -> Iterator[Detail]:
    """Whole names, and then their longer words, which texts call people by."""
    names = [value.strip() for key, value in _pairs(data) if _NAMED.search(key) and isinstance(value, str)]
    for number, name in enumerate(dict.fromkeys(name for name in names if _NAME.match(name))):
        words = name.split()
        instead = [_FIRST[number % len(_FIRST)], *_LAST][: len(words)]
        yield Detail("Name", name, " ".join(instead))
        yield from (Detail("Name", *pair) for pair in zip(words, instead, strict=True) if len(pair[0]) > 2)


def _pairs(data: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield str(key), value
            yield from _pairs(value)
    elif isinstance(data, list):
        for item in data:
            yield from _pairs(item)


def _replacement(kind: str, original: str, number: int) -> str:
    if kind == "Email":
        return f"name{number + 1 if number else ''}@example.com"
    digits = cycle("5550100")
    return "".join(next(digits) if sign.isdigit() else sign for sign in original)


def replaced(sample: dict[str, Any], chosen: Sequence[Detail]) -> dict[str, Any]:
    """The sample with these details replaced wherever they stand, the longest first."""
    swaps: list[tuple[re.Pattern[str], str]] = []
    for one in sorted(chosen, key=lambda one: -len(one.original)):
        # In the prompt data stands as JSON, which may write a letter otherwise.
        for written in dict.fromkeys([one.original, json.dumps(one.original)[1:-1]]):
            swaps.append((re.compile(rf"{_BEFORE}{re.escape(written)}(?!\w)"), one.replacement))
    return {name: value if name == "mark" else _swapped(value, swaps) for name, value in sample.items()}


def _swapped(value: Any, swaps: Sequence[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, str):
        for pattern, replacement in swaps:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, list):
        return [_swapped(item, swaps) for item in value]
    if isinstance(value, dict):
        return {key: _swapped(item, swaps) for key, item in value.items()}
    return value


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != "mark":
                yield from _strings(item)
