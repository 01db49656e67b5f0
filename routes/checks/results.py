"""What the results of a check say: to programs, to webhooks, and in words."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count

from routes.routing_tests import decisions
from teams.webhooks import outbox

from .models import Check, CheckResult, Verdict


def of_check(check: Check) -> list[CheckResult]:
    """Those that are known, in the order of their tests."""
    return list(check.results.exclude(verdict="").select_related("test").order_by("id"))


def counts(check: Check) -> dict[str, int]:
    """All six verdicts, by name."""
    rows = check.results.exclude(verdict="").order_by().values_list("verdict").annotate(Count("pk"))
    found: dict[str, int] = dict(rows)
    return {str(verdict): found.get(verdict, 0) for verdict in Verdict}


def described(row: CheckResult) -> dict[str, Any]:
    return {
        "test_id": str(row.test_id),
        "agent_id": str(row.test.agent_id),
        "name": row.test.name,
        "verdict": row.verdict,
        "before": row.before,
        "after": row.after,
        "run_ids": [str(id) for id in row.run_ids],
    }


def check_described(check: Check) -> dict[str, Any]:
    """As the API and webhooks tell it."""
    return {
        "id": str(check.pk),
        "agent_id": str(check.agent_id),
        "status": check.status,
        "passed": check.passed,
        "counts": counts(check),
        "results": [described(row) for row in of_check(check)],
    }


def news_of(check: Check) -> dict[str, Any]:
    return {"check": {**check_described(check), "url": outbox.link("check", check.pk)}}


def tests(number: int) -> str:
    return "1 test" if number == 1 else f"{number:,} tests"


def expected_in_words(row: CheckResult, names: dict[UUID, str]) -> str:
    return " or ".join(decisions.in_words(one, names) for one in row.test.expected)


def decisions_in_words(row: CheckResult, names: dict[UUID, str]) -> tuple[str, str]:
    """Before, and with the change."""
    return decisions.in_words(row.before, names), decisions.in_words(row.after, names)


def names_in(rows: Iterable[CheckResult]) -> dict[UUID, str]:
    """The names of all whom the results hand over to."""
    return decisions.names(one for row in rows for one in (row.before, row.after, *row.test.expected) if one)
