"""What a change would have done to the last runs that decided."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.mail import EmailMessage

from builder.agents.agents import save_agent
from builder.agents.connections import Consumes, connect
from builder.models import Agent, Purpose, Usage
from builder.tools.server_tools import Choice
from builder.tools.servers import Credential, add_server, ask
from cases.models import Case, CaseEvent, Queue
from data.errors import Refused
from routes.impact import impacts, told
from routes.impact.recorded import Chosen
from routes.models import Impact, RoutingTest
from runs.models import Handover, HumanRequest, Run
from teams.audit.actors import Actor
from teams.models import Delivery, Team
from teams.webhooks import outbox
from teams.webhooks.webhooks import create_webhook
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Answer, Request, call
from tests.receiver import Receiver, receiver
from tests.routes.checks.conftest import Desk, desk, oracle, work_tests
from tests.tool_server import ToolServer, tool_server

__all__ = ["desk", "receiver", "tool_server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(desk: Desk, make_case: Make[Case]) -> Make[None]:
    """Triage decides cases with these titles, and the agents that get them complete them."""
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))

    def make(*titles: str, **about: Any) -> None:
        for title in titles:
            make_case(title, assignee=desk.triage, **about)
            while Case.objects.filter(status__in=["pending", "in_progress"]).exists():
                work_next()

    return make


def replay(desk: Desk, by: Actor, chosen: Chosen | None = None, **changes: Any) -> told.Told:
    impact = impacts.start(desk.triage, changes, chosen or Chosen(), by, Decimal(1))
    work_tests()
    impact.refresh_from_db()
    assert impact.status == "done"
    return told.told(impact)


def titles(found: list[impacts.Replay]) -> list[str]:
    return sorted(one.run.case.title for one in found if one.run.case)


def test_impact_lists_exactly_the_cases_that_a_change_moves(desk: Desk, recorded: Make[None], someone: Actor) -> None:
    recorded("A refund", "An outage", "A late refund", "A greeting")
    same = replay(desk, someone, aop="Be kind.\n" + desk.triage.live_revision.aop)
    assert (len(same.replayed), same.changed, same.divergent) == (4, [], [])
    late = replay(desk, someone, aop=desk.aop(late=desk.tech, refund=desk.billing, outage=desk.tech))
    assert titles(late.changed) == ["A late refund"]
    to = {"decision": "hand_over", "agent_id": str(desk.tech.pk)}
    assert (late.changed[0].before["agent_id"], late.changed[0].after) == (str(desk.billing.pk), to)
    assert [(cell.is_changed, len(cell.replays)) for cell in late.matrix] == [
        (True, 1),
        (False, 1),
        (False, 1),
        (False, 1),
    ]
    everything = replay(desk, someone, aop="- A: ask")
    assert len(everything.changed) == 4


def test_only_the_last_runs_that_fit_are_replayed(desk: Desk, recorded: Make[None], someone: Actor) -> None:
    recorded("A refund", "An outage")
    recorded("A big refund", labels=["vip"])
    assert titles(replay(desk, someone, Chosen(last=2)).replayed) == ["A big refund", "An outage"]
    assert titles(replay(desk, someone, Chosen(label="vip")).replayed) == ["A big refund"]
    assert replay(desk, someone, Chosen(only_corrected=True)).count == 0
    Run.objects.update(created_at="2026-01-01T00:00Z")
    assert replay(desk, someone, Chosen(days=7)).count == 0


def test_reading_tools_are_answered_from_the_recording_and_other_calls_diverge(
    desk: Desk, recorded: Make[None], make_queue: Make[Queue], someone: Actor
) -> None:
    def looks_up(request: Request) -> Answer:
        if "You are Triage" in request.system and not request.results:
            return call("list_cases", queue="Side", limit=5 if "old" in request.system else 6)
        return oracle(request)

    desk.provider.script = looks_up
    connect(desk.triage, [Consumes(desk.queue.pk, 5)], [make_queue("Side").pk])
    save_agent(desk.triage, aop="old\n" + desk.aop(refund=desk.billing))
    recorded("A refund")
    same = replay(desk, someone, aop="old\n" + desk.aop(refund=desk.tech))
    assert (titles(same.changed), same.divergent) == (["A refund"], [])
    other = replay(desk, someone, aop="new\n" + desk.aop(refund=desk.tech))
    assert (other.changed, len(other.divergent), other.matrix) == ([], 1, [])
    assert (other.divergent[0].after or {})["call"].startswith("list_cases")


def test_a_replay_has_no_effect(
    desk: Desk,
    recorded: Make[None],
    team: Team,
    tool_server: ToolServer,
    receiver: Receiver,
    someone: Actor,
    mailoutbox: list[EmailMessage],
) -> None:
    def uses_tools(request: Request) -> Answer:
        if "You are Triage" not in request.system or len(request.results) > 1:
            return oracle(request)
        return call("bank__put" if request.results else "bank__look", text="it")

    choices = {"look": Choice(True, "read_only", False), "put": Choice(True, "idempotent", False)}
    bank = add_server(
        team,
        "Bank",
        tool_server.url,
        credential=Credential(),
        listing=ask(tool_server.url, Credential()),
        choices=choices,
    )
    connect(desk.triage, tools=list(bank.tools.filter(is_on=True).values_list("pk", flat=True)))
    create_webhook(team, receiver.url, list(outbox.EVENTS))
    desk.provider.script = uses_tools
    recorded("A refund", "An outage")
    live = desk.triage.live_revision
    asked = len(desk.provider.requests)
    called = list(tool_server.called)
    assert [name for name, _ in called] == ["look", "put"] * 2
    before = _everything(mailoutbox)

    found = replay(desk, someone, aop="- A: ask")

    assert (titles(found.changed), found.divergent) == (["A refund", "An outage"], [])
    assert _everything(mailoutbox) == before
    assert (tool_server.called, len(desk.provider.requests)) == (called, asked + 6)
    assert not Handover.objects.filter(source__trigger="test", status="applied").exists()
    assert Agent.objects.get(pk=desk.triage.pk).live_revision == live
    assert sum(Usage.objects.filter(purpose=Purpose.IMPACT).values_list("requests", flat=True)) == 6
    assert not Usage.objects.filter(purpose=Purpose.TEST).exists()


def _everything(mailoutbox: list[EmailMessage]) -> list[Any]:
    """What an effect would show in: events, questions, tests, cases as they are, messages, emails, the audit log."""
    rows = (CaseEvent, HumanRequest, RoutingTest, Delivery)
    counts = [model.objects.count() for model in rows]
    return [
        *counts,
        len(mailoutbox),
        *Case.objects.order_by("pk").values_list("fence", "moved_at", "status", "assignee"),
    ]


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


def test_the_description_of_a_target_replays_the_runs_of_agents_that_mention_it(
    desk: Desk, recorded: Make[None], someone: Actor
) -> None:
    recorded("A refund")
    impact = impacts.start(desk.billing, {"description": "Money"}, Chosen(), someone, Decimal(1))
    work_tests()
    agents = {one.run.agent_id for one in told.told(impact).replayed}
    assert agents == {desk.triage.pk, desk.billing.pk}
