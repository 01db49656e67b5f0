"""Negations of a dozen languages: what a procedure says that an agent is not for, and what it says instead. Pure."""

import re

from .phrases import routes

_I = re.IGNORECASE

_NEVER = re.compile(
    r"\b(?:never|not|don[’']?t|cannot|no longer|avoid|none of|nie|niemals|nicht|kein\w*|jamais|ne \w+ pas|"
    r"n['’]\w+ (?:pas|jamais|aucun)|"
    r"nunca|no|não|non|mai|niet|nooit|geen|nigdy|nie|inte|aldrig|ikke)\b",
    _I,
)


# "Never send refunds to @X" in languages other than English and German, which `sentences` reads.
_VERB = (
    r"(?:envoy|transmett|pas[aes]|dirig|confi|adress|env[ií]|deriv|mand|encaminh|reenvi|inoltr|invi|stuur|draag|geef|"
    r"verwijs|przeka|wysy|kieruj|skick|lämn|send)"
)
_NEVER_SENDS = re.compile(
    rf"\bn(?:e |['’]){_VERB}\w* (?:jamais|pas)\b|\b(?:jamais|nunca|jamás|no|não|non|mai|nooit|niet|nie|nigdy|inte|"
    rf"aldrig|ikke) {_VERB}|"
    rf"\b{_VERB}\w* (?:nooit|niet|inte|aldrig|ikke|mai|geen|inga|ingen)\b|"
    rf"\b(?:niet|nooit|inte|aldrig|ikke|ej) (?:naar|aan|till|til)\s*$",
    _I,
)
_REFERS_BACK = re.compile(
    r"\b(?:they|them|these|those|this|that|it|die|diese|das|dafür|darum|davon|sie|es|celles?|ceux|cela|ils|elles|"
    r"estos?|estas?|esos?|las|los|passe-as|passe-os|essas?|esses?|questi|queste|quelli|deze|die|dat|te|dessa|de)\b",
    _I,
)
_SENDS_WORD = re.compile(rf"\b(?:hand|send|pass|forward|give|route|refer|schick|leite|gib|übergib|{_VERB})\w*", _I)


# "Never send operations to Emergency; they are for @X": the last part of the sentence sends all the same.
_REDIRECTS = re.compile(
    r"^\W*(?:and |y |et |und |en |e |och |og |a )?(?:(?:they|those|these|that|it|ook|auch) )*"
    r"(?:are|is|go(?:es)?|belongs?|sind|ist|gehen|gehören|sont|est|vont|va|van|son|es|são|é|vão|vai|sono|è|vanno|"
    r"zijn|gaan|horen|die|ze|är|hör|går|er|hører|są|idą|należą|patří|jsou|jdou)\b",
    _I,
)


def redirects(text: str) -> str | None:
    """Return what comes before the last part of a text, if that part only sends: "; they are for"."""
    head, mark, tail = text.rpartition(";") if ";" in text else text.rpartition(",")
    return head if mark and not says_never(tail) and _REDIRECTS.match(tail) else None


def forbids(text: str) -> bool:
    """Return whether the words before a mention say that it is not for it: "never send these to", ", not to"."""
    *earlier, last = re.split(r"[,;:(—–]", text)
    bare = _NEVER.sub(" ", last)
    denied = earlier and bare != last and all(routes(word) for word in bare.lower().split())
    return bool(denied or _NEVER_SENDS.search(text))


def refers_back(text: str) -> bool:
    """Return whether the words before a mention mean what the sentence before it was about: "They go to"."""
    return bool(_REFERS_BACK.search(text))


def sends(text: str) -> bool:
    return bool(_SENDS_WORD.search(text))


def without_never(text: str) -> str:
    return re.sub(r"\b(?:to )?any of (?:these|them)\b", " ", _NEVER.sub(" ", text))


def says_never(text: str) -> bool:
    return bool(_NEVER.search(text))
