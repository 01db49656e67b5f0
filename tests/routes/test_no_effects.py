"""Tests, tries and replays do nothing but ask the model: every place that an effect would reach counts its calls."""

from dataclasses import dataclass
from typing import Any

import pytest

from builder.agents.agents import save_agent
from builder.agents.connections import connect
from builder.agents.saving import AgentChange
from builder.gate.gate import RoutesHeld
from builder.models import Purpose, Revision, Usage
from builder.tools.server_tools import Choice
from builder.tools.servers import Credential, add_server, ask
from cases.models import Case, CaseEvent
from routes.models import RoutingTest
from routes.routing_tests import routing_tests
from runs.models import Handover, HumanRequest, Run
from runs.notifications import mailer
from runs.trying import trying
from teams.audit.actors import Actor
from teams.models import Delivery, Member, Team
from teams.webhooks import outbox, webhook_delivery
from teams.webhooks.webhooks import create_webhook
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Answer, Provider, Request, call
from tests.receiver import Receiver, receiver
from tests.routes.conftest import Desk, oracle, work_tests
from tests.routes.impact.conftest import recorded, replay
from tests.smtp import MailServer, mail_server
from tests.tool_server import ToolServer, tool_server

__all__ = ["mail_server", "receiver", "recorded", "tool_server"]
pytestmark = pytest.mark.django_db(transaction=True)

CANDIDATE = "- A: ask"


@dataclass
class World:
    """All that an effect could reach."""

    provider: Provider
    tools: ToolServer
    receiver: Receiver
    mails: MailServer

    def called(self) -> list[int]:
        mailer.deliver()
        webhook_delivery.deliver()
        return [len(self.tools.called), len(self.receiver.got), len(self.mails.got)]

    def rows(self) -> list[Any]:
        """Of questions only those that stand in an inbox: a try keeps its own on its page."""
        return [
            CaseEvent.objects.count(),
            Delivery.objects.count(),
            Handover.objects.filter(status="applied").count(),
            HumanRequest.objects.exclude(run__trigger="try").count(),
            *Case.objects.order_by("pk").values_list("fence", "moved_at", "status", "assignee", "data"),
            *Revision.objects.filter(status="live").order_by("pk").values_list("agent", "agent__name", "aop"),
        ]


@pytest.fixture
def world(
    desk: Desk, tool_server: ToolServer, receiver: Receiver, mail_server: MailServer, team: Team, member: Member
) -> World:
    """Triage looks something up and puts something down before it decides."""
    choices = {"look": Choice(True, "read_only", False), "put": Choice(True, "idempotent", False)}
    listing = ask(tool_server.url, Credential())
    bank = add_server(team, "Bank", tool_server.url, credential=Credential(), listing=listing, choices=choices)
    connect(desk.triage, tools=list(bank.tools.filter(is_on=True).values_list("pk", flat=True)))
    # What a check comes to is told; that is not of a test's doing.
    create_webhook(team, receiver.url, [event for event in outbox.EVENTS if not event.startswith("check.")])

    def uses_tools(request: Request) -> Answer:
        if request.agent != "Triage" or len(request.results) > 1:
            return oracle(request)
        return call("bank__put" if request.results else "bank__look", text="it")

    desk.provider.script = uses_tools
    return World(desk.provider, tool_server, receiver, mail_server)


def in_impact(desk: Desk, by: Actor) -> None:
    assert len(replay(desk, by, aop=CANDIDATE).changed) == 2


def in_tests(desk: Desk, by: Actor) -> None:
    for run in Run.objects.filter(agent=desk.triage).exclude(trigger="test"):
        routing_tests.add_test_of_run(run, expected=None, name="", source=RoutingTest.Source.CASE, by=by)
    with pytest.raises(RoutesHeld) as caught:
        save_agent(desk.triage, aop=CANDIDATE)
    caught.value.start(by, [AgentChange(desk.triage.pk, aop=CANDIDATE)])
    assert work_tests() > 0


def in_tries(desk: Desk, by: Actor) -> None:
    for case in Case.objects.order_by("number"):
        trying.try_agent(desk.triage, by=by, sample=case, aop=CANDIDATE)
        assert work_next().trigger == "try"


def test_nothing_is_called_but_the_model(world: World, desk: Desk, recorded: Make[None], someone: Actor) -> None:
    """A try looks up what it reads, as nothing is recorded of it; what the others read is."""
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, strange="ask"))
    recorded("A refund", "A greeting", "A strange thing")
    assert all(world.called()), "work has these effects"
    acts = [(in_impact, 0, Purpose.IMPACT), (in_tests, 0, Purpose.TEST), (in_tries, 3, Purpose.TRY)]
    for act, looks, purpose in acts:
        before, asked, spent = (world.called(), world.rows()), len(world.provider.requests), _spent()

        act(desk, someone)

        tools, *others = world.called()
        assert ([tools - looks, *others], world.rows()) == before, purpose
        assert [name for name, _ in world.tools.called[before[0][0] :]] == ["look"] * looks
        more = {name: number - spent.get(name, 0) for name, number in _spent().items()}
        requests = len(world.provider.requests) - asked
        assert requests and {name: number for name, number in more.items() if number} == {purpose: requests}


def _spent() -> dict[str, int]:
    """The requests to models, by what they were for."""
    found: dict[str, int] = {}
    for purpose, number in Usage.objects.values_list("purpose", "requests"):
        found[purpose] = found.get(purpose, 0) + number
    return found
