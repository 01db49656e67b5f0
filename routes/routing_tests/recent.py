"""Routing tests of what an agent decided lately, one for each case."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from builder.models import Agent
from data.errors import Refused
from routes.corrections.models import Correction
from routes.models import RoutingTest
from runs.models import Run, Status
from teams.audit.actors import Actor

from . import personal, routing_tests
from .decisions import Decision

# How many cases are offered, and how many runs are looked at for them.
OFFERED, _LOOKED_AT = 5, 50


@dataclass(frozen=True)
class Recent:
    """A run that decided on a case, and what a test of it would expect."""

    run: Run
    expected: list[Decision]
    name: str


def recent(agent: Agent, number: int = OFFERED) -> list[Recent]:
    """The newest decisions of the agent on as many cases, but for those that have a test or that a person corrected."""
    tested = RoutingTest.objects.filter(agent=agent, run__isnull=False).values("run")
    corrected = Correction.objects.standing().filter(team=agent.team_id, source__isnull=False).values("source")
    runs = Run.objects.filter(agent=agent, case__isnull=False, status=Status.COMPLETED)
    runs = runs.exclude(pk__in=tested).exclude(pk__in=corrected)
    found: dict[UUID | None, Recent] = {}
    for run in runs.select_related("agent__team", "case__queue", "queue").order_by("-id")[:_LOOKED_AT]:
        if run.case_id in found:
            continue
        try:
            name = str(routing_tests.sample_of(run)["title"])
            found[run.case_id] = Recent(run, routing_tests.decided(run), name)
        except Refused:
            continue
        if len(found) == number:
            break
    return list(found.values())


@transaction.atomic
def add_recent_tests(agent: Agent, run_ids: Collection[UUID], by: Actor) -> int:
    """Make a test of each of these runs that is still offered, without personal details. Return how many."""
    chosen = [one.run for one in recent(agent) if one.run.pk in run_ids]
    for run in chosen:
        replacing = {one.original for one in personal.details(routing_tests.sample_of(run))}
        source = RoutingTest.Source.CASE
        routing_tests.add_test_of_run(run, expected=None, name="", source=source, by=by, replacing=replacing)
    return len(chosen)
