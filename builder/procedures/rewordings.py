"""What became of each passage of a procedure in a later text of it. Pure.

A passage that says the same is found wherever it moved. One that was reworded is the passage that is new and shares
most of its words.
"""

import re
from collections import defaultdict, deque
from difflib import SequenceMatcher
from functools import lru_cache

from .mentions import TOKEN
from .passages import Passage, passages

_ALIKE = 0.5
# Comparing words takes about 50 µs a pair. A text with more pairs than this was written from scratch.
_MOST_PAIRS = 2_500


def wording(passage: Passage) -> str:
    """Return what the passage says, the same after an agent was renamed."""
    return TOKEN.sub(r"@\2", passage.source)


@lru_cache(maxsize=256)
def successors(older: str, newer: str) -> dict[int, int]:
    """For the number of each passage of the older text, counted from 0, that of the same passage in the newer one.
    Passages that were deleted have none.
    """
    before, after = [wording(one) for one in passages(older)], [wording(one) for one in passages(newer)]
    found = _in_order(before, after)
    found |= _moved(before, after, found)
    return found | _reworded(before, after, found)


def _in_order(before: list[str], after: list[str]) -> dict[int, int]:
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return {block.a + number: block.b + number for block in blocks for number in range(block.size)}


def _moved(before: list[str], after: list[str], found: dict[int, int]) -> dict[int, int]:
    taken = set(found.values())
    free: dict[str, deque[int]] = defaultdict(deque)
    for number, text in enumerate(after):
        if number not in taken:
            free[text].append(number)
    return {
        number: free[text].popleft() for number, text in enumerate(before) if number not in found and free.get(text)
    }


def _reworded(before: list[str], after: list[str], known: dict[int, int]) -> dict[int, int]:
    taken = set(known.values())
    old = [number for number in range(len(before)) if number not in known]
    new = [number for number in range(len(after)) if number not in taken]
    if len(old) * len(new) > _MOST_PAIRS:
        return {}
    words = {text: _words(text) for text in [*(before[i] for i in old), *(after[j] for j in new)]}
    scored = [(_likeness(words[before[i]], words[after[j]]), -abs(i - j), i, j) for i in old for j in new]
    found: dict[int, int] = {}
    for likeness, _, i, j in sorted(scored, reverse=True):
        if likeness > _ALIKE and i not in found and j not in found.values():
            found[i] = j
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"@[0-9a-f-]{36}|\w+", text.casefold())


def _likeness(before: list[str], after: list[str]) -> float:
    return SequenceMatcher(None, before, after, autojunk=False).ratio()
