"""Passages: a procedure cut into its sentences and list items, each at its place in the stored text. Pure.

Every mention is an anchor in its passage: `m1` is the first in the text. Places count characters of the stored text,
with its tokens; what people and models read has names instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

from . import mentions
from .mentions import Mention
from .sentences import LIST_MARK

# Not at a semicolon, as sentences are cut to read them: people see "A to X; B to Y" as one sentence.
_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z]|$)|(?<=[.!?][\"”’»)])\s+(?=[^\sa-z]|$)|(?<=[。！？])")
# "z.B. Rechnungen", "Nr. 5", "Mrs. Lind": the full stop does not end a sentence although a capital follows.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|z\.\s?B|d\.\s?h|u\.\s?a|bzw|ca|etc|evtl|ggf|inkl|max|min|nr|no|str|tel|vgl|vs|mr|mrs|ms|dr|prof|st|"
    r"approx|incl|p\.\s?ex|[A-Z])\.$",
    re.IGNORECASE,
)
# The line below the head of a table, or one across the page.
_RULE = re.compile(r"[\s|:=+*_~–—-]+")


@dataclass(frozen=True)
class Passage:
    """A sentence or list item at `aop[start:end]`, with its mentions, whose places count from the text's start."""

    start: int
    end: int
    source: str  # the text as stored
    mentions: tuple[Mention, ...] = ()
    first_anchor: int = 1  # the number of its first mention's anchor
    is_sentence: bool = True  # a heading, the head of a table or a rule is none, unless it mentions someone

    @property
    def text(self) -> str:
        """The passage as people read it, with the names that it was written with."""
        return mentions.plain(self.source)

    @property
    def target_ids(self) -> list[UUID]:
        return list(dict.fromkeys(mention.agent_id for mention in self.mentions))

    @property
    def anchors(self) -> dict[str, UUID]:
        return {f"m{number}": mention.agent_id for number, mention in enumerate(self.mentions, self.first_anchor)}


@lru_cache(maxsize=64)
def passages(aop: str) -> tuple[Passage, ...]:
    """The passages in the order of the text. Blank lines and list marks belong to none."""
    found: list[Passage] = []
    anchor, position = 1, 0
    lines = aop.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        speaks = not _is_frame(line, following)
        for start, end in _spans(line):
            source = line[start:end]
            here = tuple(_moved(mention, position + start) for mention in mentions.find_mentions(source))
            found.append(Passage(position + start, position + end, source, here, anchor, speaks or bool(here)))
            anchor += len(here)
        position += len(line) + 1
    return tuple(found)


def anchored(aop: str) -> dict[str, tuple[Mention, Passage]]:
    """Each anchor with its mention and the passage that it stands in."""
    return {
        f"m{number}": (mention, passage)
        for passage in passages(aop)
        for number, mention in enumerate(passage.mentions, passage.first_anchor)
    }


@lru_cache(maxsize=64)
def marks(aop: str, target_ids: frozenset[UUID]) -> dict[str, UUID]:
    """The anchors that a model chooses from, each with its target. None where every target is mentioned once, and so
    says which sentence is meant.
    """
    found = {anchor: mention.agent_id for anchor, (mention, _) in anchored(aop).items()}
    found = {anchor: agent_id for anchor, agent_id in found.items() if agent_id in target_ids}
    return found if len(set(found.values())) < len(found) else {}


def cited(aop: str, target_id: UUID, because: str = "") -> Passage | None:
    """The passage that sends to the target: that of the anchor, or the only one that mentions it. `because` may also be
    the place of a passage, which is how the stand-in names one that mentions nobody. None: it cannot be known.
    """
    named = because.strip().strip("[]@").lower()
    if named.isdecimal():
        return next((one for one in passages(aop) if one.start == int(named)), None)
    mention, passage = anchored(aop).get(named, (None, None))
    if mention and mention.agent_id == target_id:
        return passage
    about = [one for one in passages(aop) if target_id in one.target_ids]
    return about[0] if len(about) == 1 else None


def _is_frame(line: str, following: str) -> bool:
    """Return whether the line is a heading, a rule, or the head of a table."""
    if LIST_MARK.match(line):
        return False
    is_head = "|" in line and "|" in following and bool(_RULE.fullmatch(following))
    return line.startswith("#") or line.isupper() or is_head or bool(_RULE.fullmatch(line))


def _spans(line: str) -> Iterator[tuple[int, int]]:
    """Return where the sentences of the line begin and end, without the white space around them."""
    mark = LIST_MARK.match(line)
    start = mark.end() if mark else 0
    tokens = [(one.start, one.end) for one in mentions.find_mentions(line)]
    for match in _END.finditer(line, start):
        in_a_name = any(first < match.start() < last for first, last in tokens)
        if not in_a_name and not _ABBREVIATION.search(line[start : match.start()]):
            yield from _trimmed(line, start, match.start())
            start = match.end()
    yield from _trimmed(line, start, len(line))


def _trimmed(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    inside = line[start:end]
    if inside.strip():
        yield start + len(inside) - len(inside.lstrip()), start + len(inside.rstrip())


def _moved(mention: Mention, by: int) -> Mention:
    return replace(mention, start=mention.start + by, end=mention.end + by)
