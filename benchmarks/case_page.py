"""How long the page of a case takes on the server, with 10, 100 and 1,000 events: the whole request and its queries.

python -m benchmarks.case_page [--quick]
"""

import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.figures import Notes, median_ms
from benchmarks.ground import ask, ask_often, execute, member, run
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from cases.collaboration import comments
from cases.models import Case, Queue
from cases.queues.queues import create_queue, create_team
from teams.models import User
from tests.stories import make_story, stages

ROUNDS = 40
EVENTS = (10, 100, 1_000)
_SHOWN = 100


def measure(notes: Notes, quick: bool) -> None:
    team = create_team("Ours", "ours")
    client, user = member(team)
    queue = create_queue(team, "Support")
    floor = None
    for number in EVENTS:
        case = _case(queue, user, number)
        for shown in (_SHOWN, number) if number > _SHOWN else (_SHOWN,):
            took = _tell(notes, client, case, shown, 5 if quick else ROUNDS, floor)
            floor = floor or ("the same with 11 events", took)


def _case(queue: Queue, user: User, events: int) -> Case:
    """Five agents hand it round; every tenth event is a comment."""
    agents = [create_agent(queue.team, f"Agent {events} {number}") for number in range(5)]
    for agent in agents:
        connect(agent, [Consumes(queue.pk)])
    chapters = stages(agents, events)[: events - events // 10]
    case = make_story(queue, f"{events} events", chapters, data={"customer": "Marta", "amount": 49})
    for number in range(events // 10):
        comments.comment(case, f"Number **{number}**: have a look, please.", user)
    execute("analyze")
    return case


def _tell(notes: Notes, client: Client, case: Case, shown: int, rounds: int, floor: tuple[str, float] | None) -> float:
    address = f"/cases/{case.pk}/?shown={shown}"
    ask(client, address)
    with CaptureQueriesContext(connection) as queries:
        size = len(ask(client, address)) / 1000
    events = case.events.count()
    what = f"{events:,} events, {min(shown, events):,} of them shown"
    cpu = time.process_time()
    times = ask_often(client, address, rounds=rounds)
    cpu = (time.process_time() - cpu) * 1000 / (rounds + 1)
    notes.times(what, times, floor)
    notes.note(f"{what}: CPU", cpu, "ms")
    notes.note(f"{what}: queries", len(queries), "queries")
    notes.note(f"{what}: HTML", size, "kB")
    return median_ms(times)


if __name__ == "__main__":
    run(measure, "case_page")
