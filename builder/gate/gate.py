"""The gate of routing tests, as those who save agents meet it. What stands behind it is a setting, ROUTE_GATE.

A save that would change routes which tests guard is held until a check has passed. It is held in the transaction that
would have saved it, so nobody gets around it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from builder.models import Agent
from data.errors import Refused
from teams.audit.actors import Actor

MESSAGE = "Routing tests guard what this would change. It is checked before it goes live."


class RoutesHeld(Refused):
    """A save must be checked first, and so was not made."""

    def __init__(self) -> None:
        super().__init__(MESSAGE, "routes_checking")

    def start(self, by: Actor, waiting: Any = ()) -> UUID:
        """Start the check, in a transaction that is not undone, and return its id. `waiting`: what is done when it
        passes, as `AgentChange`s or one of what is in `builder.gate.waiting`.
        """
        raise NotImplementedError

    def wait(self, by: Actor, seconds: float | None) -> None:
        """Return when the check has passed. Refused, with the tests that hold it back, when it has not. Outside of any
        transaction.
        """
        raise NotImplementedError


class Gate(Protocol):
    """What ROUTE_GATE names."""

    def guards(self, team_id: UUID) -> bool:
        """Return whether the team has any tests."""

    def counts(self, agent_ids: Collection[UUID]) -> dict[UUID, int]:
        """Return how many tests guard the routes of each agent that has any."""

    def checks_of(self, agent: Agent, numbers: Collection[int]) -> dict[int, UUID]:
        """Return the checks by which these revisions of the agent went live by themselves, by number."""

    def voided_by(self, agent: Agent) -> Sequence[Any]:
        """The tests, with their agents, that would expect nobody any more if the agent were deleted."""

    def before(self, agents: Sequence[Agent]) -> Any:
        """Return what these agents' routes are now; None if no test guards them."""

    def admit(self, before: Any, override: str) -> None:
        """Raise RoutesHeld unless the routes may be what they are by now."""


class _Undone(Exception):
    pass


def _gate() -> Gate:
    found: Gate = import_string(settings.ROUTE_GATE)
    return found


@contextmanager
def guarded(agents: Sequence[Agent], override: str = "") -> Iterator[None]:
    """Hold the gate around a change of these agents, whose rows are locked."""
    gate = _gate()
    before = gate.before(agents)
    yield
    gate.admit(before, override)


def test_counts(agent_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many routing tests guard the routes of each agent that has any."""
    return _gate().counts(agent_ids)


def checks_of(agent: Agent, numbers: Collection[int]) -> dict[int, UUID]:
    """Return the checks by which these revisions of the agent went live by themselves, by number."""
    return _gate().checks_of(agent, numbers)


def voided_tests(agent: Agent) -> Sequence[Any]:
    """The routing tests, with their agents, that would be void if the agent were deleted."""
    return _gate().voided_by(agent)


def pass_gate(team_id: UUID, save: Callable[[], object], by: Actor, seconds: float | None) -> None:
    """Return when nothing would hold the save, after a check if need be. Refused with what holds it. Outside of any
    transaction, as it waits.
    """
    if _gate().guards(team_id) and (held := rehearse(save)):
        held.wait(by, seconds)


def rehearse(save: Callable[[], object]) -> RoutesHeld | None:
    """Save, and undo it. Return what would hold the save, if anything does; raises what else the save raises."""
    try:
        with transaction.atomic():
            save()
            raise _Undone
    except _Undone:
        return None
    except RoutesHeld as held:
        return held
