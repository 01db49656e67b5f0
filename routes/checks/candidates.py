"""Checks of what nobody saves: a draft, a file, or what is live as it is."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from builder.agents.saving import AgentChange, save_agents
from builder.gate.gate import rehearse
from builder.models import Agent
from routes.models import Check, RoutingTest
from teams.audit.actors import Actor

from . import checks, gate
from .questions import Asker


@transaction.atomic
def check_change(agent: Agent, by: Actor, *, repetitions: int | None = None, **changes: Any) -> Check:
    """The check of these changes of an agent, all its tests included. `changes`: fields of an `AgentChange`."""
    held = look(lambda: save_agents([AgentChange(agent.pk, **changes)]), repetitions)
    return Check.objects.get(pk=held.start(by))


@transaction.atomic
def check_tests(agent: Agent, tests: Sequence[RoutingTest], by: Actor) -> Check:
    """The check of these tests of the agent with what is live. What is known already is not asked again."""
    asked = Asker().questions(tests)
    return checks.start(agent, tests, asked, asked, by)


def look(save: Callable[[], object], repetitions: int | None = None) -> gate.Held:
    """Return the questions that a save would have to answer, whether or not the answers are known already. Nothing is
    saved.
    """
    with gate.looking(repetitions):
        held = rehearse(save)
    assert isinstance(held, gate.Held)
    return held
