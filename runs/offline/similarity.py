"""Similarity: which part of a procedure a request is closest to, and how clearly.

A candidate is scored by what the procedure says of it, part by part, by its name and description, and by examples. Two
encoders score separately, and where they differ the lead of the best is mostly that of the one that doubts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from typing import Any
from uuid import UUID

from builder.procedures import mentions
from builder.procedures.passages import Passage

from . import bridge, embeddings, negations, phrases
from .clauses import Clause, Kind, clauses
from .embeddings import E5, ENCODERS, USE
from .gist import gist, pieces

# What comparing one case takes in CPU: so long, and so much longer for each of its characters, for what has been read
# before and for what has not.
_SECONDS, _SECONDS_KNOWN, _SECONDS_NEW = 0.012, 0.00003, 0.00025

CLAUSE, PART, NAME, EXAMPLE = "clause", "part", "name", "example"
WEIGHTS = {CLAUSE: 1.0, PART: 1.0, NAME: 0.75}
_EXAMPLES_WEIGH = 0.5  # as much as half of all that the procedure says
NEAR = 0.05  # texts that are less close than the closest by about so much count beside it


@dataclass(frozen=True)
class Target:
    """An agent, as the run offers it: `key` is its value in the handover tool, `fields` what the case says of what it
    needs.
    """

    agent_id: UUID
    key: str
    name: str
    description: str
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Example:
    """A request of which people said where it goes: to an agent, or nowhere, when it is completed here."""

    text: str
    agent_id: UUID | None


@dataclass(frozen=True)
class Brief:
    """What the router compares. `own` is the agent that runs: without it a short procedure says too little of its own.

    `targets` are those of the revision that this run could use; any other mention counts as not available. `is_kept`:
    the case is one of the agent's last, not one of a test. `values`: of the case's fields, for replies.
    """

    aop: str
    case_text: str
    targets: Sequence[Target]
    own: Target | None = None
    examples: Sequence[Example] = ()
    is_kept: bool = False
    values: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Said:
    """One text that speaks for a candidate, and where in the procedure it stands."""

    text: str
    kind: str
    passage: Passage | None = None


@dataclass(frozen=True)
class Candidate:
    """Where the case might go, and the texts that speak for it: to `target`; to the agent named `absent`, which the
    procedure mentions and this run cannot reach; else it stays here.
    """

    says: tuple[Said, ...]
    target: Target | None = None
    absent: str = ""

    @property
    def leaves(self) -> bool:
        return self.target is not None or bool(self.absent)

    @property
    def is_shown(self) -> bool:
        return any(said.kind == EXAMPLE for said in self.says)


@dataclass(frozen=True)
class Match:
    candidate: Candidate
    said: Said  # the closest of the candidate's texts
    similarity: float  # of that text
    scores: tuple[float, ...]  # of the candidate, by each encoder
    passage: Passage | None = None  # the closest of those that speak for the candidate, whatever decided

    @property
    def score(self) -> float:
        return sum(self.scores)


@dataclass(frozen=True)
class Verdict:
    """All candidates, the closest first, and how far the first is ahead. The encoder that doubts more counts three
    times as much as the other.
    """

    matches: tuple[Match, ...] = ()

    @property
    def best(self) -> Match:
        return self.matches[0]

    @property
    def rival(self) -> Match | None:
        return self.matches[1] if len(self.matches) > 1 else None

    @property
    def between_examples(self) -> bool:
        """Whether people gave examples for the best and for the next."""
        return all(match.candidate.is_shown for match in self.matches[:2])

    @property
    def lead(self) -> float:
        if not self.rival:
            return 1.0
        leads = [
            own - max(match.scores[encoder] for match in self.matches[1:])
            for encoder, own in enumerate(self.best.scores)
        ]
        return (min(leads) + sum(leads) / len(leads)) / 2


def available() -> bool:
    return embeddings.available()


def compare(brief: Brief) -> Verdict:
    """Who the request is closest to. Costs about a millisecond of CPU per word not seen before: run in a thread."""
    return _compared(brief.case_text, [candidate for candidate in candidates(brief) if candidate.says])


def rank(case_text: str, texts: Sequence[str]) -> Verdict:
    """Which of these texts the request is closest to, compared as the clauses of a procedure are."""
    says = [(Said(one, CLAUSE), *(Said(part, PART) for part in phrases.parts(one))) for one in texts]
    return _compared(case_text, [Candidate(said) for said in says])


def _compared(case_text: str, found: Sequence[Candidate]) -> Verdict:
    text = gist(case_text)
    if not text or not found:
        return Verdict()
    embeddings.encode_ahead(USE, [text, *_pieces(text), *(said.text for one in found for said in one.says)])
    closeness = {encoder: _closeness(encoder, text, found) for encoder in ENCODERS}
    matches = [_match(candidate, closeness) for candidate in found]
    return Verdict(tuple(sorted(matches, key=lambda match: match.score, reverse=True)))


def keep(brief: Brief) -> None:
    """Of what was compared, keep for a while what is costly, for when the agent's last cases are compared again."""
    if brief.own and brief.is_kept:
        embeddings.keep(str(brief.own.agent_id), gist(brief.case_text))


