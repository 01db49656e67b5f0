"""Learn the bridge of the offline stand-in from the invented companies, and write it where the stand-in reads it.

python -m benchmarks.bridging

The maps are learned so that each request is closer to what the procedure says of the right target than of others.
They are held near to leaving all as it is, and cut down to the few directions that matter. How well they serve
companies that they have not seen: `python -m benchmarks.routing`.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.invented import Company, companies, goes_to
from runs.offline import bridge, embeddings
from runs.offline.bridge import Bridge
from runs.offline.embeddings import ENCODERS, USE
from runs.offline.gist import pieces
from runs.offline.similarity import NEAR, PART, WEIGHTS, candidates

STEPS, RATE, MOMENTUM = 40, 0.3, 0.9
SHARP = 12.0  # how much a similarity counts, as the exponent of a probability
HOLD = 0.01  # how strongly the map is held near to leaving all as it is
DIRECTIONS = 32


@dataclass(frozen=True)
class Lesson:
    """One company for one encoder: its requests, what is said of each candidate, and which candidate is right."""

    requests: Any  # a vector in each row
    topics: Any  # likewise
    groups: Sequence[Sequence[tuple[Any, float]]]  # by candidate: which topics, and what they weigh together
    right: Any  # the index of a candidate for each request


def learn(of: Sequence[Company]) -> Bridge:
    maps = {encoder: _map([_lesson(company, encoder) for company in of]) for encoder in ENCODERS}
    return Bridge(maps, *_courtesy(of))


def _lesson(company: Company, encoder: str) -> Lesson:
    """The examples are requests here: they too say where they go."""
    found = [one for one in candidates(company.brief("", with_examples=False)) if one.says]
    names = [goes_to(one) for one in found]
    asked = [(text, names.index(to)) for to, text in [*company.requests, *company.examples] if to in names]
    topics: list[Any] = []
    groups = []
    for one in found:
        kinds: dict[str, list[int]] = {}
        for said in one.says:
            if encoder == USE or said.kind != PART:
                kinds.setdefault(said.kind, []).append(len(topics))
                topics.append(embeddings.topic(encoder, said.text))
        weight = sum(WEIGHTS[kind] for kind in kinds)
        groups.append([(np.array(places), WEIGHTS[kind] / weight) for kind, places in kinds.items()])
    vectors = [embeddings.request(encoder, text) for text, _ in asked]
    return Lesson(np.array(vectors), np.array(topics), groups, np.array([right for _, right in asked]))


def _map(lessons: Sequence[Lesson]) -> tuple[Any, Any]:
    size = lessons[0].topics.shape[1]
    nothing = np.eye(size, dtype=np.float32)
    learned, speed = nothing.copy(), np.zeros_like(nothing)
    total = sum(len(lesson.right) for lesson in lessons)
    for _ in range(STEPS):
        slope = sum(_slope(lesson, learned) for lesson in lessons) / total + HOLD * (learned - nothing)
        speed = MOMENTUM * speed + slope
        learned -= RATE * speed
    left, strength, right = np.linalg.svd(learned - nothing)
    narrow, wide = left[:, :DIRECTIONS] * strength[:DIRECTIONS], right[:DIRECTIONS]
    return narrow.astype(np.float16).astype(np.float32), wide.astype(np.float16).astype(np.float32)


def _slope(lesson: Lesson, learned: Any) -> Any:
    """How the map should change for the right candidates to be more probable."""
    if not len(lesson.right):
        return np.zeros_like(learned)
    similar = lesson.requests @ learned @ lesson.topics.T
    scores = np.zeros((len(similar), len(lesson.groups)), np.float32)
    shares = np.zeros_like(similar)
    owners = np.zeros(len(lesson.topics), int)
    for candidate, groups in enumerate(lesson.groups):
        for places, weight in groups:
            values = np.exp(similar[:, places] / NEAR)
            scores[:, candidate] += weight * NEAR * np.log(values.sum(1))
            shares[:, places] += weight * values / values.sum(1, keepdims=True)
            owners[places] = candidate
    errors = np.exp(SHARP * scores)
    errors /= errors.sum(1, keepdims=True)
    errors[np.arange(len(similar)), lesson.right] -= 1
    return SHARP * lesson.requests.T @ ((shares * errors[:, owners]) @ lesson.topics)


def _courtesy(of: Sequence[Company]) -> tuple[Any, float]:
    """What tells courtesies from requests of one sentence (logistic regression, both sides weighing the same)."""
    sentences = tomllib.loads((Path(__file__).parent / "courtesies.toml").read_text())["sentences"]
    texts = [text for company in of for _, text in [*company.requests, *company.examples] if len(pieces(text)) == 1]
    embeddings.encode_ahead(USE, sentences)
    vectors = np.array([embeddings.request(USE, text) for text in [*sentences, *texts]])
    is_one = np.array([1.0] * len(sentences) + [0.0] * len(texts))
    weights = np.where(is_one, 0.5 / len(sentences), 0.5 / len(texts))
    direction, base = np.zeros(vectors.shape[1]), 0.0
    for _ in range(400):
        errors = weights * (1 / (1 + np.exp(-(vectors @ direction + base))) - is_one)
        direction -= 20 * vectors.T @ errors + 0.02 * direction
        base -= 2 * errors.sum()
    return direction.astype(np.float32), -base


if __name__ == "__main__":
    embeddings.load()
    bridge.write(learn(companies()))
