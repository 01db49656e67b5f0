"""A procedure as people read it: its lines, each mention as the agent it means. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from . import mentions
from .mentions import Mention
from .targets import Target

_ITEM = re.compile(r"(\s*)([-*+•–]|\d{1,3}[.)]|[a-z][.)])\s+")
_DEEPEST = 3


@dataclass(frozen=True)
class Line:
    """`kind`: heading, item, text or gap. `marker` and `depth` (from 0) are those of an item."""

    kind: str
    parts: tuple[str | Target, ...] = ()
    marker: str = ""
    depth: int = 0


def read(aop: str, targets: Iterable[Target]) -> list[Line]:
    """The lines in order, without empty ones at the ends. A mention of nobody known stays plain words."""
    known = {target.agent.pk: target for target in targets}
    return [_line(text, known) for text in aop.strip("\n").split("\n")] if aop.strip() else []


def _line(text: str, known: dict[UUID, Target]) -> Line:
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


def _parts(text: str, known: dict[UUID, Target]) -> tuple[str | Target, ...]:
    return tuple(
        known.get(part.agent_id, f"@{part.name}") if isinstance(part, Mention) else part
        for part in mentions.split(text)
    )
