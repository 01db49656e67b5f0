"""What tests and replays leave behind is forgotten in time."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from builder.agents.agents import save_agent
from builder.models import Agent, Revision
from cases.models import Case
from routes.checks.candidates import check_change
from routes.impact import impacts
from routes.impact.recorded import Chosen
from routes.lane.leftovers import REPLAYS_KEPT, TESTS_KEPT, forget
from routes.models import CheckResult, Impact, Trial
from runs.models import Run, Step
from teams.audit.actors import BATON
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, desk, work_tests

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


def test_answers_runs_of_tests_and_tried_revisions_are_forgotten_by_age(desk: Desk, make_case: Make[Case]) -> None:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing))
    make_case("A refund", assignee=desk.triage)
    real = work_next()
    desk.test("A refund", desk.billing)
    check_change(desk.triage, BATON, aop=desk.aop(refund=desk.tech))
    for number in range(3):
        aop = desk.aop(refund=desk.tech) + f"\nTyped {number}."
        impacts.start(desk.triage, {"aop": aop}, Chosen(last=1), BATON, Decimal(1))
    work_tests()
    live = desk.triage.live_revision
    tried = Revision.objects.filter(status="tried")
    assert (Trial.objects.count(), Run.objects.filter(trigger="test").count(), tried.count()) == (5, 5, 4)
    replayed = Run.objects.filter(trigger="test", revision__aop__contains="Typed")
    steps = set(Step.objects.filter(run__in=replayed).values_list("pk", flat=True))

    assert forget(timezone.now()) == 0
    assert forget(timezone.now() + REPLAYS_KEPT + timedelta(hours=1)) == 3
    assert (Trial.objects.count(), Run.objects.filter(trigger="test").count(), tried.count()) == (2, 2, 1)
    assert not Impact.objects.exists() and not Step.objects.filter(pk__in=steps).exists()

    assert forget(timezone.now() + TESTS_KEPT + timedelta(hours=1)) == 2
    assert (Trial.objects.count(), tried.count(), CheckResult.objects.count()) == (0, 0, 1)
    assert list(Run.objects.filter(agent=desk.triage)) == [real]
    assert Agent.objects.get(pk=desk.triage.pk).live_revision == live
