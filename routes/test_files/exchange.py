"""Routing tests as files beside those of their agents: written, looked at, and imported."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from builder.files.archives import TextFile
from builder.files.flaws import Flaw, Flawed
from builder.files.planned import Plan
from builder.files.test_files import TestsItem
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue
from data.errors import Refused
from routes.models import RoutingTest
from routes.routing_tests import batches, decisions, routing_tests
from routes.routing_tests.batches import NewTest
from routes.routing_tests.decisions import Decision
from runs.opening import samples
from teams.audit.actors import Actor
from teams.models import Team

from . import texts
from .names import Names
from .texts import Entry, Recorded, TestFile

_TYPED = ("title", "data", "labels", "priority")
_KINDS = {"agent_id": mentions.AGENT, "user_id": mentions.PERSON, "group_id": mentions.GROUP}


@dataclass(frozen=True)
class Wanted:
    """A test of a file as it is to be. `queue`: the name, as the queue may be made only with the import. `before`: the
    test here that it is.
    """

    test: Entry
    name: str
    queue: str
    expected: list[Decision]
    before: RoutingTest | None = None

    @property
    def told(self) -> Any:
        """Return what makes two tests the same."""
        said = self.test.model_dump(exclude={"id", "name", "queue", "expected"})
        return [self.name, self.queue.lower(), said, sorted(json.dumps(one, sort_keys=True) for one in self.expected)]


class _TestFiles:
    def export(self, agents: Sequence[Agent]) -> dict[UUID, str]:
        tests = RoutingTest.objects.filter(agent__in=[agent.pk for agent in agents]).select_related("queue")
        found: dict[UUID, list[RoutingTest]] = {}
        for test in tests.order_by("created_at", "id"):
            found.setdefault(test.agent_id, []).append(test)
        names = decisions.names(one for rows in found.values() for test in rows for one in test.expected)
        return {
            agent.pk: texts.write(agent.name, agent.pk, [_exported(test, names) for test in found[agent.pk]])
            for agent in agents
            if agent.pk in found
        }

    def plan(self, team: Team, texts_: Sequence[TextFile], agents: Plan) -> list[TestsItem]:
        if not texts_:
            return []
        names, flaws = Names(team, agents), []
        items: dict[UUID, TestsItem] = {}
        for file in texts.read(texts_):
            try:
                item = _item(file, names)
            except Flawed as flawed:
                flaws += flawed.flaws
                continue
            if other := items.get(item.agent_id):
                message = f"{other.source} has the tests of {item.agent_name} too."
                flaws.append(Flaw(file.source, 0, message))
            items[item.agent_id] = item
        if flaws:
            raise Flawed(flaws)
        return list(items.values())

    @transaction.atomic
    def write(self, items: Sequence[TestsItem], by: Actor) -> None:
        for item in items:
            if item.does_something:
                _write(item, by)


TEST_FILES = _TestFiles()


# --- Export ----------------------------------------------------------------------------------


def _exported(test: RoutingTest, names: dict[UUID, str]) -> Entry:
    said: dict[str, Any] = {
        "id": test.pk,
        "name": test.name,
        "queue": test.queue.name if test.queue else "",
        "expected": [_expected(one, names) for one in test.expected],
    }
    return Entry(**said, **_input(test.sample))


def _input(sample: samples.Sample) -> dict[str, Any]:
    if "calls" in sample:
        known = {name: value for name, value in sample.items() if name in Recorded.model_fields}
        return {"recorded": Recorded(**known)}
    if sample["mode"] == samples.STANDALONE:
        return {"text": sample["text"]}
    priority = Case.Priority(sample["priority"]).label
    return {"title": sample["title"], "data": sample["data"], "labels": sample["labels"], "priority": priority}


def _expected(decision: Decision, names: dict[UUID, str]) -> str:
    for field, kind in _KINDS.items():
        if decision.get(field):
            id = UUID(decision[field])
            return mentions.token(id, names.get(id) or "someone who is gone", kind)
    return str(decision["decision"])


# --- Looking ahead ---------------------------------------------------------------------------


def _item(file: TestFile, names: Names) -> TestsItem:
    agent_id = names.agent_of(file.said.agent, file.said.id)
    if agent_id is None:
        raise Flawed([Flaw(file.source, 0, f"There is no agent called “{file.said.agent}”, here or in the files.")])
    here = list(RoutingTest.objects.filter(agent=agent_id).select_related("queue").order_by("created_at", "id"))
    wanted, flaws = [], []
    for number, test in enumerate(file.said.tests, 1):
        try:
            wanted.append(_wanted(test, agent_id, names))
        except Refused as refusal:
            flaws.append(Flaw(file.source, 0, f"Test {number}: {refusal.message}"))
    if flaws:
        raise Flawed(flaws)
    matched = list(_matched(wanted, here))
    new = [one for one in matched if one.before is None]
    changed = [one for one in matched if one.before and one.told != _as_wanted(one.before).told]
    same = len(matched) - len(new) - len(changed)
    return TestsItem(file.source, agent_id, names.agents[agent_id], new, changed, same)


def _wanted(test: Entry, agent_id: UUID, names: Names) -> Wanted:
    mode = samples.STANDALONE if test.is_standalone else samples.CASE
    queue = "" if test.is_standalone else names.queue_of(agent_id, test.queue)
    expected = [names.decision(words, agent_id, mode) for words in test.expected]
    recorded = test.recorded
    name = test.name or test.title or test.text or (recorded and (recorded.title or recorded.text)) or "No input"
    test = test.model_copy(update={"data": {}}) if test.title is not None and test.data is None else test
    return Wanted(test, routing_tests.short_name(name), queue, expected)


def _as_wanted(test: RoutingTest) -> Wanted:
    return Wanted(_exported(test, {}), test.name, test.queue.name if test.queue else "", test.expected, test)


def _matched(wanted: Sequence[Wanted], here: Iterable[RoutingTest]) -> Iterator[Wanted]:
    """Each with the test here that it is: the one with its id, else one with its name that is no other's."""
    by_id = {test.pk: test for test in here}
    taken = {one.test.id for one in wanted if one.test.id in by_id}
    by_name: dict[tuple[str, str], list[RoutingTest]] = {}
    for test in by_id.values():
        if test.pk not in taken:
            by_name.setdefault((test.name, test.mode), []).append(test)
    for one in wanted:
        mode = samples.STANDALONE if one.test.is_standalone else samples.CASE
        before = by_id.pop(one.test.id, None) if one.test.id in taken else None
        if before is None and (same := by_name.get((one.name, mode))):
            before = same.pop(0)
        if before is not None and before.mode != mode:
            before = None
        yield Wanted(one.test, one.name, one.queue, one.expected, before)


