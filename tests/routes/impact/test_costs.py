"""What a replay costs: estimated before, confirmed, and stopped."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from builder.agents.agents import save_agent
from builder.models import Agent
from data.errors import Refused
from routes.impact import impacts, told
from routes.impact.recorded import Chosen
from routes.models import Impact
from runs.engine import human_requests
from runs.models import HumanRequest
from teams.audit.actors import Actor
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Answer, Reply, Request
from tests.routes.conftest import Desk, oracle, work_tests

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("before", [True, False], ids=["counted before", "not counted before"])
def test_a_replay_costs_what_was_estimated_also_of_longer_words(
    desk: Desk, recorded: Make[None], someone: Actor, before: bool
) -> None:
    """The model counts what it is sent. What a run did after it had asked a person is not paid for again."""
    is_counting = before

    def counts(request: Request) -> Answer:
        said = oracle(request)
        assert isinstance(said, Reply)
        taken = (len(json.dumps(request.body)) // 4, 60) if is_counting else (0, 0)
        return replace(said, input_tokens=taken[0], output_tokens=taken[1])

    desk.provider.script = counts
    rules: dict[str, Agent | str] = {"refund": desk.billing, "outage": "ask"}
    save_agent(desk.triage, aop=desk.aop(**rules), model="openai-chat:gpt-4o")
    recorded("A refund", "An outage", "A greeting")
    human_requests.answer(HumanRequest.objects.get(), "Close it", by=someone)
    work_next()
    is_counting = True
    for words in ("\nBe kind.", "\nBe kind to all who write." * 400):
        impact = impacts.start(desk.triage, {"aop": desk.aop(**rules) + words}, Chosen(), someone, Decimal("0.000001"))
        assert impact.status == "estimating" and impact.estimate_usd
        # Asked once more, as the API suggests: both are about the same questions.
        impact = impacts.start(desk.triage, impact.changes, Chosen(), someone, Decimal("0.000001"))
        assert impact.estimate_usd
        impacts.confirm(impact, impact.estimate_usd, someone)
        work_tests()
        cost = impacts.cost(impact)
        assert cost
        assert abs(cost / impact.estimate_usd - 1) < Decimal("0.25"), (cost, impact.estimate_usd)


def test_what_costs_something_waits_until_that_is_confirmed(desk: Desk, recorded: Make[None], someone: Actor) -> None:
    recorded("A refund")
    impact = impacts.start(desk.triage, {"aop": "- A: ask"}, Chosen(), someone)
    assert work_tests() == 0
    assert (impact.status, impact.estimate_usd) == ("estimating", None)
    Impact.objects.filter(pk=impact.pk).update(estimate_usd=Decimal("0.02"))
    impact.refresh_from_db()
    with pytest.raises(Refused):
        impacts.confirm(impact, Decimal("0.01"), someone)
    impacts.confirm(impact, Decimal("0.02"), someone)
    assert work_tests() == 1
    impact.refresh_from_db()
    assert impact.status == "done"
    again = impacts.start(desk.triage, {"aop": "- A: ask"}, Chosen(), someone)
    assert (again.status, len(told.told(again).changed)) == ("done", 1)


def test_an_impact_can_be_stopped(desk: Desk, recorded: Make[None], someone: Actor) -> None:
    recorded("A refund")
    impact = impacts.start(desk.triage, {"aop": "- A: ask"}, Chosen(), someone, Decimal(1))
    assert impact.status == "running"
    impacts.stop(impact)
    assert (impact.status, work_tests()) == ("stopped", 0)
