"""Reading of routing tests and their results, for lists and pages."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from builder.models import Agent
from routes.models import Check, CheckResult, RoutingTest
from routes.routing_tests import decisions

from . import verdicts

# How many results of a test its row shows, as dots.
_DOTS = 12


def last_results(tests: Iterable[RoutingTest]) -> dict[UUID, CheckResult]:
    """The latest verdict of each test, in whatever check."""
    rows = CheckResult.objects.filter(test__in=[test.pk for test in tests]).exclude(verdict="")
    return {row.test_id: row for row in rows.order_by("test", "-id").distinct("test")}


def histories(tests: Sequence[RoutingTest]) -> dict[UUID, list[CheckResult]]:
    """Of each test its latest results, the oldest first."""
    found: dict[UUID, list[CheckResult]] = {test.pk: [] for test in tests}
    rows = CheckResult.objects.filter(test__in=list(found)).exclude(verdict="").order_by("-id")
    for row in rows[: _DOTS * max(1, len(tests))]:
        if len(found[row.test_id]) < _DOTS:
            found[row.test_id].insert(0, row)
    return found


def unsaved(results: Iterable[CheckResult]) -> set[int]:
    """Of these results, by their ids, those of a change that waited for its check and did not become live."""
    asked = [row for row in results if row.before_key != row.after_key]
    found = Check.objects.filter(pk__in={row.check_of_id for row in asked}, waiting__isnull=False)
    checks = set(found.filter(applied_at=None, saved_number=None).values_list("pk", flat=True)) if asked else set()
    return {row.pk for row in asked if row.check_of_id in checks}


@dataclass(frozen=True)
class CheckNews:
    """A check of a save that waits: how far it is, or how many tests hold it back."""

    check: Check
    known: int
    count: int
    held: int


def latest_news(agent: Agent) -> CheckNews | None:
    """The last save of the agent that had to wait, as long as it is neither live nor stopped nor overtaken."""
    check = Check.objects.filter(agent=agent, waiting__isnull=False).order_by("-created_at", "id").first()
    if check is None or check.is_applied or check.status == Check.Status.STOPPED:
        return None
    if check.live_number != agent.live_revision.number:
        return None
    known = check.results.exclude(verdict="").count()
    held = check.results.filter(verdict__in=verdicts.HOLD_BACK).count()
    return CheckNews(check, known, check.results.count(), held)


def void(tests: Sequence[RoutingTest]) -> set[UUID]:
    deleted = verdicts.deleted_targets(tests)
    return {test.pk for test in tests if decisions.is_void(test.expected, deleted)}


def counts(agent_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many tests guard the routes of each agent that has any."""
    rows = RoutingTest.objects.filter(agent__in=agent_ids).order_by()
    return dict(rows.values_list("agent").annotate(Count("pk")))


def voided_by(team_id: UUID, kind: str, id: UUID) -> list[RoutingTest]:
    """The tests of others that would be void if the one with this id were gone. `kind`: of `decisions.TARGETS`."""
    tests = RoutingTest.objects.filter(team=team_id, expected__contains=[{kind: str(id)}], agent__deleted_at=None)
    found = list(tests.exclude(agent=id).select_related("agent"))
    gone = verdicts.deleted_targets(found) | {id}
    return [test for test in found if decisions.is_void(test.expected, gone)]


def names(tests: Iterable[RoutingTest]) -> dict[UUID, str]:
    """The names of those to whom the tests expect handovers."""
    return decisions.names(one for test in tests for one in test.expected)
