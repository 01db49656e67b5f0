"""What of an answer is new: its text without the messages that mail programs quote below it.

Only answers are cut: a forwarded message is what its sender wants to say. Where nothing would be left, or the sender
answers between quoted lines, all of it stays. The email as it came is kept in any case.
"""

import re
from collections.abc import Sequence

# How far a line that introduces a quotation may be folded.
_FOLDED = 3
_LONGEST_LINE = 400
_INTRODUCES = re.compile(
    r"^(?:on|am|le|el|il|op|em|den|w dniu|dne|a|pe|в|ons|tir|man|tor|fre)\b.{4,300}?"
    r"(?:wrote|writes|schrieb|geschrieben|a écrit|escribió|escribio|ha scritto|schreef|escreveu|skrev|napisał\(?a?\)?|"
    r"pisze|napsal\(?a?\)?|írta|kirjoitti|пишет|писал\(?а?\)?)\b.{0,80}[:：]$",
    re.IGNORECASE,
)
_INTRODUCES_ELSEHOW = re.compile(r"(?:写道|のメール|さんは書きました|님이 작성|书写)\s*[:：]$")
_ORIGINAL = re.compile(
    r"^[-_ ]{2,}\s*(?:original message|original appointment|ursprüngliche nachricht|message d.origine|mensaje original|"
    r"messaggio originale|oorspronkelijk bericht|mensagem original|ursprungligt meddelande|oprindelig meddelelse|"
    r"wiadomość oryginalna|исходное сообщение)\s*[-_ ]{2,}$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^\*?(?:from|von|de|da|van|från|fra|od|от|发件人|差出人)\*?\s?[:：]", re.IGNORECASE)
_SENT = re.compile(
    r"^\*?(?:sent|date|gesendet|datum|envoyé|enviado|fecha|inviato|data|verzonden|skickat|sendt|wysłano|дата|"
    r"发送时间|送信日時)\*?\s?[:：]",
    re.IGNORECASE,
)


def without_history(text: str) -> str:
    """The text of an answer above what it quotes."""
    lines = text.splitlines()
    at = next((place for place in range(len(lines)) if _begins_history(lines, place)), None)
    if at is None:
        at = _quoted_end(lines)
    above, below = lines[:at], lines[at:]
    if not any(line.strip() for line in above) or _is_answered_between(below):
        return text.strip()
    while above and not above[-1].strip(" _-"):
        above.pop()
    return "\n".join(above).strip() or text.strip()


def _begins_history(lines: Sequence[str], at: int) -> bool:
    line = lines[at].strip().lstrip("\u200e\u200f\ufeff ")
    if not line or line.startswith(">"):
        return False
    if _ORIGINAL.match(line):
        return True
    if _FROM.match(line):
        return any(_SENT.match(other.strip()) for other in lines[at + 1 : at + 4])
    folded = ""
    for more in range(_FOLDED):
        # A folded line goes on in the next one. What stands above an empty line is the sender's own.
        if at + more >= len(lines) or len(folded) > _LONGEST_LINE or not lines[at + more].strip():
            return False
        folded = f"{folded} {lines[at + more].strip()}".strip()
        if folded.endswith((":", "：")):
            return _introduces(folded, lines[at + more + 1 : at + more + 4])
    return False


def _introduces(line: str, following: Sequence[str]) -> bool:
    if _INTRODUCES.match(line) or _INTRODUCES_ELSEHOW.search(line):
        return True
    # In any language: an address or a time, a colon, and then a quoted line.
    first = next((other.strip() for other in following if other.strip()), "")
    return first.startswith(">") and ("@" in line or re.search(r"\d{1,2}[:.]\d\d", line) is not None)


def _quoted_end(lines: Sequence[str]) -> int:
    """Return where the quoted lines at the very end begin; the length where the text ends with none."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith(">")):
        at -= 1
    return at if any(line.strip() for line in lines[at:]) else len(lines)


def _is_answered_between(history: Sequence[str]) -> bool:
    """The sender wrote between lines of the quotation: something stands below a quoted line that is not quoted."""
    first = next((place for place, line in enumerate(history) if line.lstrip().startswith(">")), None)
    if first is None or first > _FOLDED + 2:
        return False
    rest = [line.strip() for line in history[first:]]
    for place, line in enumerate(rest):
        if line and not line.startswith(">"):
            # The rest of a folded line of a quotation stands alone between quoted ones.
            return not _is_a_signature(rest[place:])
    return False


def _is_a_signature(lines: Sequence[str]) -> bool:
    return lines[0].rstrip() == "--" or lines[0].startswith("___")


def own_words(text: str) -> str:
    """What the sender of an answer wrote alone: nothing quoted, no line that introduces a quotation, no signature.
    Empty where there is nothing else.
    """
    lines = text.splitlines()
    at = next((place for place in range(len(lines)) if _begins_history(lines, place)), len(lines))
    below = lines[at:]
    quoted = next((place for place, line in enumerate(below) if line.lstrip().startswith(">")), None)
    # A quotation that is not marked as one is all that is below. Between marked lines the sender may have written more.
    more = [] if quoted is None else [line for line in below[quoted:] if not line.lstrip().startswith(">")]
    own = [line for line in lines[:at] if not line.lstrip().startswith(">")] + more
    end = next((place for place, line in enumerate(own) if line.rstrip() == "--" or line.startswith("___")), len(own))
    return "\n".join(own[:end]).strip()
