"""Cron expressions that mean to croniter what they mean to a person. All else is refused, with the reason."""

import re
from dataclasses import dataclass

from croniter import croniter

from data.errors import Refused

LONGEST = 100
_HOW = "Enter five fields: minute, hour, day of month, month, day of week. For example 0 8 * * 1-5."
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


@dataclass(frozen=True)
class _Field:
    """A field of a cron expression. `names` stand for numbers from `low` on; `special`: what else may stand for a
    value, as a pattern.
    """

    label: str
    low: int
    high: int
    names: str = ""
    special: str = "(?!)"

    @property
    def value(self) -> str:
        names = self.names.replace(" ", "|") or "(?!)"
        return rf"([0-9]{{1,2}}|{names})"

    def number(self, text: str) -> int:
        return int(text) if text.isdigit() else self.names.split().index(text) + self.low


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31, special="l"),
    _Field("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    _Field("day of week", 0, 7, "sun mon tue wed thu fri sat", special="[0-7]#[1-5]|l[0-7]"),
)


def check(expression: str) -> str:
    """Return the expression. Raise Refused, with what is wrong with it, if it is not valid."""
    if shorthand := _SHORTHANDS.get(expression.lower()):
        raise wrong(f"Enter {shorthand} instead of {expression.lower()}.")
    if expression.startswith("@"):
        raise wrong(f"A schedule cannot start at this: {expression[:20]}. {_HOW}")
    parts = expression.lower().split()
    if len(parts) in (6, 7):
        raise wrong(f"This has {len(parts)} fields. Leave out seconds and years. {_HOW}")
    if len(parts) != len(_FIELDS) or len(expression) > LONGEST:
        raise wrong(_HOW)
    for field, part in zip(_FIELDS, parts, strict=True):
        for item in part.split(","):
            _check_item(field, item)
    if not croniter.is_valid(expression):
        raise wrong(_HOW)
    return expression


def _check_item(field: _Field, item: str) -> None:
    if re.fullmatch(field.special, item):
        return
    if re.match(r"[rh](\W|$)", item):
        raise wrong(f"The {field.label} cannot be random ({item.upper()}). Enter a number.")
    found = re.fullmatch(rf"(?:([*?])|{field.value}(?:-{field.value})?)(?:/([0-9]{{1,4}}))?", item)
    if found is None:
        raise wrong(f"The {field.label} cannot be “{item}”. {_HOW}")
    star, first, last, step = found.groups()
    low = field.low if star else _within(field, first)
    high = _within(field, last) if last else field.high
    if low > high:
        raise wrong(f"The {field.label} {first}-{last} runs backwards. Enter two ranges, as in {first}-{field.high},…")
    if step is not None:
        _check_step(field, int(step), high - low, item)


def _within(field: _Field, text: str) -> int:
    number = field.number(text)
    if not field.low <= number <= field.high:
        raise wrong(f"The {field.label} goes from {field.low} to {field.high}, so {text} is never reached.")
    return number


def _check_step(field: _Field, step: int, width: int, item: str) -> None:
    """A step counts within its field only: every 90 minutes would be every hour."""
    if step == 0:
        raise wrong(f"The {field.label} cannot have a step of 0.")
    if step > width:
        raise wrong(
            f"The {field.label} goes from {field.low} to {field.high}, so a step of {step} ({item}) leaves one value. "
            "Enter that value."
        )


def wrong(message: str) -> Refused:
    return Refused(message, "invalid", {"cron": message})
