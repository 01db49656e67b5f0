"""Questions: what a test asks a model, written out whole, and the key under which the answer is known.

The key is a hash of everything that could change the answer: instructions, tools with their schemas, targets, prompt,
recording, and models. So a test whose question is the same as before is not asked again.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from builder.models import Agent, QueueConnection, Revision
from cases.models import Queue
from routes.models import RoutingTest
from runs.models import Run
from runs.offline import examples
from runs.opening import samples, targets
from runs.prompts import prompts
from runs.providers import tool_calling
from runs.providers.providers import OFFLINE
from runs.record.claims import Claim
from runs.record.steps import Work
from runs.tools import server_tools, tools

# Another number where runs come to decide otherwise for the same question.
_VERSION = 2


@dataclass(frozen=True)
class Question:
    """`told` is all that the run is made of, beside the sample of its test. `times` is how often it is asked."""

    test_id: UUID
    agent_id: UUID
    key: str
    times: int
    told: dict[str, Any] = field(repr=False)
    sample: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class _Rules:
    """What a run may do by what became of its case before."""

    last_hop: bool
    may_decline: bool


class Asker:
    """Writes the questions of tests as things are at this moment, within the transaction. What is the same for all
    tests of an agent in a queue is found once.
    """

    def __init__(self, repetitions: int | None = None, *, learns_from_tests: bool = False) -> None:
        self.repetitions = repetitions
        self.learns_from_tests = learns_from_tests
        self._told: dict[tuple[UUID, UUID | None, _Rules], dict[str, Any]] = {}

    def questions(self, tests: Iterable[RoutingTest]) -> dict[UUID, Question]:
        """By the test's id. The tests come with their agents, teams and queues."""
        return {test.pk: self._question(test) for test in tests}

    def _question(self, test: RoutingTest) -> Question:
        return self.question(test.pk, test.agent, test.queue, test.sample)

    def question(self, id: UUID, agent: Agent, queue: Queue | None, sample: dict[str, Any]) -> Question:
        """Return what a sample asks, of a test or of whatever has this id. The agent comes with its team."""
        rules = _Rules(bool(sample.get("last_hop")), bool(sample.get("may_decline")))
        told = self._told_in(agent, queue, rules)
        times = self.repetitions or agent.team.test_repetitions
        if told["model"] == OFFLINE:
            times = 1
        return Question(id, agent.pk, _hash([_VERSION, told, sample]), times, told, sample)

    def _told_in(self, agent: Agent, queue: Queue | None, rules: "_Rules") -> dict[str, Any]:
        place = (agent.pk, queue.pk if queue else None, rules)
        if place not in self._told:
            # Read again: within a save the row at hand may be the one from before.
            agent = Agent.objects.select_related("team").get(pk=agent.pk)
            self._told[place] = _told(agent, agent.live_revision, queue, rules)
            if agent.live_revision.model == OFFLINE:
                found = examples.of(agent, with_tests=self.learns_from_tests)
                self._told[place]["examples"] = _hash([[one.text, one.agent_id] for one in found])
        return self._told[place]


def _told(agent: Agent, revision: Revision, queue: Queue | None, rules: _Rules) -> dict[str, Any]:
    mode = samples.CASE if queue else samples.STANDALONE
    shown = {"number": 1, "title": "", "data": {}, "labels": [], "priority": 0}
    run = Run(team_id=agent.team_id, agent=agent, queue=queue, sample={"mode": mode, **shown})
    case = samples.case_of(run)
    run.targets = targets.frozen_targets(agent, revision, case)
    models = {revision.model, revision.fallback}
    work = Work(
        Claim(run.pk, agent.team_id, None, 0),
        run,
        agent,
        revision,
        case,
        may_hand_over=not rules.last_hop,
        may_decline=rules.may_decline,
        produces=list(_produces(agent)),
        server_tools=list(server_tools.tools_of(agent)),
        by_schema=tool_calling.by_schema(agent.team_id, models),
    )
    return {
        "agent": {"id": str(agent.pk), "name": agent.name, "description": agent.description},
        "instructions": prompts.instructions(run, revision.aop, work.targets),
        "targets": run.targets,
        "tools": [_tool(asdict(tool)) for tool in tools.offered(work)],
        "by_schema": sorted(work.by_schema),
        "aop": revision.aop,
        "model": revision.model,
        "fallback": revision.fallback,
        "queue": str(queue.pk) if queue else None,
    }


def _tool(definition: dict[str, Any]) -> dict[str, Any]:
    return {name: definition[name] for name in ("name", "description", "parameters_json_schema", "strict")}


def _produces(agent: Agent) -> Iterable[Queue]:
    connected = {"connections__agent": agent, "connections__role": QueueConnection.Role.PRODUCER}
    return Queue.objects.live().filter(**connected).order_by("name")


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def fingerprint(told: Iterable[tuple[Question, Question, Any]]) -> str:
    """The same for checks that would ask the same, before and after, and expect the same."""
    return _hash(sorted([str(a.test_id), a.key, b.key, a.times, b.times, str(expected)] for a, b, expected in told))
