"""What differs between two texts, word by word. Pure.

A mention is one word, and the same one whatever its label says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter

from builder.procedures import mentions
from builder.procedures.mentions import Mention

SAME, REMOVED, ADDED = "same", "removed", "added"

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORD = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")
_PLACES = {REMOVED: 0, ADDED: 1, SAME: 2}
# Comparing takes the square of this many words; beyond, two passages count as wholly different.
_MANY = 4_000


@dataclass(frozen=True)
class Piece:
    """Some text, and whether both have it or only the one before (removed) or after (added)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Row:
    """A line of both texts; `changed`: it holds something removed or added."""

    pieces: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.kind != SAME for piece in self.pieces)


@dataclass(frozen=True)
class Passage:
    """Lines one after another. `folded`: all the same in both, and far from any change."""

    rows: tuple[Row, ...]
    folded: bool = False


def compare(before: str, after: str) -> list[Piece]:
    """The pieces without the added ones are `before`, without the removed ones `after` (but for labels of mentions).

    First by lines, then by words within the lines that differ: quick for long texts, and what belongs together stays.
    """
    return list(_tidied(_by(_lines(before), _lines(after), _by_word)))


def passages(pieces: Iterable[Piece], around: int = 3) -> list[Passage]:
    """The pieces by line; unchanged lines further than `around` lines from a change are folded."""
    rows = list(_rows(pieces))
    near = {
        place for index, row in enumerate(rows) if row.changed for place in range(index - around, index + around + 1)
    }
    shown = [(index in near, row) for index, row in enumerate(rows)]
    return [
        Passage(tuple(row for _, row in group), folded=not visible)
        for visible, group in ((key, list(found)) for key, found in groupby(shown, key=itemgetter(0)))
    ]


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _words(text: str) -> list[str]:
    words: list[str] = []
    for part in mentions.split(text):
        words += [part.source] if isinstance(part, Mention) else _WORD.findall(part)
    return words


def _key(text: str) -> str:
    """Return what must be equal for two words or lines to be the same: of a mention the id alone."""
    return mentions.join(f"\0{part.agent_id}\0" if isinstance(part, Mention) else part for part in mentions.split(text))


type _Inner = Callable[[Sequence[str], Sequence[str]], Iterator[Piece]]


def _by_word(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    one, other = _words("".join(before)), _words("".join(after))
    if max(len(one), len(other)) > _MANY:
        return _replaced(one, other)
    return _by(one, other, _replaced)


def _by(before: Sequence[str], after: Sequence[str], inner: _Inner) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, [_key(item) for item in before], [_key(item) for item in after])
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            yield Piece(SAME, "".join(after[other_start:other_end]))
        else:
            yield from inner(before[start:end], after[other_start:other_end])


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    if before:
        yield Piece(REMOVED, "".join(before))
    if after:
        yield Piece(ADDED, "".join(after))


def _tidied(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Between two same pieces at most one removed and one added. A blank between two replaced words is replaced too."""
    changes = [["", "", ""]]  # removed, added, and what is the same after that
    for piece in pieces:
        if changes[-1][2] and piece.kind != SAME:
            changes.append(["", "", ""])
        changes[-1][_PLACES[piece.kind]] += piece.text
    tidy: list[list[str]] = []
    for removed, added, same in changes:
        if tidy and removed and added and all(tidy[-1]) and _is_blank(tidy[-1][2]):
            blank = tidy[-1][2]
            tidy[-1] = [tidy[-1][0] + blank + removed, tidy[-1][1] + blank + added, same]
        else:
            tidy.append([removed, added, same])
    for change in tidy:
        yield from (Piece(kind, change[place]) for kind, place in _PLACES.items() if change[place])


def _is_blank(text: str) -> bool:
    return text.isspace() and "\n" not in text


def _rows(pieces: Iterable[Piece]) -> Iterator[Row]:
    """A changed piece without text stands for a line break that was removed or added."""
    row: list[Piece] = []
    for piece in pieces:
        *whole, rest = piece.text.split("\n")
        for line in whole:
            if line or piece.kind != SAME:
                row.append(Piece(piece.kind, line))
            yield Row(tuple(row))
            row = []
        if rest:
            row.append(Piece(piece.kind, rest))
    if row:
        yield Row(tuple(row))
