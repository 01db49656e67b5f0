"""Sentences: what a procedure says in them, as far as its words tell. Pure.

Read in English and German; what is said in another language is mostly not noticed, and never misread.
"""

import re
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from . import mentions
from .mentions import Mention

LIST_MARK = re.compile(r"\s*(?:[-*+•–>]|\d{1,2}[.)]|[a-z][.)])\s+")
# A full stop before a small letter is an abbreviation's ("e.g. refunds").
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z]|$)|(?<=;)\s+|(?<=[。！？；])")


def sentences(line: str) -> Iterator[list[str | Mention]]:
    """The line's sentences, each as its pieces; a name with a full stop in it does not end one."""
    sentence: list[str | Mention] = []
    for part in mentions.split(line):
        if isinstance(part, Mention):
            sentence.append(part)
            continue
        first, *rest = _SENTENCE_END.split(part)
        sentence.append(first)
        for piece in rest:
            yield sentence
            sentence = [piece]
    yield sentence


# --- A mention that is forbidden ---------------------------------------------------------------

_NO = r"(?:no|kein(?:e|en|em|er|es|esfalls)?)"
_NOT = r"(?:never|not|cannot|\w+n[’']t|dont|no longer|avoid|refrain from|stop|nie|niemals|nicht|nie wieder)"
_SENDS = (
    r"(?:hand|pass|sen[dt]|rout|forward|transfer|giv|assign|escalat|refer|mov|go(?:es|ing)?\b|bother|contact|involv|"
    r"über(?:gib|geb|gegeb|trag)|gib|geb|gegeb|gesend|gesch|weiter|leit|send|schick|geh|"
    r"verweis|zuweis|zugewies)\w*"
)
_ADDRESSES = r"(?:ask|tell|mention|use|using|frag\w*|nutze\w*)"
_TOWARDS = r"(?:(?:over )?(?:to|for|with|by|at|on)|an|zu|zum|zur|bei|mit|durch|für)"
# What may stand between "not" and the word that sends.
_FILLER = (
    r"(?:ever|just|simply|directly|be|been|get|getting|being|is|are|then|again|also|yet|immediately|under|any|"
    r"circumstances|the|a|an|this|these|such|it|them|case|cases|anything|something|sofort|direkt|einfach|mehr|etwas|"
    r"jemals|den|die|das|diese|solche|fall|fälle|weder)"
)
_FORBIDS = re.compile(
    rf"\b(?:{_NOT}(?: {_FILLER})*(?: {_SENDS}\b| {_TOWARDS}\b|(?: {_ADDRESSES})? *$)"
    rf"|(?:^|{_SENDS} ){_NO}\b(?: \S+){{0,3}} (?:may |must |should |can )?(?:be )?(?:{_SENDS}\b|{_TOWARDS}\b)"
    rf"|(?:nie|niemals|kein(?:e|en|em|er|es)?)(?: \S+){{1,4}} (?:an|zu|bei)\b"
    rf"|(?:except|außer|ausser) *(?:{_TOWARDS})? *$"
    rf"|(?:under no circumstances|auf keinen fall|unter keinen umständen|keinesfalls)\b)"
)
_FORBIDDEN_AFTER = re.compile(
    rf"^ *(?:(?:must|should|may|can|shall|is|are|does|do|will|gets?|has|darf|dürfen|soll|sollen|sollte|wird|werden|ist|"
    rf"bekommt|erhält|hat) )?(?:{_NOT}|{_NO}|keine?n? fall)\b(?! *(?:{_TOWARDS})? *$)"
)
# "If it is not a bug hand over to @X" sends; "never forget to" and "not only to" do, too.
_CONDITION = re.compile(r"\b(?:if|when|whenever|unless|wherever|once|wenn|falls|sofern|sobald|solange)\b")
_SENDS_ALL_THE_SAME = re.compile(
    r"\b(?:not|never|n[’']t|nicht|nie) (?:only|just to|forget|hesitate|fail|miss|nur|bloß|vergessen|zögern)\b"
    r"|\bwhy not\b"
)
_CLAUSE_END = re.compile(
    rf"[,;:()—–]|\b(?:but|then|instead|rather|sondern|aber|dann|stattdessen|vielmehr)\b|\b(?:and|und)\b(?= {_SENDS}\b)"
)
# "Never, under any circumstances, …": what forbids stands alone and means what follows.
_ALONE = re.compile(rf"^ *(?:{_NOT}|under no circumstances|auf keinen fall) *$")
_JOINS = re.compile(r" *(?:,|/|,? (?:or|nor|and|oder|noch|und)) *(?:to|an)? *")


