"""Verdicts: what a test's answers before and after a change say about the change. Pure, but for reading the answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from routes.models import RoutingTest
from routes.routing_tests import decisions
from routes.routing_tests.decisions import Decision

from .models import Trial, Verdict
from .questions import Question

HOLD_BACK = frozenset({Verdict.BROKEN, Verdict.UNTESTED})


@dataclass(frozen=True)
class Answer:
    """What came of asking one question as often as it is asked. `is_untested`: at least once it could not be asked."""

    decisions: tuple[Decision, ...]
    is_untested: bool = False
    run_ids: tuple[UUID, ...] = ()

    def passes(self, expected: Sequence[Decision]) -> bool:
        return not self.is_untested and all(one in expected for one in self.decisions)

    def shown(self, expected: Sequence[Decision]) -> Decision | None:
        """The one that speaks for all: the first that does not pass, if there is one."""
        if self.is_untested:
            return None
        return next((one for one in self.decisions if one not in expected), self.decisions[0])


@dataclass(frozen=True)
class Judged:
    verdict: Verdict
    before: Decision | None = None
    after: Decision | None = None
    run_ids: tuple[UUID, ...] = ()

    @property
    def fields(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict,
            "before": self.before,
            "after": self.after,
            "run_ids": list(self.run_ids),
        }


def answers(team_id: UUID, asked: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Answer]:
    """Return what is known, by key and times."""
    wanted = set(asked)
    found: dict[str, dict[int, Trial]] = {}
    trials = Trial.objects.filter(team=team_id, key__in={key for key, _ in wanted}).defer("question")
    for trial in trials:
        found.setdefault(trial.key, {})[trial.number] = trial
    known = {(key, times): _answer(found.get(key, {}), times) for key, times in wanted}
    return {place: answer for place, answer in known.items() if answer is not None}


def _answer(trials: dict[int, Trial], times: int) -> Answer | None:
    """None while one of them is not known."""
    rows = [trials[number] for number in range(1, times + 1) if number in trials]
    run_ids = tuple(row.run_id for row in rows if row.run_id)
    if any(row.status == Trial.Status.FAILED for row in rows):
        return Answer((), is_untested=True, run_ids=run_ids)
    if len(rows) < times or any(row.status != Trial.Status.DECIDED for row in rows):
        return None
    return Answer(tuple(row.decision for row in rows), run_ids=run_ids)


def judge(expected: Sequence[Decision], before: Answer, after: Answer) -> Judged:
    """Return what the change does to a test. What could not be compared is untested, and so is held back."""
    shown = (before.shown(expected), after.shown(expected), after.run_ids)
    if after.is_untested:
        return Judged(Verdict.UNTESTED, *shown)
    if after.passes(expected):
        was_worse = not before.is_untested and not before.passes(expected)
        return Judged(Verdict.FIXED if was_worse else Verdict.PASSING, *shown)
    if before.is_untested:
        return Judged(Verdict.UNTESTED, *shown)
    return Judged(Verdict.BROKEN if before.passes(expected) else Verdict.FAILING, *shown)


def deleted_targets(tests: Sequence[RoutingTest]) -> set[UUID]:
    """Of all whom the tests of a team expect."""
    return decisions.gone(tests[0].team_id, [one for test in tests for one in test.expected]) if tests else set()


def judge_all(
    tests: Sequence[RoutingTest], before: dict[UUID, Question], after: dict[UUID, Question]
) -> dict[UUID, Judged]:
    """The verdicts that are known already, by test. Void tests need no answers."""
    if not tests:
        return {}
    asked = {(row.key, row.times) for row in [*before.values(), *after.values()]}
    known, deleted = answers(tests[0].team_id, asked), deleted_targets(tests)
    found = {}
    for test in tests:
        then = known.get((before[test.pk].key, before[test.pk].times))
        now = known.get((after[test.pk].key, after[test.pk].times))
        if decisions.is_void(test.expected, deleted):
            found[test.pk] = Judged(Verdict.VOID)
        elif then and now:
            found[test.pk] = judge(test.expected, then, now)
    return found
