"""What may be spent in a day: when it is spent, nothing new starts, and people see why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from builder.models import Agent, Usage
from builder.usage import limits, usage
from builder.usage.usage import Amount
from data.errors import Refused
from runs.models import Run, Status
from runs.people.starting import start_run
from runs.trying import trying
from runs.workers import dispatcher
from teams.audit.actors import Actor
from teams.keys.api_keys import create_key
from teams.settings import budgets, zones
from teams.settings.budgets import Budget
from tests.driving import drive, work_next
from tests.fixtures import take
from tests.provider import call, say

pytestmark = pytest.mark.django_db

SOMEONE = Actor("Someone")


@pytest.fixture
def agent(scripted, make_agent, queue):
    return make_agent("Clerk", queue=queue)


def spend(agent: Agent, dollars: str, model: str = "anthropic:dear") -> None:
    usage.add(agent, model, Amount(requests=1, cost_usd=Decimal(dollars)))


def allow(agent: Agent, *, a_day: float | None = None, team: float | None = None) -> None:
    limits.change_budget(agent, Budget(usd_per_day=a_day))
    budgets.change_budget(agent.team, Budget(usd_per_day=team))
    agent.refresh_from_db()


def test_an_agent_that_has_spent_its_day_takes_no_cases(agent, make_agent, queue, make_case) -> None:
    case = make_case()
    allow(agent, a_day=5)
    spend(agent, "5.02")
    assert take() == []
    assert not dispatcher.has_work()
    other = make_agent("Other", queue=queue)
    [claim] = take()
    assert Run.objects.get(pk=claim.run_id).agent == other
    case.refresh_from_db()
    assert case.status == "in_progress"


def test_a_team_that_has_spent_its_day_takes_no_cases(agent, make_agent, queue, make_case) -> None:
    make_case()
    allow(agent, team=5)
    spend(make_agent("Other", queue=queue), "3", "a")
    assert dispatcher.has_work()
    spend(agent, "2", "b")
    assert not dispatcher.has_work()
    assert take() == []


def test_what_was_spent_yesterday_or_elsewhere_does_not_count(agent, make_case, make_team, make_agent) -> None:
    make_case()
    allow(agent, a_day=5, team=5)
    spend(agent, "9")
    Usage.objects.update(day=zones.today("UTC") - timedelta(days=1))
    spend(make_agent(of=make_team()), "9")
    assert len(take()) == 1


def test_a_raised_limit_lets_cases_go_on(agent, make_case) -> None:
    make_case()
    allow(agent, a_day=5)
    spend(agent, "5")
    assert take() == []
    allow(agent, a_day=6)
    assert len(take()) == 1


def test_a_run_that_goes_on_in_the_meantime_is_not_broken_off(scripted, agent, make_case) -> None:
    make_case()
    allow(agent, a_day=5)
    [claim] = take()
    spend(agent, "5")
    scripted.answers(call("complete_case", summary="Done"))
    assert drive(claim).status == Status.COMPLETED


def test_a_start_is_refused_with_the_reason(agent) -> None:
    allow(agent, a_day=5)
    spend(agent, "5.02")
    says = "Clerk starts nothing new: Clerk has spent \\$5.02 today, of \\$5.00 a day. Work goes on at midnight UTC"
    with pytest.raises(Refused, match=says) as refusal:
        start_run(agent, by=SOMEONE, trigger=Run.Trigger.MANUAL)
    assert refusal.value.code == "spending_limit"
    with pytest.raises(Refused, match=says):
        trying.try_agent(agent, by=SOMEONE, text="Hello")


def test_the_api_says_why_nothing_starts(agent, team, client: Client) -> None:
    allow(agent, team=5)
    spend(agent, "5")
    headers = {"authorization": f"Bearer {create_key(team, 'Ours')[1]}"}
    answer = client.post("/api/v1/runs", {"agent_id": str(agent.pk)}, "application/json", headers=headers)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "spending_limit"
    assert "raises the limit in Settings" in answer.json()["error"]["message"]


def test_a_standalone_handover_to_an_agent_that_has_spent_its_day_is_not_applied(
    scripted, agent, make_agent, make_run
) -> None:
    """It is not offered; were it the last to say so, the run would end with that reason."""
    target = make_agent("Billing")
    source = make_agent("Front", mentions=[target])
    allow(target, a_day=1)
    spend(target, "1")
    make_run(source)
    scripted.answers(say("Done"))
    assert work_next().outcome == "answered"
    assert scripted.requests[0].targets == []


def test_pages_say_what_is_spent(signed_in: Client, agent, queue, make_case) -> None:
    case, assigned = make_case(), make_case(assignee=agent)
    allow(agent, a_day=5)
    spend(agent, "5.02")
    words = "Clerk has spent $5.02 today, of $5.00 a day"
    for page in (f"queues/{queue.pk}", f"agents/{agent.pk}", f"cases/{case.pk}", f"cases/{assigned.pk}"):
        assert words in signed_in.get(f"/{page}/").content.decode(), page
    assert "spent for today" in signed_in.get(f"/queues/{queue.pk}/").content.decode()


def test_without_limits_nothing_is_added_up(agent, django_assert_num_queries) -> None:
    agent = Agent.objects.select_related("team").get(pk=agent.pk)
    with django_assert_num_queries(0):
        assert limits.overspent([agent]) == {}


def test_many_agents_are_judged_in_one_query(make_agent, django_assert_num_queries) -> None:
    for _ in range(3):
        allow(make_agent(), a_day=1)
    agents = list(Agent.objects.select_related("team"))
    with django_assert_num_queries(1):
        limits.overspent(agents)
