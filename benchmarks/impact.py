"""“What would this change have done?” over 50 recorded cases: by the stand-in, and by a model that takes a second.

    python -m benchmarks.impact [--quick] [--to FILE]

The stand-in is counted in CPU of this process, from what is typed to the last answer: for the first time, after another
word is typed, and in a new process that finds in Redis what others have read. The model is asked by four workers, each
a process of its own, and counted in seconds.
"""

import multiprocessing
import time
from decimal import Decimal

from django.db import connections

from benchmarks.figures import Notes
from benchmarks.ground import run
from benchmarks.provider import provider
from benchmarks.two_stages import ask
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team, save_queue
from cases.work.creation import NewCase, add_cases
from data.redis.redis_pool import quick_redis
from routes.impact import impacts
from routes.impact.recorded import Chosen
from routes.lane.lane import LANE
from routes.models import Impact
from runs.offline import embeddings
from runs.providers import providers
from runs.providers.providers import OFFLINE
from runs.workers.shift import run_shift
from teams.audit.actors import BATON

multiprocessing.set_start_method("fork")
_CASES, _WORKERS, _PLACES = 50, 4, 8
_MODEL_SECONDS = 1.0
_SAID = (
    ("Charged twice", "On Monday two payments of 49 euros left my account for one order. Please send one back."),
    ("Cannot sign in", "Since the update the app shows an error when I type my password, on both of my phones."),
)


def measure(notes: Notes, quick: bool) -> None:
    cases = 10 if quick else _CASES
    with provider() as standing:
        ask(standing)
        # As a worker does before it forks.
        embeddings.load()
        providers.import_providers()
        triage, queue = _desk()
        _decide(queue, cases)
        for when in ("for the first time", "typed on", "in the next shift"):
            notes.note(f"the stand-in, {cases} cases, {when}: CPU", _by_the_stand_in(triage, when), "s")
        standing.take(_MODEL_SECONDS)
        took = _by_a_model(triage)
        waited = _MODEL_SECONDS * -(-cases // (_WORKERS * _PLACES))
        what = f"a model of {_MODEL_SECONDS:.0f} s, {cases} cases, {_WORKERS} workers"
        notes.note(what, took, "s", floor=("waiting alone", waited))


def _desk() -> tuple[Agent, Queue]:
    team = create_team("Ours", "ours")
    queue = create_queue(team, "Support")
    billing, tech = (create_agent(team, name, model=OFFLINE) for name in ("Billing", "Tech"))
    to = [mentions.token(agent.pk, agent.name) for agent in (billing, tech)]
    aop = f"1. Refunds and double charges go to {to[0]}\n2. Errors and trouble signing in go to {to[1]}"
    triage = create_agent(team, "Triage", aop=aop, model=OFFLINE)
    for agent in (billing, tech, triage):
        connect(agent, [Consumes(queue.pk, 1000)])
    save_queue(queue, first_agent=triage)
    return triage, queue


def _decide(queue: Queue, count: int) -> None:
    said = [(number, *_SAID[number % len(_SAID)]) for number in range(count)]
    add_cases(queue, [NewCase(f"{title} {number}", {"message": text}) for number, title, text in said], by=BATON)
    [worker] = _workers(1, linger=0.05)
    worker.join()
    assert not Case.objects.filter(queue=queue, status__in=["pending", "in_progress"]).exists()


def _by_the_stand_in(triage: Agent, when: str) -> float:
    """Seconds of CPU of all that it takes, as the page asks for it."""
    if when == "for the first time":
        quick_redis().flushdb()
    if when != "typed on":
        embeddings.forget()
    began = time.process_time()
    made = impacts.start(triage, {"aop": f"{triage.live_revision.aop}\n{when}."}, Chosen(seconds=2.5), BATON)
    while made.status != Impact.Status.DONE:
        LANE.claim("benchmark/1", _PLACES)
        made.refresh_from_db()
    took = time.process_time() - began
    assert all(one.after for one in impacts.replays(made)) and made.cases.count() == triage.runs.count()
    return took


def _by_a_model(triage: Agent) -> float:
    changes = {"aop": f"{triage.live_revision.aop}\nBe kind.", "model": "openai-chat:scripted"}
    made = impacts.start(triage, changes, Chosen(), BATON)
    began = time.perf_counter()
    impacts.confirm(made, Decimal(100), BATON)
    workers = _workers(_WORKERS, linger=2)
    while made.status == Impact.Status.RUNNING:
        time.sleep(0.05)
        made.refresh_from_db()
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    return took


def _workers(count: int, linger: float) -> list[multiprocessing.Process]:
    """Shifts in processes of their own. A fork has none of its parent's threads: this process may not work one."""
    connections.close_all()
    workers = [
        multiprocessing.Process(target=run_shift, args=(f"benchmark/{number}", 50, linger)) for number in range(count)
    ]
    for worker in workers:
        worker.start()
    return workers


if __name__ == "__main__":
    run(measure, "impact")
