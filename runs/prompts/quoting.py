"""Text from other people as a model gets it: between marks that nothing inside them can close.

The marks of a run have a random name. What looks like one inside them, in whatever letters and with whatever unseen
signs in it, is made to look different, since the name itself may come back in the answer of a tool.
"""

import re
import secrets
import unicodedata

_ALIKE = {
    **dict.fromkeys("˂ᐸ❮❬〈⟨⧼≺", "<"),
    **dict.fromkeys("∕⁄⧸╱⟋⟍\\", "/"),
    **dict.fromkeys("ԁժɖꓒḋ", "d"),
    **dict.fromkeys("аɑαаạȧꭺ", "a"),
    **dict.fromkeys("тτꭲţṫ", "t"),
}
_UNSEEN = "\x01"
_LOOKS_LIKE_A_MARK = re.compile(rf"<(?=[\s{_UNSEEN}/]*d[\s{_UNSEEN}]*a[\s{_UNSEEN}]*t[\s{_UNSEEN}]*a)")


class _Folded(dict[int, str]):
    """Each sign as it looks, one for one: what has the look of another, and what has none."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        plain = unicodedata.normalize("NFKC", sign).lower()
        plain = plain if len(plain) == 1 else sign
        is_unseen = unicodedata.category(plain) in ("Cf", "Cc", "Mn", "Me") and not plain.isspace()
        # Hangul fillers and the blank of Braille are letters and signs that nobody sees.
        found = _UNSEEN if is_unseen or sign in "\u115f\u1160\u3164\uffa0\u2800" else _ALIKE.get(plain, plain)
        self[code] = found
        return found


_FOLDED = _Folded()


def new_mark() -> str:
    """Return a random name for the marks of one run."""
    return f"data-{secrets.token_hex(4)}"


def marked(text: str, mark: str) -> str:
    """Return the text between marks, with another sign where something begins in it that looks like a mark."""
    folded = text.translate(_FOLDED)
    if "<" in folded:
        signs = list(text)
        for found in _LOOKS_LIKE_A_MARK.finditer(folded):
            signs[found.start()] = "‹"
        text = "".join(signs)
    return f"<{mark}>\n{text}\n</{mark}>"
