"""Clauses: what a procedure says about whom, cut from its prose for the offline router. Pure.

A clause is a sentence, a list item, or the part of a sentence that leads up to a mention. It belongs to
the agents it mentions; one without a mention is the agent's own. English routing words ("hand over to")
are left out, in other languages they merely stay in.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from builder.procedures import mentions
from builder.procedures.mentions import Mention
from builder.procedures.sentences import LIST_MARK, sentences


@dataclass(frozen=True)
class Clause:
    text: str
    agent_ids: tuple[UUID, ...] = ()


_EDGES = " \t,.;:!?-–—→>=*_`\"“”'"

# Words that send something somewhere without saying what it is about.
_ROUTING = re.compile(
    r"hand(s|ed|ing)?|pass(es|ed)?|sen[dt]s?|routed?s?|forwards?|transfers?|gives?|assign|escalate|refer|move|go(es)?|"
    r"belongs?|ask|tell|contact|involve|over|on|to|for|with|by|it|them|this|that|these|those|then|please|and|or|but|"
    r"should|must|be|is|are|the|a|always|directly"
)
_OBJECT = re.compile(r"(case|message|mail|ticket|request|conversation|customer|issue)s?|work")


def clauses(aop: str) -> list[Clause]:
    """What the procedure says, in order. Headings are left out, and so is what says nothing but "hand over"."""
    found: list[Clause] = []
    owners: tuple[UUID, ...] = ()  # whom the items under "Hand over to X:" belong to
    for line in mentions.normalise(aop).split("\n"):
        is_item = bool(LIST_MARK.match(line))
        text = LIST_MARK.sub("", line, count=1) if is_item else line.strip()
        if not text:
            continue
        ids = tuple(mentions.target_ids(text))
        if is_item and owners and not ids:
            found.append(Clause(text.strip(_EDGES), owners))
            continue
        if not is_item:
            owners = ids[-1:] if text.endswith(":") else ()
        if not ids and _is_heading(text):
            continue
        for sentence in sentences(text):
            found += _clauses_of(sentence, leads_in=bool(owners) and not is_item)
    return [clause for clause in found if clause.text]


def _is_heading(line: str) -> bool:
    return line.startswith("#") or line.endswith(":") or line.isupper()


def _clauses_of(sentence: list[str | Mention], leads_in: bool) -> Iterator[Clause]:
    """One clause per mention: what leads up to it, else what follows it, else what the mention beside it got."""
    gaps: list[str] = [""]
    mentioned: list[Mention] = []
    for part in sentence:
        if isinstance(part, Mention):
            mentioned.append(part)
            gaps.append("")
        else:
            gaps[-1] += part
    if not mentioned:
        yield Clause(_stripped(gaps[0], routing=False))
    texts: list[str] = []
    for position in range(len(mentioned)):
        text = _stripped(gaps[position])
        if not text and not leads_in and (text := _stripped(gaps[position + 1])):
            gaps[position + 1] = ""
        texts.append(text or (texts[-1] if texts else ""))
    first = next((text for text in texts if text), "")
    for mention, text in zip(mentioned, texts, strict=True):
        yield Clause(text or first, (mention.agent_id,))


def _stripped(text: str, routing: bool = True) -> str:
    """The text without punctuation at its ends and, with `routing`, without the words that only send."""
    words = text.strip(_EDGES).split()
    if all(_routes(word) or _OBJECT.fullmatch(_bare(word)) for word in words):
        return ""
    while routing and _routes(words[-1]):
        words.pop()
    while routing and _routes(words[0]):
        words.pop(0)
    return " ".join(words).strip(_EDGES)


def _routes(word: str) -> bool:
    bare = _bare(word)
    return not bare or bool(_ROUTING.fullmatch(bare))


def _bare(word: str) -> str:
    return word.strip(_EDGES + "()").lower()