def seconds(case_texts: Sequence[str]) -> list[float]:
    """About what comparing each of them takes in CPU, with a procedure that has been read."""
    texts = [gist(text) for text in case_texts]
    known = embeddings.known(texts)
    return [_SECONDS + len(text) * (_SECONDS_KNOWN if text in known else _SECONDS_NEW) for text in texts]


# --- Candidates ------------------------------------------------------------------------------


def candidates(brief: Brief) -> list[Candidate]:
    """The targets, the mentioned agents that cannot be reached, and the agent itself, with the texts for each."""
    found = _telling(clauses(brief.aop), brief.targets)
    own_id = brief.own.agent_id if brief.own else None
    reachable = {target.agent_id for target in brief.targets}
    absent = {
        mention.agent_id: mention.name
        for mention in mentions.find_mentions(brief.aop)
        if mention.agent_id not in reachable and mention.agent_id != own_id
    }
    return [
        *(
            Candidate((*_about(one.agent_id, found), *_labels(one), *_examples(one.agent_id, brief)), one)
            for one in brief.targets
        ),
        *(Candidate(_about(agent_id, found), absent=name) for agent_id, name in absent.items()),
        Candidate((*_own(found, brief.own), *_examples(None, brief))),
    ]


def _telling(found: Sequence[Clause], targets: Sequence[Target]) -> list[Clause]:
    """Without what is said of every target: "Give each message to the right colleague: @A, @B or @C"."""
    said = {clause.text: {one.agent_id for one in found if one.text == clause.text} for clause in found}
    everybody = {target.agent_id for target in targets}
    return [clause for clause in found if len(everybody) < 2 or not everybody <= said[clause.text]]


def default(brief: Brief) -> Target | None:
    """Who the procedure says gets everything else."""
    ids = [clause.agent_id for clause in clauses(brief.aop) if clause.rest and clause.agent_id]
    return next((target for target in brief.targets if ids and target.agent_id == ids[-1]), None)


def _about(agent_id: UUID, found: Sequence[Clause]) -> tuple[Said, ...]:
    return tuple(said for clause in found if clause.agent_id == agent_id for said in _said(clause))


def _said(clause: Clause) -> list[Said]:
    if not clause.text:
        return []
    parts = [Said(part, PART, clause.passage) for part in phrases.parts(clause.text)]
    return [Said(clause.text, CLAUSE, clause.passage), *parts]


def _labels(agent: Target) -> tuple[Said, ...]:
    return tuple(Said(text, NAME) for text in (agent.name, agent.description) if text)


def _examples(agent_id: UUID | None, brief: Brief) -> tuple[Said, ...]:
    return tuple(
        Said(gist(one.text), EXAMPLE) for one in brief.examples if one.agent_id == agent_id and one.text.strip()
    )


