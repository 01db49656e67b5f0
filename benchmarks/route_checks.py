"""How long a check of routing tests takes, and what one in progress does to cases.

    python -m benchmarks.route_checks [--quick]

A hundred tests of the offline stand-in, with a procedure that nobody has compared yet: at most 10 s on two cores. Then
cases that come now and then, without and with a check of five hundred tests in progress by turns, worked by one shift,
with a model that takes a tenth of a second: what the check adds to the time until a case has its first run, and until
it is completed.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import connections

from benchmarks.figures import Notes, median_ms, p95_ms, timed
from benchmarks.ground import run
from benchmarks.provider import Standing, mail, provider
from benchmarks.staff import add_mails, desk
from benchmarks.two_stages import ask
from builder.agents.agents import create_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team
from ops.demo import texts
from routes.checks import checks
from routes.checks.candidates import check_change
from routes.models import Check
from routes.routing_tests import routing_tests
from runs.offline import embeddings
from runs.providers.providers import OFFLINE
from runs.workers.shift import run_shift
from teams.audit.actors import BATON

_MODEL_SECONDS, _PACE = 0.1, 0.4


def measure(notes: Notes, quick: bool) -> None:
    embeddings.load()  # as a worker does before it forks
    if not os.environ.get("ONLY_B"):
        _stand_in(notes)
    with provider() as standing:
        ask(standing)
        standing.take(_MODEL_SECONDS)
        _beside_cases(notes, standing, rounds=3 if quick else 6, cases=25 if quick else 40)


# --- The stand-in ----------------------------------------------------------------------------


def _stand_in(notes: Notes) -> None:
    settings.BATON_DEFAULT_MODEL = OFFLINE
    team = create_team("Stand-in", "stand-in")
    queue = create_queue(team, "Support")
    agents = {row.name: create_agent(team, row.name, row.description) for row in texts.AGENTS}
    ids = {name: agent.pk for name, agent in agents.items()}
    for row in texts.AGENTS:
        save_agent(agents[row.name], aop=texts.procedure(row.aop, ids))
        connect(agents[row.name], [Consumes(queue.pk, 5)])
    triage = agents[texts.TRIAGE.name]
    for number in range(100):
        case = texts.CASES[number % len(texts.CASES)]
        _add_test(triage, queue, f"{case.title}, {number}", case.data["message"], agents["Billing Specialist"])
    aop = triage.live_revision.aop
    for name in ("100 tests, nothing known", "100 tests, with what is live known", "100 tests, once more"):
        aop += "\n- Be kind to those who wait."
        check = check_change(triage, BATON, aop=aop)
        before = os.times()
        seconds = timed(_work_in_two)
        after = os.times()
        check.refresh_from_db()
        assert check.status == Check.Status.DONE
        notes.note(name, seconds, "s")
        computed = after.children_user + after.children_system - before.children_user - before.children_system
        notes.note(f"{name}: CPU of both workers", computed, "s")


def _work_in_two() -> None:
    """Two shifts, each in a process of its own, as two workers fork them."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    shifts = [fork.Process(target=run_shift, args=[f"benchmark/{number}"], kwargs={"linger": 0.5}) for number in (1, 2)]
    for shift in shifts:
        shift.start()
    for shift in shifts:
        shift.join()


def _add_test(agent: Agent, queue: Queue, title: str, data: str, target: Agent) -> None:
    expected = [{"decision": "hand_over", "agent_id": str(target.pk)}]
    about = {"name": "", "source": "typed", "by": BATON, "priority": Case.Priority.NONE, "labels": []}
    routing_tests.add_case_test(agent, queue=queue, title=title, data=data, expected=expected, **about)


# --- Beside cases ----------------------------------------------------------------------------


@dataclass
class _Times:
    """Seconds of cases until their first run asked the model, and until they were completed."""

    dispatch: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def _beside_cases(notes: Notes, standing: Standing, rounds: int, cases: int) -> None:
    queue = desk()
    triage, billing = queue.team.agents.get(name="Triage"), queue.team.agents.get(name="Billing")
    for number in range(500):
        _add_test(triage, queue, *mail(1_000_000 + number), billing)
    numbers = iter(range(10**6))
    without, beside = _Times(), _Times()
    _feed(standing, queue, [next(numbers) for _ in range(5)], _Times())
    worked = 0
    for round in range(rounds):
        _feed(standing, queue, [next(numbers) for _ in range(cases)], without)
        aop = f"Round {round}. Refunds go to {mentions.token(billing.pk, billing.name)}."
        check = check_change(triage, BATON, repetitions=1, aop=aop)
        _feed(standing, queue, [next(numbers) for _ in range(cases)], beside, partial(checks.stop, check, BATON))
        worked += check.results.exclude(verdict="").count()
    notes.note("tests done beside those cases", worked, "tests")
    for what, plain, busy in (
        ("until its first run", without.dispatch, beside.dispatch),
        ("until it is completed", without.whole, beside.whole),
    ):
        notes.times(f"a case {what}", plain)
        floor = "without a check", median_ms(plain)
        notes.note(f"a case {what}, beside a check", median_ms(busy), "ms", p95=p95_ms(busy), floor=floor)


def _feed(
    standing: Standing, queue: Queue, numbers: list[int], times: _Times, after: Callable[[], object] = lambda: None
) -> None:
    """Adds a case now and then while a shift works them."""
    added: list[float] = []

    def feed() -> None:
        for number in numbers:
            added.append(time.monotonic())
            add_mails(queue, number, 1)
            time.sleep(_PACE)
        after()
        connections.close_all()

    feeder = threading.Thread(target=feed)
    feeder.start()
    run_shift("benchmark/1", linger=3 * _PACE)
    feeder.join()
    for begun, log in zip(added, standing.seen(numbers[0], len(numbers)), strict=True):
        times.dispatch.append(log[0][0] - begun)
        times.whole.append(log[-1][1] - begun)


if __name__ == "__main__":
    run(measure, "route_checks")
