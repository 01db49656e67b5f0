"""Clauses: what a procedure says about whom, cut from its prose for the offline router. Pure.

A clause is what a sentence says about one thing, without the words that only send. It belongs to the agent that the
sentence mentions, or that a heading or list above it mentions; else it says what to close, to ask about, or to do here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import lru_cache
from uuid import UUID

from builder.procedures import mentions, replies
from builder.procedures.mentions import Mention
from builder.procedures.passages import Passage, passages
from builder.procedures.sentences import LIST_MARK, is_forbidden

from . import negations, phrases


class Kind(Enum):
    TOPIC = "topic"  # what goes to `agent_id`; without one, what the agent does itself
    CLOSES = "closes"
    ASKS = "asks"
    HOW = "how"  # how to work; says nothing of where to


@dataclass(frozen=True)
class Clause:
    text: str
    passage: Passage
    agent_id: UUID | None = None
    kind: Kind = Kind.TOPIC
    rest: bool = False  # it also, or only, means everything else

    @property
    def agent_ids(self) -> tuple[UUID, ...]:
        return (self.agent_id,) if self.agent_id else ()


@dataclass
class _Place:
    """The place in the text: whom the lines below it belong to, and what was spoken of last."""

    section: UUID | None = None  # the heading's
    items: UUID | None = None  # "Hand over to X:" above the list
    last: UUID | None = None  # the sentence before, in the same paragraph
    topic: str = ""
    unowned: list[int] = field(default_factory=list)  # in `found`: what the line said before anybody was mentioned
    how: bool = False  # the sentence before told how to work, and so does what follows it in the same line
    found: list[Clause] = field(default_factory=list)


_EDGES = " \t,.;:!?：，。；、-–—→>=*_`|\"“”„«»'()"


@lru_cache(maxsize=256)
def clauses(aop: str) -> tuple[Clause, ...]:
    """Return what the procedure says, in order. Headings are left out, and so is what says nothing but "hand over"."""
    place = _Place()
    aop = replies.without(aop)  # what is said to customers sends no case anywhere
    line_before = -1
    for passage in passages(aop):
        line_start = aop.rfind("\n", 0, passage.start) + 1
        if line_start != line_before:
            line = aop[line_start:].split("\n", 1)[0]
            line_before = line_start
            is_title = _is_title(aop, line_start, line)
            if _starts_section(line, place, is_item := bool(LIST_MARK.match(line)), is_title):
                continue
            place.last, place.topic = (None, "") if is_item else (place.last, place.topic)
            place.how, place.unowned = False, []
        place.found += _read(passage, place)
    return tuple(clause for clause in place.found if clause.text or clause.rest or clause.kind is Kind.ASKS)


_TITLE_WORDS = 4


def _is_title(aop: str, start: int, line: str) -> bool:
    """Return whether the line is a title without a mark: a few words without an end, above a list or apart from all
    else; or the head of a table.
    """
    words = line.strip()
    following = aop[start + len(line) + 1 :].split("\n", 1)[0]
    if words.startswith("|"):
        return not mentions.find_mentions(words)
    if not words or len(words.split()) > _TITLE_WORDS or words[-1] in ".!?;,:" or mentions.find_mentions(words):
        return False
    stands_apart = start == 0 or aop[:start].endswith("\n\n")
    is_above_list = bool(LIST_MARK.match(following)) and not LIST_MARK.match(line)
    return stands_apart and (is_above_list or (start > 0 and not following.strip()))


def _starts_section(line: str, place: _Place, is_item: bool, is_title: bool) -> bool:
    """Take note of a heading. One with a mention owns what stands below it, one without ends that."""
    words = line.strip()
    ids = [mention.agent_id for mention in mentions.find_mentions(words)]
    bare = "".join(part for part in mentions.split(words) if isinstance(part, str)).strip(_EDGES + "#")
    if words.startswith("#") or (ids and not is_item and not bare):
        place.section = ids[-1] if ids and not negations.says_never(bare) else None
        place.items = place.last = None
        return True
    if not is_item:
        place.items = ids[-1] if ids and words.endswith(":") and not negations.says_never(bare) else None
    is_label = not ids and not is_item and (words.endswith(":") or words.isupper() or is_title)
    if is_label:
        place.section = place.last = None
    return is_label


def _read(passage: Passage, place: _Place) -> list[Clause]:
    if passage.mentions:
        found = _sent(passage, place)
        place.unowned = []
        place.last = found[-1].agent_id if found else place.last
        return found
    text = passage.source
    if phrases.asks_a_person(text):
        return [Clause("", passage, kind=Kind.ASKS, rest=True)]
    if phrases.closes(text):
        topic = _stripped(phrases.without_closing(text))
        return [Clause(topic, passage, kind=Kind.CLOSES, rest=not topic or phrases.means_the_rest(text))]
    if negations.says_never(text) and negations.sends(text):
        place.topic = _stripped(text, never=True)
        return []
    owner = place.items or place.section or (place.last if phrases.adds(text) and not phrases.says_how(text) else None)
    place.topic = _stripped(text)
    if owner:
        return [Clause(place.topic, passage, owner)]
    place.unowned.append(len(place.found))
    place.how = place.how or phrases.says_how(text)
    return [Clause(place.topic, passage, kind=Kind.HOW if place.how else Kind.TOPIC)]


# --- A sentence with mentions ----------------------------------------------------------------


def _sent(passage: Passage, place: _Place) -> list[Clause]:
    """One clause per mention: what leads up to it, else what follows it, else what was spoken of before."""
    gaps, mentioned = _split(passage.source)
    found: list[Clause] = []
    unsaid: list[UUID] = []
    forbidden = False
    for position, mention in enumerate(mentioned):
        before, after = gaps[position], gaps[position + 1]
        if (head := negations.redirects(before)) and (is_forbidden([head, ""], 0) or negations.forbids(head)):
            place.topic = _stripped(head, never=True)
            found += [Clause(place.topic, passage, mention.agent_id)] if place.topic else []
            continue
        if is_forbidden(gaps, position) or negations.forbids(before):
            forbidden = True
            if phrases.closes(after):
                topic = _stripped(before, never=True) or _stripped(phrases.without_closing(after)) or place.topic
                found.append(Clause(topic, passage, kind=Kind.CLOSES))
            place.topic = _stripped(before, never=True) or place.topic
            continue
        if phrases.means_the_rest(before):
            topic = _stripped(phrases.without_the_rest(before))
            found.append(Clause(topic, passage, mention.agent_id, rest=True))
            continue
        text = _stripped(before)
        if not text and (forbidden or negations.refers_back(before)):
            text = place.topic
            found += [
                replace(one, agent_id=mention.agent_id, kind=Kind.TOPIC, passage=passage)
                for one in _taken_back(place)
                if one.text != text
            ]
        if not text and place.items is None:
            text, gaps[position + 1] = phrases.halves(after)
            text = _stripped(text)
        elif position == len(mentioned) - 1 and _adds(after):
            found.append(Clause(_stripped(after), passage, mention.agent_id))
        if text:
            place.topic = text
            found.append(Clause(text, passage, mention.agent_id))
        else:
            unsaid.append(mention.agent_id)
    # "@A or @B for refunds" says the same of both.
    said = next((clause.text for clause in found if clause.agent_id), place.topic)
    return [*(Clause(said, passage, agent_id) for agent_id in unsaid if said), *found]


def _taken_back(place: _Place) -> list[Clause]:
    """Return what the line has said until now: "A tile is loose. The lift is stuck. That goes to @X" is all about X."""
    taken = [place.found.pop(index) for index in reversed(place.unowned)]
    place.unowned = []
    return taken[::-1]


_RESTRICTS = re.compile(r"\W*(?:unless|except|instead|before|after|whatever|even)\b")


def _adds(after: str) -> bool:
    """Return whether what follows the last mention says more of what it is for: ", and so are cooks who want to
    join".
    """
    words = after.strip(_EDGES).split()
    return len(words) > 3 and not negations.says_never(after) and not _RESTRICTS.match(after)


def _split(source: str) -> tuple[list[str], list[Mention]]:
    gaps: list[str] = [""]
    mentioned: list[Mention] = []
    for part in mentions.split(source):
        if isinstance(part, Mention):
            mentioned.append(part)
            gaps.append("")
        else:
            gaps[-1] += part
    return gaps, mentioned


def _stripped(text: str, never: bool = False) -> str:
    """The text without punctuation and routing words at its ends, and without "If someone asks about"."""
    if never:
        text = negations.without_never(text)
    words = phrases.without_lead(text.strip(_EDGES)).split()
    is_cell = text.rstrip().endswith("|")  # of a table, where no verb follows
    while words and not is_cell and _says_nothing(words[-1]):
        words.pop()
    while words and _says_nothing(words[0]) and not _means_itself(words):
        words.pop(0)
    said = phrases.without_lead(" ".join(words).strip(_EDGES))
    return "" if phrases.is_number(said) else said


def _means_itself(words: Sequence[str]) -> bool:
    """ "Tickets that did not arrive" are what it is about; "Tickets about" something only send it."""
    return phrases.is_object(words[0].lower()) and len(words) > 1 and words[1].lower() in phrases.WHICH


def _says_nothing(word: str) -> bool:
    bare = word.strip(_EDGES).lower()
    # "Tickets, opening hours": the first of a list is what it is about.
    return phrases.routes(bare) or (phrases.is_object(bare) and not word.endswith(","))