def _own(found: Sequence[Clause], own: Target | None) -> list[Said]:
    """What the agent does itself: closing what the procedure says to close, and any work if it says more of its own
    work than of others'. In a procedure that mostly sends, a sentence without a mention only leads in.
    """
    own_id = own.agent_id if own else None
    mine = [
        clause
        for clause in found
        if clause.agent_id in (None, own_id) and clause.text and not negations.says_never(clause.passage.source)
    ]
    work = [clause for clause in mine if clause.kind in (Kind.TOPIC, Kind.CLOSES)]
    works = len(work) >= len(found) - len([one for one in found if one.agent_id in (None, own_id)])
    kinds = (Kind.TOPIC, Kind.CLOSES) if works else (Kind.CLOSES,)
    says = [said for clause in mine if clause.kind in kinds for said in _said(clause)]
    return [*says, *(_labels(own) if own and works and says else ())]


# --- Scores ----------------------------------------------------------------------------------


def _closeness(encoder: str, text: str, found: Sequence[Candidate]) -> dict[Said, float]:
    """How similar the request is to each text. E5, which costs ten times as much, reads neither parts nor pieces."""
    written = [embeddings.request(encoder, one) for one in [text, *(_pieces(text) if encoder == USE else [])]]
    asked = [bridge.across(encoder, vector) for vector in written]
    return {
        said: _similarity(written, embeddings.request(encoder, said.text))
        if said.kind == EXAMPLE
        else _similarity(asked, embeddings.topic(encoder, said.text))
        for candidate in found
        for said in candidate.says
        if encoder == USE or said.kind != PART
    }


def _similarity(request: Sequence[Any], vector: Any) -> float:
    """Of a request, as a whole and then in pieces, to another text."""
    whole, *pieces = (float(one @ vector) for one in request)
    return (whole + max(pieces)) / 2 if pieces else whole


def _pieces(text: str) -> list[str]:
    """The sentences of the request: of several, a single one may say what it is about."""
    found = pieces(text)
    return found if len(found) > 1 else []


def _match(candidate: Candidate, closeness: Mapping[str, Mapping[Said, float]]) -> Match:
    closest = max(candidate.says, key=lambda said: _tells(said, closeness))
    in_text = [said for said in candidate.says if said.passage]
    return Match(
        candidate,
        closest,
        closeness[USE][closest],
        tuple(_score(candidate, closeness[encoder]) for encoder in ENCODERS),
        max(in_text, key=lambda said: closeness[USE][said]).passage if in_text else None,
    )


def _tells(said: Said, closeness: Mapping[str, Mapping[Said, float]]) -> float:
    """How well a text tells people why: of those about as close, a part more than its clause, and an example most."""
    near = closeness[USE][said] + closeness[E5].get(said, closeness[USE][said])
    return near + {PART: 2 * NEAR, EXAMPLE: 4 * NEAR}.get(said.kind, 0.0)


def _score(candidate: Candidate, closeness: Mapping[Said, float]) -> float:
    """The closest texts of each kind, weighted; and where people gave examples, the closest and the mean of those."""
    by_kind: dict[str, list[float]] = {}
    for said in candidate.says:
        if said in closeness:
            by_kind.setdefault(said.kind, []).append(closeness[said])
    shown = by_kind.pop(EXAMPLE, [])
    weight = sum(WEIGHTS[kind] for kind in by_kind)
    score = sum(WEIGHTS[kind] * _pooled(values) for kind, values in by_kind.items()) / weight if weight else 0.0
    if not shown:
        return score
    example = (max(shown) + sum(shown) / len(shown)) / 2
    return (score + _EXAMPLES_WEIGH * example) / (1 + _EXAMPLES_WEIGH) if weight else example


def _pooled(values: Sequence[float]) -> float:
    """Mostly the highest; others that come near it add to it, as a request that is like two sentences is like both."""
    return NEAR * log(sum(exp(value / NEAR) for value in values))
