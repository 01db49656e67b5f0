"""Sentences about cases, made of pieces, so that a page can make links of the agents in them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from builder.models import Agent
from web.format import times

type Named = Agent | str


@dataclass(frozen=True)
class Piece:
    """Words of a sentence, and the agent they name."""

    text: str
    agent: Agent | None = None


class Sentence(tuple[Piece, ...]):
    """Pieces that read as one; `str()` of it is plain text."""

    __slots__ = ()

    def __str__(self) -> str:
        return "".join(piece.text for piece in self)


def say(words: str, **named: Named) -> Sentence:
    """Return the sentence of the words, in which `{name}` stands for an agent or a text of `named`."""
    pieces = []
    for part in re.split(r"({\w+})", words):
        thing = named[part[1:-1]] if part.startswith("{") else part
        pieces.append(Piece(thing) if isinstance(thing, str) else Piece(thing.name, thing))
    return Sentence(piece for piece in pieces if piece.text)


def listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def clock(moment: datetime) -> str:
    """Return a time such as `22 Nov 2026, 15:47 UTC`."""
    at, _, zone = times.exact(moment).rpartition(" ")
    return f"{at[:-3]} {zone}"