def forbidden(text: str) -> list[UUID]:
    """Return who is only mentioned in clauses that say not to: "never hand over to @X". Each once, in order."""
    found = _forbidden_mentions(text)
    mentioned = Counter(mention.agent_id for mention in mentions.find_mentions(text)) if found else {}
    return [agent_id for agent_id, times in Counter(found).items() if times == mentioned[agent_id]]


def _forbidden_mentions(text: str) -> list[UUID]:
    found: list[UUID] = []
    heading = False  # "Never hand over to:" with the names in the list below it
    for line in mentions.normalise(text).split("\n"):
        item = LIST_MARK.match(line)
        words = line[item.end() :] if item else line
        if heading and item:
            found += [mention.agent_id for mention in mentions.find_mentions(words)]
            continue
        if words.strip():
            heading = words.rstrip().endswith(":") and _says_not(words.rstrip()[:-1])
        for sentence in sentences(words):
            found += _forbidden_in(sentence)
    return found


def _says_not(before: str) -> bool:
    """Return whether the words that lead up to a mention forbid it."""
    words = " ".join(re.sub(r"[*_`\"“”„]", "", before).casefold().split())
    *earlier, clause = _CLAUSE_END.split(words)
    if earlier and any(_ALONE.match(part) for part in earlier if part.strip()):
        return True
    if _SENDS_ALL_THE_SAME.search(clause):
        return False
    match = _FORBIDS.search(clause)
    return match is not None and not _CONDITION.search(clause, 0, match.start())


def _forbidden_in(sentence: list[str | Mention]) -> Iterator[UUID]:
    before = ""
    for part, after in zip(sentence, [*sentence[1:], ""], strict=False):
        if isinstance(part, str):
            # "Never to @A or @B" forbids both: the second is read with the words before the first.
            before = before if _JOINS.fullmatch(part.casefold()) else part
        elif _says_not(before) or (isinstance(after, str) and _is_denied(before, after)):
            yield part.agent_id


def is_forbidden(gaps: list[str], position: int) -> bool:
    """Return whether the mention between `gaps[position]` and the next gap stands in a clause that says not to."""
    return _says_not(gaps[position]) or _is_denied(gaps[position], gaps[position + 1])


def _is_denied(before: str, after: str) -> bool:
    """Return whether the words that follow a mention forbid it: "@X must never get refunds"."""
    clause = _CLAUSE_END.split(before.casefold())[-1]
    return bool(_FORBIDDEN_AFTER.search(after.casefold())) and not _CONDITION.search(clause)


# --- The end of a case -------------------------------------------------------------------------

_ENDS = re.compile(
    r"\b(?:complet|finish|resolv|conclud|wrap(?:s|ped)? up|erledig|fertig|beend|abschl(?:ieß|iess|uss)|abgeschl|"
    r"schlie(?:ß|ss)(?:e|en|t)\b|geschlossen|close[sd]?\b(?! to)|closing\b|done\b|"
    # French, Spanish, Italian, Dutch, Polish
    r"termin|cl[oô]tur|résol|resuel|resolv|cerrar|cierr|chiud|risol|afrond|afgerond|sluit|zakończ)"
    r"|完成|完了|结案|關閉|关闭|解決|解决|заверш|закры"
)
_NEGATES = re.compile(
    r"\b(?:never|not|cannot|\w+n[’']t|no longer|nie|niemals|nicht|kein\w*|without|ohne|before|bevor|until|bis)\b"
)


def says_when_complete(text: str) -> bool:
    """Return whether some clause of the procedure says that the work is completed, closed, done."""
    read = "".join(part for part in mentions.split(text) if isinstance(part, str)).casefold()
    return any(_ENDS.search(clause) and not _NEGATES.search(clause) for clause in re.split(r"[,.;:!?\n()]", read))
