"""The gist of a text: what is left of an email without greetings, thanks, small talk and signatures, and not too long.

Courtesies are told from the matter by their vectors. What remains is bounded, as the encoder E5 takes a fifth of a
second for a text of 800 characters.
"""

import re
from functools import lru_cache

from . import bridge, embeddings
from .embeddings import USE

# Characters of the text that are looked at, and of the gist. What an email is about stands at its top.
_READ, _MOST = 1200, 160
_PIECE = 12  # a shorter piece, such as "Hi Anna,", says nothing
# What stands below a line of two dashes is a signature, and behind an angle bracket what someone else wrote.
_SIGNATURE = re.compile(r"^-- ?$.*", re.MULTILINE | re.DOTALL)
_QUOTED = re.compile(r"^\s*>.*$", re.MULTILINE)
_END = re.compile(r"(?<=[.!?])\s+|\n+")


def gist(text: str) -> str:
    return _gist(text.strip()[:_READ]) if embeddings.available() else text.strip()[:_READ]


def pieces(text: str) -> list[str]:
    """The sentences and lines of a text, as far as they say something."""
    found = [piece.strip() for piece in _END.split(text)]
    return [piece for piece in found if len(piece) > _PIECE]


@lru_cache(maxsize=2048)
def _gist(text: str) -> str:
    own = _QUOTED.sub("", _SIGNATURE.sub("", text)).strip() or text
    found = [_cut(piece) for piece in pieces(own)]
    if len(found) < 2:
        return _cut(own)
    embeddings.encode_ahead(USE, found)
    matter = [piece for piece in found if not bridge.is_courteous(embeddings.request(USE, piece))] or found
    kept: list[str] = []
    for piece in matter:
        if sum(len(one) + 1 for one in kept) + len(piece) <= _MOST:
            kept.append(piece)
    return "\n".join(kept)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else text[:_MOST].rsplit(" ", 1)[0]


def forget() -> None:
    """Start over: for benchmarks."""
    _gist.cache_clear()
