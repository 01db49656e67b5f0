"""“What would this change have done?” over 50 recorded cases: by the stand-in, and by a model that takes a second.

    python -m benchmarks.impact [--quick] [--to FILE]

The stand-in is counted in CPU of this process, from what is typed to the last answer, with mails of 300 characters: for
the first time after the cases were worked, after another word is typed, and where Redis has lost what was read, each
with how many cases it gets to by itself. The model is asked by four workers, each a process of its own, and counted in
seconds; in 12 of its cases something was looked up.
"""

import multiprocessing
import time
from decimal import Decimal

from django.db import connections

from benchmarks.figures import Notes
from benchmarks.ground import run
from benchmarks.provider import LOOK_UP, provider
from benchmarks.two_stages import ask
from builder.agents.agents import create_agent, save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent
from builder.procedures import mentions
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team, save_queue
from cases.work.creation import NewCase, add_cases
from data.redis.redis_pool import quick_redis
from routes.impact import impacts, told
from routes.impact.recorded import Chosen
from routes.lane.lane import LANE
from routes.models import Impact
from runs.models import Run, Step
from runs.offline import embeddings
from runs.providers import providers
from runs.providers.providers import OFFLINE
from runs.workers.shift import run_shift
from teams.audit.actors import BATON

multiprocessing.set_start_method("fork")
_CASES, _WORKERS, _PLACES = 50, 4, 8
_MODEL, _MODEL_SECONDS = "openai-chat:scripted", 1.0
_LOOKED_UP = 12
_SAID = (
    (
        "Charged twice",
        "Hello, on Monday two payments of 49 euros left my account for one order, although the shop showed me only one."
        " I have looked at the statement of my bank again and both are booked. Please send one of them back to the"
        " account that it came from. Kind regards, your customer since 2019",
    ),
    (
        "Cannot sign in",
        "Good morning, since the update of last week the app shows an error when I type my password, on both of my"
        " phones. I have set a new password twice and installed the app again, and nothing helps. What else can I try?"
        " I need it for my work every day. Many thanks, and best wishes",
    ),
)


def measure(notes: Notes, quick: bool) -> None:
    cases = 10 if quick else _CASES
    with provider() as standing:
        ask(standing)
        # As a worker does before it forks.
        embeddings.load()
        providers.import_providers()
        triage, queue = _desk()
        said = [(f"{title} {number}", text) for number in range(cases) for title, text in [_SAID[number % len(_SAID)]]]
        _decide(queue, said)
        for when in ("for the first time", "typed on", "with nothing in Redis"):
            took, replayed = _by_the_stand_in(triage, when)
            notes.note(f"the stand-in, {when}: CPU for {replayed} of {cases} cases", took, "s")
        _decide_by_a_model(triage, queue, cases)
        standing.take(_MODEL_SECONDS)
        took = _by_a_model(triage, cases)
        waited = _MODEL_SECONDS * -(-(cases + _looked_up(cases)) // (_WORKERS * _PLACES))
        what = f"a model of {_MODEL_SECONDS:.0f} s, {cases} cases, {_looked_up(cases)} with a call, {_WORKERS} workers"
        notes.note(what, took, "s", floor=("waiting alone", waited))


def _looked_up(cases: int) -> int:
    return cases * _LOOKED_UP // _CASES


def _desk() -> tuple[Agent, Queue]:
    team = create_team("Ours", "ours")
    queue, side = create_queue(team, "Support"), create_queue(team, "Side")
    billing, tech = (create_agent(team, name, model=OFFLINE) for name in ("Billing", "Tech"))
    to = [mentions.token(agent.pk, agent.name) for agent in (billing, tech)]
    aop = f"1. Refunds and double charges go to {to[0]}\n2. Errors and trouble signing in go to {to[1]}"
    triage = create_agent(team, "Triage", aop=aop, model=OFFLINE)
    for agent in (billing, tech, triage):
        connect(agent, [Consumes(queue.pk, 1000)], [side.pk])
    save_queue(queue, first_agent=triage)
    return triage, queue


def _decide(queue: Queue, said: list[tuple[str, str]]) -> None:
    add_cases(queue, [NewCase(title, {"message": text}) for title, text in said], by=BATON)
    [worker] = _workers(1, linger=0.05)
    worker.join()
    assert not Case.objects.filter(queue=queue, status__in=["pending", "in_progress"]).exists()


def _decide_by_a_model(triage: Agent, queue: Queue, cases: int) -> None:
    save_agent(triage, model=_MODEL)
    looked_up = _looked_up(cases)
    _decide(queue, [(f"Mail-{number}", f"{LOOK_UP}." if number < looked_up else "Hello.") for number in range(cases)])
    used = Run.objects.filter(agent=triage, steps__kind=Step.Kind.TOOL_RESULT, steps__data__tool="list_cases")
    assert used.count() == looked_up


def _by_the_stand_in(triage: Agent, when: str) -> tuple[float, int]:
    """Seconds of CPU of all that it takes, as the page asks for it, and of how many cases."""
    if when == "with nothing in Redis":
        quick_redis().flushdb()
    if when != "typed on":
        embeddings.forget()
    began = time.process_time()
    made = impacts.start(triage, {"aop": f"{triage.live_revision.aop}\n{when}."}, Chosen(seconds=2.5), BATON)
    while made.status != Impact.Status.DONE:
        LANE.claim("benchmark/1", _PLACES)
        made.refresh_from_db()
    took = time.process_time() - began
    replays = impacts.replays(made)
    assert all(one.after for one in replays)
    return took, len(replays)


def _by_a_model(triage: Agent, cases: int) -> float:
    triage.refresh_from_db()
    made = impacts.start(triage, {"aop": f"{triage.live_revision.aop}\nBe kind."}, Chosen(last=cases), BATON)
    began = time.perf_counter()
    impacts.confirm(made, Decimal(100), BATON)
    workers = _workers(_WORKERS, linger=2)
    while made.status == Impact.Status.RUNNING:
        time.sleep(0.05)
        made.refresh_from_db()
    took = time.perf_counter() - began
    for worker in workers:
        worker.join()
    found = told.told(made)
    assert (len(found.replayed), found.divergent, found.failed) == (cases, [], [])
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
