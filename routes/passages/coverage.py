"""Coverage of a procedure: how often each passage of the live revision routed something in a period.

What a passage did before it was reworded is told apart. The counts come from the handovers, which keep the place of
their passage in the revision that ran; passages are followed through the revisions that ran in the period.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from builder.models import Agent, Revision
from builder.procedures import passages
from builder.procedures.passages import Passage
from builder.procedures.rewordings import successors, wording
from routes.models import CheckResult, Correction
from runs.models import Handover


@dataclass(frozen=True)
class Counts:
    """How often something was routed, and of the cases how many were corrected."""

    cases: int = 0
    tests: int = 0
    corrected: int = 0

    def plus(self, other: "Counts") -> "Counts":
        return Counts(self.cases + other.cases, self.tests + other.tests, self.corrected + other.corrected)


class Place(NamedTuple):
    """Where handovers were made from: a revision, the place in it if it was kept, and the target."""

    revision_id: UUID
    start: int | None
    target_id: UUID


@dataclass
class Covered:
    """A passage of the live revision. `now` is what it did as it is worded, `before` what it did until it was."""

    passage: Passage
    now: Counts = field(default_factory=Counts)
    before: Counts = field(default_factory=Counts)
    places: list[Place] = field(default_factory=list)

    @property
    def all(self) -> Counts:
        return self.now.plus(self.before)

    @property
    def is_unused(self) -> bool:
        """It mentions an agent and has routed nothing, however it was worded."""
        return bool(self.passage.mentions) and not (self.all.cases or self.all.tests)


@dataclass(frozen=True)
class Coverage:
    """`elsewhere` counts what passages routed that were deleted since, `unknown` what no passage is known of."""

    covered: list[Covered]
    elsewhere: Counts
    unknown: Counts

    @property
    def routing(self) -> list[Covered]:
        """The passages that mention agents or have routed something."""
        return [one for one in self.covered if one.passage.mentions or one.places]

    @property
    def sentences(self) -> list[Covered]:
        """Without headings and the like, unless they have routed something."""
        return [one for one in self.covered if one.passage.is_sentence or one.places]

    @property
    def used(self) -> list[Covered]:
        return [one for one in self.covered if one.all.cases]

    @property
    def unused(self) -> list[Covered]:
        return [one for one in self.covered if one.is_unused]


def coverage(agent: Agent, since: datetime) -> Coverage:
    """Return what each passage of the agent's live revision routed since then, in the order of the text."""
    live = agent.live_revision
    found = [Covered(passage) for passage in passages.passages(live.aop)]
    counted = _counted(agent, since)
    for place, tests in _tests(agent, since).items():
        counted[place] = counted.get(place, Counts()).plus(Counts(tests=tests))
    texts = _texts(place.revision_id for place in counted)
    became = _became(texts, live.aop)
    elsewhere = unknown = Counts()
    for place, counts in counted.items():
        number = _number(texts[place.revision_id], place)
        if number is None:
            unknown = unknown.plus(counts)
        elif (now := became[place.revision_id].get(number)) is None:
            elsewhere = elsewhere.plus(counts)
        else:
            _add(found[now], passages.passages(texts[place.revision_id])[number], place, counts)
    return Coverage(found, elsewhere, unknown)


def _add(covered: Covered, passage: Passage, place: Place, counts: Counts) -> None:
    covered.places.append(place)
    if wording(passage) == wording(covered.passage):
        covered.now = covered.now.plus(counts)
    else:
        covered.before = covered.before.plus(counts)


def _counted(agent: Agent, since: datetime) -> dict[Place, Counts]:
    applied = Handover.objects.filter(source_agent=agent, status=Handover.Status.APPLIED, applied_at__gte=since)
    wrong = Exists(Correction.objects.standing().filter(source=OuterRef("source")))
    rows = (
        applied.order_by()
        .values_list("source__revision", "passage_start", "target")
        .annotate(all=Count("pk"), wrong=Count("pk", filter=Q(wrong)))
    )
    return {Place(*place): Counts(number, 0, corrected) for *place, number, corrected in rows}


def _tests(agent: Agent, since: datetime) -> dict[Place, int]:
    """Return how many routing tests each place decided when they were last run."""
    # The latest result of each test: what it decided before was decided by another wording.
    results = CheckResult.objects.filter(test__agent=agent, at__gte=since).order_by("test", "-id").distinct("test")
    runs = {run_id: test for test, run_ids in results.values_list("test", "run_ids") for run_id in run_ids}
    found: dict[Place, set[UUID]] = defaultdict(set)
    rows = Handover.objects.filter(source__in=runs)
    for run_id, revision_id, start, target_id in rows.values_list(
        "source", "source__revision", "passage_start", "target"
    ):
        found[Place(revision_id, start, target_id)].add(runs[run_id])
    return {place: len(tests) for place, tests in found.items()}


def _texts(revision_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The texts of these revisions by their ids, the newest first."""
    found = Revision.objects.filter(pk__in=set(revision_ids)).order_by("-number", "-created_at")
    return dict(found.values_list("pk", "aop"))


def _became(texts: dict[UUID, str], live: str) -> dict[UUID, dict[int, int]]:
    """For each of the revisions, the newest first, the number in the live one for the number of each passage."""
    found: dict[UUID, dict[int, int]] = {}
    later, now = live, {number: number for number in range(len(passages.passages(live)))}
    for revision_id, text in texts.items():
        # Step by step from one revision to the one before, since a passage that was reworded twice is like neither end.
        now = {old: now[new] for old, new in successors(text, later).items() if new in now}
        found[revision_id], later = now, text
    return found


def _number(aop: str, place: Place) -> int | None:
    """Return which passage of the text it was. Handovers from before places were kept are of the only one with the
    target.
    """
    all_passages = passages.passages(aop)
    if place.start is None:
        cited = passages.cited(aop, place.target_id)
        return all_passages.index(cited) if cited else None
    return next((number for number, one in enumerate(all_passages) if one.start == place.start), None)


def handovers_at(found: QuerySet[Handover], places: Iterable[Place]) -> QuerySet[Handover]:
    """Return those of the handovers that were made from these places."""
    starts: dict[tuple[UUID, UUID], list[int]] = defaultdict(list)
    there = Q(pk=None)
    for revision_id, start, target_id in places:
        if start is None:
            there |= Q(source__revision=revision_id, target=target_id, passage_start=None)
        else:
            starts[revision_id, target_id].append(start)
    for (revision_id, target_id), here in starts.items():
        there |= Q(source__revision=revision_id, target=target_id, passage_start__in=here)
    return found.filter(there)
