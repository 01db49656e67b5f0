"""What agents used of models: added up, shown and told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builder.models import Agent, Purpose, Usage
from builder.usage import usage
from builder.usage.usage import Amount
from builder.usage.views import bars
from teams.keys.api_keys import create_key
from teams.settings import zones

pytestmark = pytest.mark.django_db

SONNET, OWN = "anthropic:claude-sonnet-4-5", "openai-chat:own"


@pytest.fixture
def program(team) -> Client:
    return Client(headers={"authorization": f"Bearer {create_key(team, 'Ours')[1]}"})


def use(agent: Agent, model: str = SONNET, *, days_ago: int = 0, cost: str = "0.5", **more: int) -> None:
    known = set(Usage.objects.values_list("pk", flat=True))
    amount = Amount(runs=1, requests=2, input_tokens=1000, output_tokens=100, cost_usd=Decimal(cost), **more)
    usage.add(agent, model, amount)
    if days_ago:
        made = Usage.objects.exclude(pk__in=known)
        made.update(day=zones.today("UTC") - timedelta(days=days_ago))


def test_what_is_used_is_added_up(make_agent, team) -> None:
    agent = make_agent()
    for _ in range(3):
        use(agent)
    assert Usage.objects.count() == 1
    assert usage.of_agent(agent, usage.last_days(agent.team, 1)) == Amount(3, 6, 3000, 300, cost_usd=Decimal("1.5"))


def test_it_is_read_by_day_agent_and_model(make_agent, team, make_team) -> None:
    triage, billing = make_agent("Triage"), make_agent("Billing")
    use(triage, days_ago=2)
    use(billing, OWN, cost="3")
    use(billing, days_ago=40)
    use(make_agent(of=make_team()), cost="9")
    period = usage.last_days(team, 7)
    days = usage.by_day(team, period)
    assert list(days) == period.days
    assert [str(amount.cost_usd) for amount in days.values() if amount.requests] == ["0.50000000", "3.00000000"]
    assert list(usage.by_agent(team, period)) == [billing, triage]
    assert list(usage.by_model(team, period)) == [OWN, SONNET]
    assert usage.total(usage.by_model(team, usage.last_days(team, 90)).values()).runs == 3


def test_what_tests_used_has_a_heading_of_its_own(signed_in: Client, make_agent) -> None:
    agent = make_agent()
    use(agent)
    assert "By purpose" not in signed_in.get("/usage/").content.decode()
    usage.add(agent, SONNET, Amount(runs=3, requests=4), Purpose.TEST)
    purposes = signed_in.get("/usage/").context["purposes"]
    assert [(label, amount.runs) for label, amount in purposes] == [("Work", 1), ("Routing tests", 3)]


def test_two_processes_seldom_share_a_row_and_the_sum_is_the_same(make_agent, monkeypatch, team) -> None:
    agent = make_agent()
    for process in range(20):
        monkeypatch.setattr("os.getpid", lambda pid=process: pid)
        use(agent)
    assert Usage.objects.count() == 8
    assert usage.of_agent(agent, usage.last_days(team, 1)).runs == 20


def test_a_bar_is_as_high_as_its_day(make_agent, team) -> None:
    agent = make_agent()
    use(agent, cost="4", days_ago=1)
    use(agent, cost="1")
    drawn = bars(usage.by_day(team, usage.last_days(team, 7)), "cost")
    assert [(bar.x, bar.y, bar.height) for bar in drawn[-3:]] == [(40, 100, 0), (50, 0, 100), (60, 75, 25)]
    assert drawn[-1].words == "$1.00"


def test_the_page_shows_agents_and_models(signed_in: Client, make_agent) -> None:
    agent = make_agent("Triage")
    use(agent, cost="12.5", cached_tokens=400)
    page = signed_in.get("/usage/?days=7").content.decode()
    assert page.count("$12.50") >= 4
    assert f'href="/agents/{agent.pk}/"' in page and f'href="/runs/?agent={agent.pk}"' in page
    assert SONNET in page and "of them 400 cached" in page
    assert "does not know" not in page


def test_what_has_no_price_is_said_and_not_counted_as_nothing(signed_in: Client, make_agent) -> None:
    use(make_agent(), OWN, cost="0", unpriced_runs=1, unpriced_requests=2)
    page = " ".join(signed_in.get("/usage/").text.split())
    assert "1 run used a model whose price Baton does not know" in page
    assert "unknown" in page and "$0.00" not in page
    use(make_agent(), cost="2")
    assert "over $2.00" in signed_in.get("/usage/").content.decode()


def test_a_page_without_use_teaches(signed_in: Client) -> None:
    assert "No usage in this period" in signed_in.get("/usage/?days=nonsense&measure=x").content.decode()


def test_days_without_cost_are_said_and_not_drawn(signed_in: Client, make_agent) -> None:
    use(make_agent(), cost="0")
    assert "Nothing was spent in this period" in signed_in.get("/usage/?measure=cost").content.decode()
    assert '<svg class="text-accent' in signed_in.get("/usage/?measure=tokens").content.decode()


def test_the_page_asks_no_more_for_many_agents(signed_in: Client, make_agent) -> None:
    asked = []
    for agents in (2, 10):
        for _ in range(agents):
            use(make_agent())
        with CaptureQueriesContext(connection) as queries:
            signed_in.get("/usage/")
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_agents_page_says_what_it_used(signed_in: Client, make_agent) -> None:
    agent = make_agent()
    use(agent, cost="0.25", days_ago=29)
    use(agent, cost="7", days_ago=31)
    page = signed_in.get(f"/agents/{agent.pk}/").content.decode()
    assert "1 run, 1.1 k tokens, $0.25" in page


@pytest.mark.parametrize("by", ["day", "agent", "model"])
def test_the_api_tells_by_day_agent_or_model(program: Client, make_agent, by: str) -> None:
    agent = make_agent("Triage")
    use(agent)
    use(agent, OWN, cost="0", unpriced_runs=1, unpriced_requests=2)
    answer = program.get("/api/v1/usage", {"by": by}).json()
    assert answer["total"]["cost_usd"] == 0.5
    assert (answer["total"]["runs"], answer["total"]["unpriced_requests"]) == (2, 2)
    named = [row[by] for row in answer["items"] if row["requests"]]
    said = {"day": [zones.today("UTC").isoformat()], "agent": [{"id": str(agent.pk), "name": "Triage"}]}
    assert named == said.get(by, [SONNET, OWN])
    assert len(answer["items"]) == {"day": 30, "agent": 1, "model": 2}[by]
    assert answer["to"] == zones.today("UTC").isoformat() and answer["from"] < answer["to"]


def test_the_api_takes_a_period(program: Client, make_agent) -> None:
    use(make_agent(), days_ago=3)
    first, last = (str(zones.today("UTC") - timedelta(days=days)) for days in (3, 2))
    answer = program.get("/api/v1/usage", {"from": first, "to": last}).json()
    assert (answer["from"], answer["to"], len(answer["items"])) == (first, last, 2)
    assert answer["items"][0]["cost_usd"] == 0.5


@pytest.mark.parametrize(
    "period",
    [
        {"from": "2026-02-02", "to": "2026-02-01"},
        {"from": "2020-01-01", "to": "2026-02-01"},
        {"to": "0001-01-01", "from": "2026-01-01"},
        {"from": "soon"},
    ],
)
def test_the_api_refuses_a_period_that_makes_no_sense(program: Client, period: dict[str, str]) -> None:
    answer = program.get("/api/v1/usage", period)
    assert answer.status_code == 422
    assert "from" in str(answer.json()["error"]["fields"])
