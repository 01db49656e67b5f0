"""A procedure as people read it: its lines, each mention as the agent it means. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from . import mentions
from .mentions import Mention
from .people import PeopleTarget
from .targets import Target

type Part = str | Target | PeopleTarget
type Known = Mapping[UUID, Target | PeopleTarget]

_ITEM = re.compile(r"(\s*)([-*+•–]|\d{1,3}[.)]|[a-z][.)])\s+")
_DEEPEST = 3


@dataclass(frozen=True)
class Line:
    """`kind`: heading, item, text or gap. `marker` and `depth` (from 0) are those of an item.

    A line with a marked passage is in three parts: `parts` before it, `marked`, and `after` it.
    """

    kind: str
    parts: tuple[Part, ...] = ()
    marker: str = ""
    depth: int = 0
    marked: tuple[Part, ...] = ()
    after: tuple[Part, ...] = ()


def read(aop: str, targets: Iterable[Target | PeopleTarget], passage: tuple[int, int] | None = None) -> list[Line]:
    """The lines in order, without empty ones at the ends. A mention of nobody known stays plain words. `passage` is
    marked, if it lies within one line.
    """
    known: Known = {one.id if isinstance(one, PeopleTarget) else one.agent.pk: one for one in targets}
    if not aop.strip():
        return []
    found: list[Line] = []
    position = len(aop) - len(aop.lstrip("\n"))
    for text in aop.strip("\n").split("\n"):
        line = _line(text, known)
        if passage and position <= passage[0] < passage[1] <= position + len(text):
            line = _with_mark(line, text, passage[0] - position, passage[1] - position, known)
        found.append(line)
        position += len(text) + 1
    return found


def _with_mark(line: Line, text: str, start: int, end: int, known: Known) -> Line:
    item = _ITEM.match(text) if line.kind == "item" else None
    skipped = item.end() if item else len(text) - len(text.lstrip("# ")) if line.kind == "heading" else 0
    start = max(start, skipped)
    return replace(
        line,
        parts=_parts(text[skipped:start], known),
        marked=_parts(text[start:end], known),
        after=_parts(text[end:], known),
    )


def _line(text: str, known: Known) -> Line:
    if not text.strip():
        return Line("gap")
    if text.startswith("#"):
        return Line("heading", _parts(text.lstrip("# "), known))
    if text.isupper() and not mentions.find_mentions(text):
        return Line("heading", _parts(text.strip(), known))
    if item := _ITEM.match(text):
        marker = "•" if item[2] in "-*+–" else item[2]
        return Line("item", _parts(text[item.end() :], known), marker, min(len(item[1]) // 2, _DEEPEST))
    return Line("text", _parts(text, known))


def _parts(text: str, known: Known) -> tuple[Part, ...]:
    return tuple(
        known.get(part.agent_id, f"@{part.name}") if isinstance(part, Mention) else part
        for part in mentions.split(text)
    )
