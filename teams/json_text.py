"""JSON from outside, read in one place, so that nothing in it breaks what works with it later."""

import math
from typing import Any

import jiter

LEVELS = 100
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
        if math.inf in level or -math.inf in level:
            raise ValueError("it holds a number that is too large")
        lists = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, (dict, list))]
        if not lists:
            return
        level = [item for part in lists for item in part]
    raise ValueError(_TOO_DEEP)
