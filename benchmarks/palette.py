"""How long the palette takes with 10,000 agents, 100,000 cases and as many runs in a team: the whole request.

python -m benchmarks.palette [--quick]
"""

import random

from benchmarks import case_list, mention_search, runs_list
from benchmarks.figures import Notes
from benchmarks.ground import ask_often, complete, empty, execute, member, run, vacuum
from builder.models import Agent
from cases.queues.queues import create_team

ROUNDS = 15
WORDS = {
    "nothing typed": "",
    "one letter": "r",
    "two letters": "re",
    "a name": "Billing Specialist 1",
    "a name with a mistake": "biling specalist",
    "a number": "#77777",
    "digits": "777",
    "a word in half of all": "refund",
    "a word in one of a hundred": "chargeback",
    "a rare word": "rare777",
    "two words, never together": "apple banana",
    "a command": "theme dark",
    "nobody's word": "qqxzzv",
}


def measure(notes: Notes, quick: bool) -> None:
    agents, work = (500, 5_000) if quick else (10_000, 100_000)
    team, workers, _ = case_list._team("ours", work)
    values = {"team": team.pk, "runs": work, "mails": case_list.MAILS, "count": len(workers), "first": 1, "last": work}
    values |= {"agents": [row.pk for row in workers], "revisions": [row.live_revision.pk for row in workers]}
    execute(complete(runs_list.MAKE, "runs_run"), values)
    chance = random.Random(1)
    Agent.objects.bulk_create(mention_search._agent(team, chance, number) for number in range(agents))
    vacuum()
    floor = empty(member(create_team("nothing", "nothing"))[0], "/find/", headers={"HX-Request": "true"})
    client, _ = member(team)
    for kind, words in WORDS.items():
        notes.times(kind, ask_often(client, "/find/", {"q": words}, ROUNDS, headers={"HX-Request": "true"}), floor)


if __name__ == "__main__":
    run(measure, "palette")
