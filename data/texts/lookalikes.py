"""Names that people take for one another: the same key for all that look alike, whatever script they are typed in.

The table is Unicode's own (confusables.txt of UTS 39), cut to letters, digits and what looks like them, after NFKC: a
line holds signs that look alike, the plainest first. The one library for it, confusable-homoglyphs, compares letters
with the names of scripts, makes no keys, and keeps 900 kB in memory where 6 kB do.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from .signs import is_unseen

_TABLE = Path(__file__).parent / "data" / "lookalikes.txt"
# Letters in boxes and circles, which NFKC leaves alone.
_DRESSED = re.compile(r"(?:.*NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL|REGIONAL INDICATOR SYMBOL) LETTER ([A-Z])")


@cache
def _plainest() -> dict[int, str]:
    lines = _TABLE.read_text(encoding="utf-8").splitlines()
    return {ord(sign): line[0] for line in lines for sign in line[1:]}


def keys(name: str) -> frozenset[str]:
    """Two names that share one look alike. With and without regard to capitals, as `I` is like `l` and `i` is not."""
    plain = unicodedata.normalize("NFKC", name)
    return frozenset({f"as typed: {_key(plain)}", f"small: {_key(plain.casefold())}"})


def readings(name: str) -> list[list[str]]:
    """The words of a name in plain small letters, as close as its signs come to them, without accents.

    Twice, as it depends on capitals what a sign looks like: `API` has an `l` for who reads it as typed.
    """
    plain = unicodedata.normalize("NFKC", name)
    return [_words(plain), _words(plain.casefold())]


def _words(plain: str) -> list[str]:
    seen = _plainly(plain).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", seen) if unicodedata.category(sign) != "Mn")
    return re.findall(r"[^\W_]+", bare.translate(_plainest()))


def _plainly(name: str) -> str:
    return "".join(_letter(sign) for sign in name if not is_unseen(sign)).translate(_plainest())


def _key(name: str) -> str:
    """Without what stands between words, and with `rn` as `m`."""
    seen = _plainly(name)
    letters = "".join(sign for sign in seen if unicodedata.category(sign)[0] in "LNM" and not _is_added(sign))
    return (letters or seen).replace("rn", "m").replace("vv", "w")


def _letter(sign: str) -> str:
    dressed = None if sign.isascii() else _DRESSED.fullmatch(unicodedata.name(sign, ""))
    return dressed[1] if dressed else sign


def _is_added(sign: str) -> bool:
    """A mark that stands by itself after NFKC belongs to no letter that anyone writes with it."""
    return unicodedata.name(sign, "").startswith("COMBINING ")
