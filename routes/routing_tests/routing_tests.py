"""Making, changing and removing routing tests."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from builder.models import Agent, QueueConnection
from cases.models import Case, Queue
from data.errors import Refused
from data.texts.text import one_line, prose
from routes.corrections.models import Correction
from routes.models import RoutingTest
from runs.engine import trials
from runs.models import Handover, Outcome, Run, Step
from runs.opening import samples
from runs.people.starting import INPUT_LIMIT
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

from . import decisions, personal
from .decisions import Decision

# Of one agent: beyond that nobody reads them, and a check takes minutes.
MOST = 1_000
_NAME = 200


def queues_of(agent: Agent) -> QuerySet[Queue]:
    """The queues whose cases the agent takes."""
    connected = {"connections__agent": agent, "connections__role": QueueConnection.Role.CONSUMER}
    return Queue.objects.live().filter(**connected).order_by("name")


def of_agent(agent: Agent, words: str = "") -> QuerySet[RoutingTest]:
    found = RoutingTest.objects.filter(agent=agent)
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(sample__icontains=word))
    return found.select_related("agent", "queue", "team")


# --- Making ----------------------------------------------------------------------------------


@transaction.atomic
def add_case_test(
    agent: Agent,
    *,
    title: str,
    data: Any,
    labels: Sequence[str],
    priority: Case.Priority,
    queue: Queue | None,
    expected: Iterable[Mapping[str, Any]],
    name: str,
    source: str,
    by: Actor,
) -> RoutingTest:
    """A test in case mode. `queue` is needed only where the agent works several."""
    queue = _queue(agent, queue)
    title = one_line(title, "input.title", _NAME)
    sample = samples.typed(agent, queue, title=title, data=data, labels=labels, priority=priority)
    wanted = decisions.checked(agent, RoutingTest.Mode.CASE, expected)
    return _add(agent, name or title, sample, wanted, by, source=source, queue=queue)


@transaction.atomic
def add_standalone_test(
    agent: Agent, *, text: str, expected: Iterable[Mapping[str, Any]], name: str, source: str, by: Actor
) -> RoutingTest:
    text = prose(text, "input.text", INPUT_LIMIT)
    if not text.strip():
        raise Refused("Enter what the agent would be given.", "invalid", {"input.text": "Required."})
    sample = samples.alone(agent, text)
    wanted = decisions.checked(agent, RoutingTest.Mode.STANDALONE, expected)
    return _add(agent, name or text, sample, wanted, by, source=source)


@transaction.atomic
def add_test_of_run(
    run: Run,
    *,
    expected: Iterable[Mapping[str, Any]] | None,
    name: str,
    source: str,
    by: Actor,
    replacing: Collection[str] = (),
) -> RoutingTest:
    """A test that keeps what the run saw, but for the personal details to be replaced. Without `expected` it is to
    decide what it decided then.
    """
    sample = sample_of(run)
    sample = personal.replaced(sample, [one for one in personal.details(sample) if one.original in replacing])
    wanted = list(expected) if expected is not None else decided(run)
    checked = decisions.checked(run.agent, sample["mode"], wanted)
    queue = _queue_of(run) if sample["mode"] == samples.CASE else None
    return _add(run.agent, name or _name_of(sample), sample, checked, by, source=source, queue=queue, run=run)


def add_test_of_correction(correction: Correction, by: Actor) -> RoutingTest | None:
    """In the transaction of the correction. None when the run that decided has seen nothing yet."""
    run = correction.source or correction.run
    if run is None or run.agent_id == correction.right_id or run.agent.is_deleted:
        return None
    try:
        sample = sample_of(run)
    except Refused:
        return None
    if of_agent(run.agent).count() >= MOST:
        return None
    right = correction.right_id
    wanted = [{"decision": "hand_over", "agent_id": str(right)} if right else {"decision": "ask"}]
    about = {
        "queue": _queue_of(run) if sample["mode"] == samples.CASE else None,
        "run": run,
        "correction": correction,
        "source": RoutingTest.Source.CORRECTION,
    }
    return _add(run.agent, _name_of(sample), sample, wanted, by, **about)


def sample_of(run: Run) -> samples.Sample:
    """Return what the run saw, with the answers that its calls got."""
    steps = list(run.steps.order_by("seq"))
    if not steps or steps[0].kind != Step.Kind.PROMPT:
        raise Refused("This run has not begun, so there is nothing to make a test of.", "not_begun")
    if run.is_test:
        raise Refused("This run belongs to a test already.", "is_test")
    return {**samples.of_run(run, steps[0]), "calls": trials.recording(steps)}


_DECIDED = {
    Outcome.ANSWERED: "answer",
    Outcome.CASE_COMPLETED: "complete",
    Outcome.CASE_FAILED: "fail",
    Outcome.CASE_POSTPONED: "postpone",
    Outcome.CASE_DECLINED: "decline",
}


def decided(run: Run) -> list[Decision]:
    """Return what the run decided, as a test would expect it. Refused if it decided nothing."""
    if run.human_requests.all():
        return [{"decision": decisions.ASK}]
    if run.outcome == Outcome.HANDED_OVER:
        return [{"decision": decisions.HAND_OVER, **_receiver(run.handover)}]
    if run.outcome in _DECIDED:
        return [{"decision": _DECIDED[Outcome(run.outcome)]}]
    message = "This run decided nothing. Say what it should have decided."
    raise Refused(message, "invalid", {"expected": message})


def _receiver(handover: Handover) -> dict[str, str]:
    if handover.target_id:
        return {"agent_id": str(handover.target_id)}
    if handover.group_id:
        return {"group_id": str(handover.group_id)}
    assert handover.person
    return {"user_id": str(handover.person.uuid)}


def _queue_of(run: Run) -> Queue:
    queue = run.case.queue if run.case else run.queue
    if queue is None:
        raise Refused("The queue of this run is gone.", "not_found", {"input.from_run_id": "Its queue is gone."})
    return queue


def _name_of(sample: samples.Sample) -> str:
    return str(sample["title"] if sample["mode"] == samples.CASE else sample["text"]) or "No input"


def _queue(agent: Agent, queue: Queue | None) -> Queue:
    consumed = queues_of(agent)
    if queue is not None:
        if not consumed.filter(pk=queue.pk).exists():
            raise _invalid("input.queue_id", f"{agent.name} does not take cases from {queue.name}.")
        return queue
    found = list(consumed[:2])
    if not found:
        raise _invalid("input", f"{agent.name} takes cases from no queue. Connect it to one, or send {{text}}.")
    if len(found) > 1:
        raise _invalid("input.queue_id", f"{agent.name} takes cases from several queues. Choose one.")
    return found[0]


def _invalid(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})


def _add(
    agent: Agent, name: str, sample: samples.Sample, expected: list[Decision], by: Actor, **about: Any
) -> RoutingTest:
    make_room(agent, 1)
    made = RoutingTest.objects.create(
        team_id=agent.team_id,
        agent=agent,
        name=short_name(name),
        mode=sample["mode"],
        sample=sample,
        expected=expected,
        user=by.user,
        actor=by.label[:100],
        **about,
    )
    audit.record(agent.team_id, "test_made", made.name, audit.facts(Agent=agent, From=made.get_source_display()), by=by)
    live.announce(agent.team_id, "agent", agent.pk)
    return made


def make_room(agent: Agent, number: int) -> None:
    """Refused where so many more tests are too many. Locks the agent."""
    locked = Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    if locked.is_deleted:
        raise Refused(f"{agent.name} has been deleted.", "agent_deleted")
    refuse_too_many(agent, number)


def refuse_too_many(agent: Agent, number: int) -> None:
    room = MOST - RoutingTest.objects.filter(agent=agent).count()
    if number > room:
        these = f"These are {number:,}, and there is room for {max(room, 0):,}. " if number > 1 else ""
        words = f"An agent has at most {MOST:,} tests. {these}Delete some of {agent.name} first."
        raise Refused(words, "too_many", {"input": words})


def short_name(name: str) -> str:
    words = " ".join(name.split())
    return words if len(words) <= _NAME else f"{words[: _NAME - 1].rstrip()}…"


# --- Changing and removing -------------------------------------------------------------------


@transaction.atomic
def change_test(
    test: RoutingTest,
    by: Actor,
    *,
    name: str | None = None,
    expected: Iterable[Mapping[str, Any]] | None = None,
    title: str | None = None,
    data: Any = None,
    labels: Sequence[str] | None = None,
    priority: Case.Priority | None = None,
    text: str | None = None,
) -> RoutingTest:
    """Change what is given. With another input the prompt is written again, and the recording stays."""
    test = (
        RoutingTest.objects.select_related("agent__team", "queue", "team")
        .select_for_update(of=("self",))
        .get(pk=test.pk)
    )
    if name is not None:
        test.name = one_line(name, "name", _NAME)
    if expected is not None:
        test.expected = decisions.checked(test.agent, test.mode, expected)
    inputs = {"title": title, "data": data, "labels": labels, "priority": priority, "text": text}
    if any(value is not None for value in inputs.values()):
        test.sample = _rewritten(test, {key: value for key, value in inputs.items() if value is not None})
    test.edited_at = Now()
    test.save()
    audit.record(test.team_id, "test_changed", test.name, audit.facts(Agent=test.agent), by=by)
    live.announce(test.team_id, "agent", test.agent_id)
    test.refresh_from_db()
    return test


def _rewritten(test: RoutingTest, inputs: dict[str, Any]) -> samples.Sample:
    calls = {"calls": test.sample["calls"]} if "calls" in test.sample else {}
    if test.mode == RoutingTest.Mode.STANDALONE:
        text = prose(inputs.get("text", test.sample["text"]), "input.text", INPUT_LIMIT)
        return {**samples.alone(test.agent, text), **calls}
    assert test.queue
    told = {name: inputs.get(name, test.sample[name]) for name in ("title", "data", "labels", "priority")}
    told["title"] = one_line(told["title"], "input.title", _NAME)
    return {**samples.typed(test.agent, test.queue, **told), **calls}


@transaction.atomic
def delete_test(test: RoutingTest, by: Actor) -> None:
    audit.record(test.team_id, "test_deleted", test.name, audit.facts(Agent=test.agent), by=by)
    live.announce(test.team_id, "agent", test.agent_id)
    RoutingTest.objects.filter(pk=test.pk).delete()


def forget_correction(correction: Correction, by: Actor) -> None:
    """In the transaction that undoes the correction: its test goes too, unless a person has edited it."""
    for test in RoutingTest.objects.filter(correction=correction, edited_at=None).select_related("agent"):
        delete_test(test, by)
