"""Signs that nobody sees or that turn the reading around: refused in names, and shown where someone decides.

A zero-width space, a right-to-left override or a tag character changes what a text says to a program while people
read on over it. Names must not hold one. Texts of models and customers may, as languages and emoji need some of them;
where a person decides by such a text each of them stands there as its number, `‹U+202E›`.
"""

import re
import unicodedata

# Beside the categories below: signs with a category of letters or marks that are drawn as nothing.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
_FAR = "\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
# Format signs (Cf), line and paragraph separators, private use, and whatever else is drawn differently everywhere.
_CATEGORIES = {"Cf", "Zl", "Zp", "Co", "Cs", "Cc"}
_ALWAYS = re.compile(f"[{_BLANK}{_FAR}]")
_LINES = "\n\t"
_JOINERS, _EMOJI_STYLE = "\u200c\u200d", "\ufe0f"
_DENSE = re.compile(r"[^\x20-\x7e\n\t]")


def is_unseen(sign: str) -> bool:
    """Return whether one character is drawn as nothing, or only changes how its neighbours are drawn."""
    if sign in _LINES:
        return False
    return unicodedata.category(sign) in _CATEGORIES or _ALWAYS.match(sign) is not None


def shown(text: str) -> str:
    """`text` with each unseen sign as `‹U+200B›`, and line ends as \n.

    What a script or an emoji needs stays, as in `unseen_in_name`: it is seen in how its neighbours are drawn.
    """
    text = text.replace("\r\n", "\n")
    return _DENSE.sub(lambda found: _visible(text, found.start()), text)


def _visible(text: str, at: int) -> str:
    sign = text[at]
    return f"‹U+{ord(sign):04X}›" if is_unseen(sign) and not _is_needed(text, at) else sign


def unseen_in_name(name: str) -> str:
    """The first sign that does not belong in a name, or nothing.

    Joiners stay where a script needs them (Persian, Hindi) and in emoji, and so does the sign that colours an emoji.
    """
    for at, sign in enumerate(name):
        if is_unseen(sign) and not _is_needed(name, at):
            return sign
    return ""


def _is_needed(name: str, at: int) -> bool:
    before, after = name[at - 1 : at], name[at + 1 : at + 2]
    if not before:
        return False
    if name[at] == _EMOJI_STYLE:
        return unicodedata.category(before) == "So"
    if name[at] not in _JOINERS or not after:
        return False
    if unicodedata.category(after) == "So":
        return unicodedata.category(before) in {"So", "Sk"} or before == _EMOJI_STYLE
    return _joins(before) and _joins(after)


def _joins(sign: str) -> bool:
    """Return whether it is of a script in which joiners change what a word means or how it is written."""
    return unicodedata.name(sign, "").partition(" ")[0] in _JOINING


_JOINING = {
    *("ARABIC", "SYRIAC", "MONGOLIAN", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU"),
    *("KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN"),
}
