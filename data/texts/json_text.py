"""JSON from outside, read in one place, so that nothing in it breaks what works with it later."""

import sys
from typing import Any

import jiter

LEVELS = 100
# No double is larger, so other programs could not read it; and Python writes no number of more than 4,300 digits.
_LARGEST = sys.float_info.max
_TOO_DEEP = f"it has more than {LEVELS} levels"


def read_json(text: str | bytes) -> Any:
    """ValueError, with its place in words, where it is no JSON that can be kept and shown.

    Refused are: other than UTF-8, halves of surrogate pairs, NaN and Infinity, numbers that are too large, a key
    twice in an object, and more than `LEVELS` levels.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        found = jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        raise ValueError(_TOO_DEEP if "recursion" in str(error) else str(error)) from error
    check_levels(found)
    return found


def check_levels(value: Any) -> None:
    """ValueError where it is too deep, or holds a number that is none in JSON. Itself it goes to no depth."""
    level = [value]
    for _ in range(LEVELS + 1):
        if any(abs(part) > _LARGEST for part in level if isinstance(part, (int, float))):
            raise ValueError("it holds a number that is too large")
        lists = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, (dict, list))]
        if not lists:
            return
        level = [item for part in lists for item in part]
    raise ValueError(_TOO_DEEP)
