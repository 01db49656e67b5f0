"""Random edits of a procedure against a model of what they do: no broken route passes, and no good edit is refused.

So many edits as EDITS says are tried, few by default.
"""

import os
import random

import pytest

from builder.agents.agents import save_agent
from builder.agents.saving import AgentChange
from builder.gate.gate import RoutesHeld
from builder.models import Agent
from routes.models import Check
from teams.audit.actors import Actor
from tests.routes.conftest import Desk, work_tests

pytestmark = pytest.mark.django_db

WORDS = ("refund", "outage", "strike", "riddle", "invoice")


def decided(routes: dict[str, Agent | str], title: str) -> Agent | str:
    """What the procedure says of an input: the first line whose word it holds, else to complete."""
    return next((target for word, target in routes.items() if word in title), "complete")


def edited(desk: Desk, routes: dict[str, Agent | str], chance: random.Random) -> dict[str, Agent | str]:
    """A line more, less or changed, or the lines in another order."""
    targets: list[Agent | str] = [desk.billing, desk.tech, "ask", "postpone", "fail"]
    found = dict(routes)
    for _ in range(chance.randint(1, 2)):
        match chance.randrange(3):
            case 0:
                found[chance.choice(WORDS)] = chance.choice(targets)
            case 1 if found:
                del found[chance.choice(list(found))]
            case _:
                found = dict(chance.sample(list(found.items()), len(found)))
    return found


@pytest.mark.timeout(0)
def test_no_broken_route_passes_and_no_good_edit_is_refused(desk: Desk, someone: Actor) -> None:
    chance, edits = random.Random(17), int(os.environ.get("EDITS", "12"))
    titles = {word: f"One {word}" for word in WORDS} | {"both": "A refund for an outage"}
    expected: dict[str, Agent | str] = {
        "refund": desk.billing,
        "outage": desk.tech,
        "strike": "ask",
        "both": desk.billing,
    }
    routes: dict[str, Agent | str] = {word: expected[word] for word in ("refund", "outage", "strike")}
    save_agent(desk.triage, aop=desk.aop(**routes))
    for word, target in expected.items():
        desk.test(titles[word], target)
    refused = 0
    for number in range(edits):
        wanted = edited(desk, routes, chance)
        aop = f"Edit {number}.\n{desk.aop(**wanted)}"
        breaks = [
            titles[word]
            for word, target in expected.items()
            if decided(routes, titles[word]) == target != decided(wanted, titles[word])
        ]
        before = desk.triage.live_revision.number
        with pytest.raises(RoutesHeld) as held:
            save_agent(desk.triage, aop=aop)
        check = Check.objects.get(pk=held.value.start(someone, [AgentChange(desk.triage.pk, aop=aop)]))
        work_tests()
        check.refresh_from_db()
        broken = sorted(check.results.filter(verdict="broken").values_list("test__name", flat=True))
        assert (check.passed, broken) == (not breaks, sorted(breaks)), (number, aop)
        assert desk.triage.live_revision.number == before + (not breaks)
        routes = routes if breaks else wanted
        refused += bool(breaks)
    assert 0 < refused < edits
