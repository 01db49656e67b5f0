"""The gate: a change goes live only when it breaks no routing test, as far as that is known when it is saved.

It stands in the transaction of the save and asks nobody: what is not known yet holds the change, and a check finds it
out. So whatever happens to a check, nothing untested is live.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from builder.agents.saving import AgentChange
from builder.gate.gate import RoutesHeld
from builder.models import Agent, Revision
from data.errors import Refused
from routes.models import RoutingTest
from teams.audit import audit
from teams.audit.actors import Actor

from . import checks, queries, results, verdicts
from .going_live import Waiting
from .models import Check, Verdict
from .questions import Asker, Question
from .staged import stage

_LOOK_SECONDS = 0.2
# Within it every change is held, so that one sees what it would ask.
_looking: ContextVar[int | None] = ContextVar("looking", default=None)


@dataclass(frozen=True)
class Routes:
    """The tests that a change concerns, and what they ask before it."""

    agents: list[Agent]
    tests: list[RoutingTest]
    asked: dict[UUID, Question]


class Held(RoutesHeld):
    """A change with the questions that its tests ask before and after it."""

    def __init__(self, routes: Routes, after: dict[UUID, Question]) -> None:
        super().__init__()
        self.routes, self.after = routes, after
        # As it would be with the change, which can restore one who is expected.
        self.deleted = verdicts.deleted_targets(routes.tests)

    def start(self, by: Actor, waiting: Waiting | Sequence[AgentChange] = ()) -> UUID:
        return self._start(by, waiting=list(waiting) if isinstance(waiting, Sequence) else waiting).pk

    def _start(self, by: Actor, **about: Any) -> Check:
        tests, before, after = stage(self.routes.tests, self.routes.asked, self.after)
        # One that is restored is no agent yet. The check is of one whose tests guard that.
        agent = next((one for one in self.agents if not one.is_deleted), None) or tests[0].agent
        return checks.start(agent, tests, before, after, by, deleted=self.deleted, **about)

    @property
    def agents(self) -> list[Agent]:
        """Those that there are already, as they are: what is held may have made others, and was undone."""
        known = Agent.objects.in_bulk([agent.pk for agent in self.routes.agents])
        return [known[agent.pk] for agent in self.routes.agents if agent.pk in known]

    def wait(self, by: Actor, seconds: float | None) -> None:
        check = self._start(by, comes_back=True)
        ends = time.monotonic() + seconds if seconds is not None else float("inf")
        while check.is_open and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)
            check.refresh_from_db()
        if not check.passed:
            Check.objects.filter(pk=check.pk, ended_at__isnull=False).update(told_at=Now())
            raise refusal(check)


def refusal(check: Check) -> Refused:
    """Return what the API says of a check that has not passed."""
    rows = results.of_check(check)
    held = {verdict: [row for row in rows if row.verdict == verdict] for verdict in Verdict}
    broken, untested = len(held[Verdict.BROKEN]), len(held[Verdict.UNTESTED])
    if check.is_open:
        refused = Refused("Routing tests are still running. Send the request again in a moment.", "routes_checking")
    elif broken:
        refused = Refused(f"Nothing was saved: this would break {results.tests(broken)}.", "routes_broken")
    else:
        words = f"Nothing was saved: {results.tests(untested)} could not be run."
        refused = Refused(words, "routes_untested")
    names = [Verdict.BROKEN, Verdict.UNTESTED, Verdict.FIXED] if not check.is_open else []
    told = {str(verdict): [results.described(row) for row in held[verdict]] for verdict in names}
    refused.shows = {"check_id": str(check.pk), **told}
    return refused


class _Gate:
    def guards(self, team_id: UUID) -> bool:
        return RoutingTest.objects.filter(team=team_id).exists()

    def counts(self, agent_ids: Collection[UUID]) -> dict[UUID, int]:
        return queries.counts(agent_ids)

    def checks_of(self, agent: Agent, numbers: Collection[int]) -> dict[int, UUID]:
        found = Check.objects.filter(agent=agent, saved_number__in=numbers)
        return {check.saved_number: check.pk for check in found.only("saved_number") if check.saved_number}

    def voided_by(self, agent: Agent) -> Sequence[RoutingTest]:
        return queries.voided_by(agent.team_id, "agent_id", agent.pk)

    def before(self, agents: Sequence[Agent]) -> Routes | None:
        ids = [agent.pk for agent in agents]
        mentioning = Q(agent__revisions__status=Revision.Status.LIVE, agent__revisions__mentions__target__in=ids)
        found = RoutingTest.objects.filter(Q(agent__in=ids) | mentioning, agent__deleted_at=None).distinct()
        tests = list(found.select_related("agent__team", "queue", "team").order_by("created_at", "id"))
        if not tests and _looking.get() is None:
            return None
        return Routes(list(agents), tests, _asker().questions(tests))

    def admit(self, before: Routes | None, override: str) -> None:
        if before is None:
            return
        after = _asker().questions(before.tests)
        if _looking.get() is not None:
            raise Held(before, after)
        changed = [test for test in before.tests if before.asked[test.pk].key != after[test.pk].key]
        if not changed:
            return
        known = verdicts.judge_all(changed, before.asked, after)
        is_held = len(known) < len(changed) or any(row.verdict in verdicts.HOLD_BACK for row in known.values())
        if is_held and override:
            agent = before.agents[0]
            audit.record(agent.team_id, "gate_overridden", agent, f"Reason: {override}")
        elif is_held:
            raise Held(before, after)


GATE = _Gate()


def _asker() -> Asker:
    return Asker(_looking.get() or None)


@contextmanager
def looking(repetitions: int | None = None) -> Iterator[None]:
    """Hold whatever is saved within, so that one sees what its tests would ask."""
    token = _looking.set(repetitions or 0)
    try:
        yield
    finally:
        _looking.reset(token)
