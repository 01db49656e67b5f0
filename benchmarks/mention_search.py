"""How long the list behind an @ takes with 10,000 agents in a team: the whole request, per kind of words.

    python -m benchmarks.mention_search

Makes a database of its own beside the one of the settings, and drops it.
"""

import os
import random
import statistics
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402

from builder.agents import Consumes, connect  # noqa: E402
from builder.models import Agent, QueueConnection  # noqa: E402
from cases.queues import create_queue  # noqa: E402
from cases.teams import create_team  # noqa: E402
from teams.models import Member, Team, User  # noqa: E402

AGENTS = 10_000
ROUNDS = 40
FIRST = ["Billing", "Claims", "Refund", "Invoice", "Delivery", "Returns", "Account", "Fraud", "Travel", "Payroll"]
SECOND = ["Specialist", "Checker", "Writer", "Router", "Analyst", "Reviewer", "Clerk", "Planner", "Auditor", "Helper"]
WORDS = {
    "nothing": "",
    "one letter": "e",
    "two letters": "re",
    "a beginning": "bill",
    "a whole name": "Billing Specialist 1",
    "the second word": "special",
    "the middle of a word": "eview",
    "a typing mistake": "biling specalist",
    "nobody": "qqxzzv",
    "a long sentence": "please look at this and tell me what you think about it all",
}


def main() -> None:
    setup_test_environment()
    old = setup_databases(verbosity=0, interactive=False)
    try:
        client, agent = _team()
        print(f"{AGENTS:,} agents, {ROUNDS} requests each; milliseconds\n{'':24}{'median':>8}{'p95':>8}")
        everything: list[float] = []
        for kind, words in WORDS.items():
            times = [_ask(client, agent, words) for _ in range(ROUNDS)]
            everything += times
            _tell(kind, times)
        _tell("all", everything)
    finally:
        teardown_databases(old, verbosity=0)


def _team() -> tuple[Client, Agent]:
    chance = random.Random(1)
    team, other = create_team("Ours", "ours"), create_team("Theirs", "theirs")
    queue = create_queue(team, "Support")
    agents = [_agent(team, chance, number) for number in range(AGENTS)]
    Agent.objects.bulk_create(agents + [_agent(other, chance, number) for number in range(AGENTS)])
    QueueConnection.objects.bulk_create(
        QueueConnection(team=team, agent=agent, queue=queue, role="consumer") for agent in agents[::2]
    )
    connect(agents[0], [Consumes(queue.pk)])
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    user = User.objects.create_user("somebody@example.com", "a long password")
    Member.objects.create(team=team, user=user, role=Member.Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    return client, agents[0]


def _agent(team: Team, chance: random.Random, number: int) -> Agent:
    name = f"{chance.choice(FIRST)} {chance.choice(SECOND)} {number}"
    return Agent(team=team, name=name, description=f"Takes what {name} should take.")


def _ask(client: Client, agent: Agent, words: str) -> float:
    start = time.perf_counter()
    response = client.get(f"/agents/{agent.pk}/mentions/", {"q": words})
    assert response.status_code == 200, response.content
    return (time.perf_counter() - start) * 1000


def _tell(kind: str, times: list[float]) -> None:
    print(f"{kind:24}{statistics.median(times):8.1f}{statistics.quantiles(times, n=20)[-1]:8.1f}")


if __name__ == "__main__":
    main()
