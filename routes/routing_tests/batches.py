"""Routing tests that are made and changed many at once, by an import."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from builder.models import Agent
from cases.models import Queue
from routes.models import RoutingTest
from runs.opening import samples
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

from . import decisions
from .decisions import Decision
from .routing_tests import make_room, short_name


@dataclass(frozen=True)
class NewTest:
    """A test that is made with others. What it expects was looked at already."""

    name: str
    sample: samples.Sample
    expected: list[Decision]
    queue: Queue | None


@transaction.atomic
def add_tests(agent: Agent, wanted: Sequence[NewTest], by: Actor) -> list[RoutingTest]:
    """Import tests, all of them or none."""
    if not wanted:
        return []
    make_room(agent, len(wanted))
    made = RoutingTest.objects.bulk_create(
        [
            RoutingTest(
                team_id=agent.team_id,
                agent=agent,
                name=short_name(one.name),
                mode=one.sample["mode"],
                sample=one.sample,
                expected=decisions.checked(agent, one.sample["mode"], one.expected),
                queue=one.queue,
                source=RoutingTest.Source.IMPORTED,
                user=by.user,
                actor=by.label[:100],
            )
            for one in wanted
        ],
        batch_size=500,
    )
    audit.record(agent.team_id, "tests_imported", agent, audit.facts(New=[one.name for one in made]), by=by)
    live.announce(agent.team_id, "agent", agent.pk)
    return made


@transaction.atomic
def replace_tests(agent: Agent, pairs: Sequence[tuple[RoutingTest, NewTest]], by: Actor) -> None:
    """Import what tests are from now on."""
    for test, one in pairs:
        test.name, test.sample, test.queue = short_name(one.name), one.sample, one.queue
        test.expected = decisions.checked(agent, test.mode, one.expected)
        test.edited_at = Now()
        test.save(update_fields=["name", "sample", "queue", "expected", "edited_at"])
    if pairs:
        names = [test.name for test, _ in pairs]
        audit.record(agent.team_id, "tests_imported", agent, audit.facts(Changed=names), by=by)
        live.announce(agent.team_id, "agent", agent.pk)
