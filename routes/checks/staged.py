"""Staged tests: copies, for one check, of tests as an import that was undone would have written them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from data.ids import new_id
from routes.models import RoutingTest

from .questions import Question

type Asked = dict[UUID, Question]

_KEPT = timedelta(days=7)


@transaction.atomic
def stage(tests: Sequence[RoutingTest], before: Asked, after: Asked) -> tuple[list[RoutingTest], Asked, Asked]:
    """The tests and their questions, with copies of those that are not saved as they are here."""
    saved = RoutingTest.objects.in_bulk([test.pk for test in tests])
    others = {test.pk: _copy(test) for test in tests if not _is_same(test, saved.get(test.pk))}
    if not others:
        return list(tests), before, after
    old = RoutingTest.every.filter(team=tests[0].team_id, staged_at__lt=timezone.now() - _KEPT)
    old.delete()
    RoutingTest.every.bulk_create(others.values(), batch_size=500)
    ids = {test.pk: others[test.pk].pk if test.pk in others else test.pk for test in tests}
    told = [{ids[pk]: replace(one, test_id=ids[pk]) for pk, one in asked.items()} for asked in (before, after)]
    return [others.get(test.pk, test) for test in tests], told[0], told[1]


def _is_same(test: RoutingTest, saved: RoutingTest | None) -> bool:
    return saved is not None and (test.sample, test.expected, test.queue_id) == (
        saved.sample,
        saved.expected,
        saved.queue_id,
    )


def _copy(test: RoutingTest) -> RoutingTest:
    return RoutingTest(
        id=new_id(),
        team_id=test.team_id,
        agent=test.agent,
        name=test.name,
        source=test.source,
        mode=test.mode,
        queue=test.queue,
        sample=test.sample,
        expected=test.expected,
        actor=test.actor,
        staged_at=timezone.now(),
    )
