"""Names after an @ that are plain text: meant as mentions, but no agent can hand over by them. Pure."""

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

from . import mentions

MOST = 100
NO_KINDS: Mapping[UUID, str] = MappingProxyType({})
_LONGEST = 80
_SIGNS = re.compile("[@＠]")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")
_ADDRESS = re.compile(
    r"(?:https?|ftp|mailto|ssh|git|wss?):\S*|www\.\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*", re.IGNORECASE
)
# "@example.com" and "@angular/core" are names of something else.
_ELSEWHERE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b|[a-z0-9-]+/[a-z0-9]")
# Scripts without spaces, or with endings written close up: a name may stand right behind a word, or before one.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\u1100-\u11ff\uac00-\ud7af\uff66-\uff9f\U00020000-\U0003ffff]"
)
_WORD = r"[^\W_](?:[\w'’-]*[^\W_])?"
_UNKNOWN = re.compile(rf"(?!\d){_WORD}")
_NEXT_WORD = re.compile(rf" (?=[^\W\d_])({_WORD})")


@dataclass(frozen=True)
class PlainName:
    """`text[start:end]` is the @ and the name. `agent_id`: whose name it is, which is no agent where `kind` says so;
    None when it is nobody's.
    """

    text: str
    start: int
    end: int
    agent_id: UUID | None = None
    agent_name: str = ""
    kind: str = mentions.AGENT

    @property
    def name(self) -> str:
        return self.text[1:]


def occur(text: str) -> bool:
    """Return whether there is anything to look up names for."""
    return next(_places(text), None) is not None


def find_plain_names(text: str, names: Mapping[UUID, str], kinds: Mapping[UUID, str] = NO_KINDS) -> list[PlainName]:
    """Of a team whose agents and people have these names; at most `MOST`, in the order of the text. `kinds`: of those
    who are no agents.
    """
    known = _Names(names)
    found = []
    for start in _places(text):
        if name := _named(text, start, known):
            found.append(replace(name, kind=kinds.get(name.agent_id, mentions.AGENT)) if name.agent_id else name)
            if len(found) == MOST:
                break
    return found


def mention(text: str, plain: PlainName, agent_id: UUID, name: str, kind: str = mentions.AGENT) -> str:
    """The text with a mention of the agent, member or group in the place of the plain name."""
    return text[: plain.start] + mentions.token(agent_id, name, kind) + text[plain.end :]


def _places(text: str) -> Iterator[int]:
    """Return where an @ stands that is neither part of a mention, code or an address, nor behind a word."""
    taken = sorted(
        [(token.start, token.end) for token in mentions.find_mentions(text)]
        + [match.span() for pattern in (_FENCE, _CODE, _ADDRESS) for match in pattern.finditer(text)]
    )
    starts = [start for start, _ in taken]
    ends = _furthest(end for _, end in taken)
    for match in _SIGNS.finditer(text):
        place = match.start()
        before = bisect_right(starts, place)
        if before and place < ends[before - 1]:
            continue
        if not _is_behind_a_word(text, place) and not text[place + 1 : place + 2].isspace():
            yield place


def _furthest(ends: Iterable[int]) -> list[int]:
    furthest, found = 0, []
    for end in ends:
        furthest = max(furthest, end)
        found.append(furthest)
    return found


def _is_behind_a_word(text: str, place: int) -> bool:
    before = text[place - 1 : place] if place else ""
    # As in "bob.@", "first+last@": an address goes on, and a sentence has ended with a space.
    return bool(before) and (before.isalnum() or before in "_@＠+%") and not _UNSPACED.match(before)


def _named(text: str, start: int, known: "_Names") -> PlainName | None:
    rest = text[start + 1 : start + 1 + _LONGEST * 4].split("\n", 1)[0]
    if _ELSEWHERE.match(rest):
        return None
    if match := known.longest(rest):
        end = start + 1 + match[1]
        return PlainName(text[start:end], start, end, match[0], known.names[match[0]])
    if length := _length_of_unknown(rest):
        end = start + 1 + length
        return PlainName(text[start:end], start, end)
    return None


def _length_of_unknown(rest: str) -> int:
    """The first word, and those after it that begin with capitals, as names do."""
    first = _UNKNOWN.match(rest)
    if first is None:
        return 0
    end = first.end()
    while rest[first.start()].isupper() and (more := _NEXT_WORD.match(rest, end)) and more[1][0].isupper():
        end = more.end()
    return min(end, _LONGEST)


# --- Names, whatever their case and accents --------------------------------------------------------


class _Names:
    """Names to be found at the beginning of a text. The longest wins, and of those alike the one spelled exactly so."""

    def __init__(self, names: Mapping[UUID, str]) -> None:
        self.names = names
        self._by_start: dict[str, list[tuple[str, UUID, str]]] = defaultdict(list)
        for agent_id, name in names.items():
            if folded := _folded_with_lengths(name)[0]:
                self._by_start[folded[0]].append((folded, agent_id, _composed(name)))
        for rows in self._by_start.values():
            rows.sort(key=lambda row: -len(row[0]))

    def longest(self, text: str) -> tuple[UUID, int] | None:
        """Whose name the text begins with, and how many characters of it that is."""
        folded, lengths = _folded_with_lengths(text)
        fitting: list[tuple[str, UUID, str]] = []
        for row in self._by_start.get(folded[:1], ()):
            if fitting and len(row[0]) < len(fitting[0][0]):
                break
            if folded.startswith(row[0]) and _ends_here(text, lengths[len(row[0]) - 1]):
                fitting.append(row)
        if not fitting:
            return None
        length = lengths[len(fitting[0][0]) - 1]
        written = _composed(text[:length])
        best = min(fitting, key=lambda row: (row[2] != written, row[2].casefold() != written.casefold()))
        return best[1], length


def _ends_here(text: str, length: int) -> bool:
    """Not in the middle of a word: "@Billings" does not name Billing."""
    last, after = text[length - 1 : length], text[length : length + 1]
    if not after or not (after.isalnum() or after == "_") or not (last.isalnum() or last == "_"):
        return True
    return bool(_UNSPACED.match(last) or _UNSPACED.match(after))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _folded_with_lengths(text: str) -> tuple[str, list[int]]:
    """Without case, accents and widths; and for each character, how much of the text it and those before it are."""
    folded = ""
    lengths: list[int] = []
    for number, character in enumerate(text, 1):
        plain = "".join(part for part in unicodedata.normalize("NFKD", character) if not "\u0300" <= part <= "\u036f")
        plain = plain.casefold()
        if not plain and lengths:
            lengths[-1] = number  # an accent belongs to the letter before it
        folded += plain
        lengths += [number] * len(plain)
    return folded, lengths
