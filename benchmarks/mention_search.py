"""How long the list behind an @ takes with 10,000 agents in a team: the whole request, per kind of words.

python -m benchmarks.mention_search [--quick]
"""

import random

from django.test import Client

from benchmarks.figures import Notes
from benchmarks.ground import ask_often, empty, execute, member, run
from builder.agents.agents import create_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent, QueueConnection
from cases.queues.queues import create_queue, create_team
from teams.models import Team

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


def measure(notes: Notes, quick: bool) -> None:
    agents = 500 if quick else 10_000
    client, agent = _team(agents)
    alone = create_team("Nothing", "nothing")
    floor = empty(member(alone)[0], f"/agents/{create_agent(alone, 'Alone').pk}/mentions/")
    notes.note("agents of the team", agents, "agents")
    everything: list[float] = []
    for kind, words in WORDS.items():
        times = ask_often(client, f"/agents/{agent.pk}/mentions/", {"q": words}, ROUNDS)
        everything += times
        notes.times(kind, times, floor)
    notes.times("all", everything, floor)


def _team(size: int) -> tuple[Client, Agent]:
    chance = random.Random(1)
    team, other = create_team("Ours", "ours"), create_team("Theirs", "theirs")
    queue = create_queue(team, "Support")
    agents = [_agent(team, chance, number) for number in range(size)]
    Agent.objects.bulk_create(agents + [_agent(other, chance, number) for number in range(size)])
    QueueConnection.objects.bulk_create(
        QueueConnection(team=team, agent=agent, queue=queue, role="consumer") for agent in agents[::2]
    )
    connect(agents[0], [Consumes(queue.pk)])
    execute("analyze")
    client, _ = member(team)
    return client, agents[0]


def _agent(team: Team, chance: random.Random, number: int) -> Agent:
    name = f"{chance.choice(FIRST)} {chance.choice(SECOND)} {number}"
    return Agent(team=team, name=name, description=f"Takes what {name} should take.")


if __name__ == "__main__":
    run(measure, "mention_search")
