"""How long the page of a case takes on the server, with 10, 100 and 1,000 events: the whole request and its queries.

    python -m benchmarks.case_page

Makes a database of its own beside the one of the settings, and drops it.
"""

import os
import statistics
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_databases, teardown_databases  # noqa: E402

from builder.agents import Consumes, connect, create_agent  # noqa: E402
from cases import comments  # noqa: E402
from cases.models import Case, Queue  # noqa: E402
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from teams.models import Member, User  # noqa: E402
from tests.stories import make_story, stages  # noqa: E402

ROUNDS = 40
EVENTS = (10, 100, 1_000)


def main() -> None:
    old = setup_databases(verbosity=0, interactive=False)
    try:
        client, queue, user = _team()
        print(f"{ROUNDS} requests each; milliseconds, and how many of them on the CPU of the web process")
        print(f"{'events':>8}{'shown':>8}{'median':>8}{'p95':>8}{'CPU':>8}{'queries':>9}{'kB':>6}")
        for number in EVENTS:
            case = _case(queue, user, number)
            for shown in (100, number) if number > 100 else (100,):
                _tell(client, case, shown)
    finally:
        teardown_databases(old, verbosity=0)


def _team() -> tuple[Client, Queue, User]:
    team = create_team("Ours", "ours")
    user = User.objects.create_user("somebody@example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client, create_queue(team, "Support"), user


def _case(queue: Queue, user: User, events: int) -> Case:
    """Five agents hand it round; every tenth event is a comment."""
    agents = [create_agent(queue.team, f"Agent {events} {number}") for number in range(5)]
    for agent in agents:
        connect(agent, [Consumes(queue.pk)])
    chapters = stages(agents, events)[: events - events // 10]
    case = make_story(queue, f"{events} events", chapters, data={"customer": "Marta", "amount": 49})
    for number in range(events // 10):
        comments.comment(case, f"Number **{number}**: have a look, please.", user)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return case


def _tell(client: Client, case: Case, shown: int) -> None:
    address = f"/cases/{case.pk}/?shown={shown}"
    with CaptureQueriesContext(connection) as queries:
        size = len(_get(client, address)) / 1000
        asked = len(queries)
    cpu = time.process_time()
    times = [_ask(client, address) for _ in range(ROUNDS)]
    cpu = (time.process_time() - cpu) * 1000 / ROUNDS
    p95 = statistics.quantiles(times, n=20)[-1]
    events = case.events.count()
    print(
        f"{events:>8,}{min(shown, events):>8,}{statistics.median(times):>8.1f}{p95:>8.1f}{cpu:>8.1f}"
        f"{asked:>9}{size:>6.0f}"
    )


def _ask(client: Client, address: str) -> float:
    start = time.perf_counter()
    _get(client, address)
    return (time.perf_counter() - start) * 1000


def _get(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200, response.content
    return response.content


if __name__ == "__main__":
    main()