# --- Import ----------------------------------------------------------------------------------


def _write(item: TestsItem, by: Actor) -> None:
    agent = Agent.objects.select_related("team").get(pk=item.agent_id)
    samples_of = _Samples(agent)
    batches.add_tests(agent, [samples_of.new(one) for one in item.new], by)
    pairs = [(one.before, samples_of.new(one)) for one in item.changed if one.before]
    batches.replace_tests(agent, pairs, by)


class _Samples:
    """What the tests of an agent are to see. A prompt says when it was written, so that it is another one each time:
    what was staged to be checked is taken as it was.
    """

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.queues = {queue.name.lower(): queue for queue in agent.team.queues.live()}
        staged = RoutingTest.every.filter(agent=agent).exclude(staged_at=None).order_by("staged_at")
        self.staged = {_asked(_input(test.sample), test.queue_id): test.sample for test in staged}

    def new(self, one: Wanted) -> NewTest:
        queue = self.queues[one.queue.lower()] if one.queue else None
        sample = self.staged.get(_asked(_given(one.test), queue.pk if queue else None))
        return NewTest(one.name, sample or _sample(one.test, self.agent, queue), one.expected, queue)


def _given(test: Entry) -> dict[str, Any]:
    names = ("recorded",) if test.recorded else ("text",) if test.is_standalone else _TYPED
    return {name: getattr(test, name) for name in names}


def _asked(given: dict[str, Any], queue_id: UUID | None) -> str:
    return json.dumps([given, str(queue_id)], sort_keys=True, default=str)


def _sample(test: Entry, agent: Agent, queue: Queue | None) -> samples.Sample:
    if test.recorded is None:
        if queue is None:
            return samples.alone(agent, test.text or "")
        told = {"data": test.data, "labels": test.labels, "priority": Case.Priority[test.priority.upper()]}
        return samples.typed(agent, queue, title=test.title or "", **told)
    recorded = test.recorded.model_dump(exclude_none=True)
    if queue is None:
        names = ("text", "mark", "prompt", "calls")
        return {"mode": samples.STANDALONE, **{name: recorded[name] for name in names}}
    recorded.pop("text", None)
    return {"mode": samples.CASE, **recorded}
