"""A triage that two agents stand behind, on one queue, with tests of where its cases go."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from builder.models import Agent
from cases.models import Case, Queue
from routes.lane.lane import LANE
from routes.models import RoutingTest
from routes.routing_tests import routing_tests
from teams.audit.actors import BATON
from tests.driving import drive_all
from tests.fixtures import Make, mention
from tests.provider import Answer, Provider, Request, call

RULES = "Money goes to @Billing. Outages go to @Tech. Complete the rest."


@dataclass
class Desk:
    """Triage decides by the words of its procedure: see `oracle`."""

    triage: Agent
    billing: Agent
    tech: Agent
    queue: Queue
    provider: Provider

    def aop(self, **routes: Agent | str) -> str:
        """A procedure that sends inputs with a word to an agent, or ends them as it says: `refund=billing`."""
        lines = [
            mention(f"- {word}:", target) if isinstance(target, Agent) else f"- {word}: {target}"
            for word, target in routes.items()
        ]
        return "\n".join(lines)

    def test(self, title: str, *expected: Agent | str, **about: Any) -> RoutingTest:
        wanted = [
            {"decision": "hand_over", "agent_id": one.pk} if isinstance(one, Agent) else {"decision": one}
            for one in expected
        ]
        fields: dict[str, Any] = {
            "data": {},
            "labels": [],
            "priority": Case.Priority.NONE,
            "queue": self.queue,
            "name": "",
        }
        fields |= {"agent": self.triage, "source": "typed", "by": BATON, "expected": wanted, **about}
        return routing_tests.add_case_test(title=title, **fields)


def oracle(request: Request) -> Answer:
    """A model that follows the lines of a procedure to the letter: the first whose word the case's title has."""
    title = request.user_text.split('"title": "', 1)[1].split('"', 1)[0]
    for line in request.system.splitlines():
        word, colon, rest = line.removeprefix("- ").partition(": ")
        if line.startswith("- ") and colon and word in title:
            if named := re.search(r"target: ([\w-]+)(?:, (?:because: )?(m\d+))?\)", rest):
                marked = {"because": named[2]} if named[2] else {}
                return call("request_handover", target=named[1], reason=word, **marked)
            if rest.startswith("ask"):
                return call("ask_person", question="Who?")
            if rest.startswith("postpone"):
                return call("postpone_case", until="2h", reason=word)
            if rest.startswith("fail"):
                return call("fail_case", reason=word)
    return call("complete_case", summary="The rest.")


@pytest.fixture
def desk(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Desk:
    scripted.script = oracle
    billing, tech = make_agent("Billing", queue=queue), make_agent("Tech", queue=queue)
    desk = Desk(make_agent("Triage", queue=queue), billing, tech, queue, scripted)
    desk.triage.team.__class__.objects.update(test_repetitions=1)
    desk.triage.team.refresh_from_db()
    return desk


def work_tests(limit: int = 100) -> int:
    """What a worker's lane does until nothing is left; how many runs it took."""
    done = 0
    while claims := LANE.claim("test/1", limit):
        drive_all(claims)
        LANE.settle([claim.run_id for claim in claims])
        done += len(claims)
    return done


type Work = Callable[[], int]
