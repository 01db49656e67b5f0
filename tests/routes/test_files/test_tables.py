"""Routing tests from the rows of a table: each row is looked at before anything is made."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from builder.agents.agents import save_agent
from builder.agents.connections import Consumes
from builder.models import Agent
from cases.models import Queue
from routes.models import RoutingTest
from routes.routing_tests import routing_tests
from teams.models import AuditEntry, Group
from tests.fixtures import Make
from tests.routes.conftest import Desk, desk

__all__ = ["desk"]
pytestmark = pytest.mark.django_db

ROWS = """title,message,expected
A refund,Please give it back,Billing
An outage,Nothing works,Tech; ask
A riddle,Who are you?,Ask a person
"""


def address(agent: Agent) -> str:
    return reverse("tests_import", args=[agent.pk])


def test_each_row_becomes_a_test(desk: Desk, signed_in: Client) -> None:
    file = SimpleUploadedFile("tests.csv", ROWS.encode())
    shown = signed_in.post(address(desk.triage), {"file": file})
    assert shown.status_code == 200 and not RoutingTest.objects.exists()
    assert "Import 3 tests" in " ".join(shown.text.split()) and "Hand over to Tech or Ask a person" in shown.text
    fields = {"text": shown.context["form"]["text"].value(), "act": "import"}
    assert signed_in.post(address(desk.triage), fields)["Location"] == reverse("agent_tests", args=[desk.triage.pk])
    refund, outage, riddle = RoutingTest.objects.order_by("id")
    assert (refund.name, refund.sample["data"], refund.source) == ("A refund", "Please give it back", "imported")
    assert refund.expected == [{"decision": "hand_over", "agent_id": str(desk.billing.pk)}]
    assert outage.expected[1] == {"decision": "ask"} and riddle.expected == [{"decision": "ask"}]
    assert "A riddle" in AuditEntry.objects.get(act="tests_imported").change


def test_unknown_names_are_errors_by_row_and_nothing_is_lost(desk: Desk, signed_in: Client) -> None:
    text = ROWS + "A strike,Now,Nobody\nA mirror,Me,Triage\n,,Tech\nEmpty,Nothing,\n"
    refused = signed_in.post(address(desk.triage), {"text": text, "act": "import"})
    assert refused.status_code == 422 and not RoutingTest.objects.exists()
    assert {flaw.row: flaw.column for flaw in refused.context["flaws"]} == {
        5: "expected",
        6: "expected",
        7: "title",
        8: "expected",
    }
    assert refused.context["form"]["text"].value() == text and "“Nobody” is neither" in refused.text
    signed_in.post(address(desk.triage), {"text": text, "act": "import", "skip_flawed": "on"})
    assert RoutingTest.objects.count() == 3


def test_columns_can_mean_something_else(desk: Desk, signed_in: Client) -> None:
    text = "a,b,c\nTech,An outage,7\nBilling,A refund,8\n"
    guessed = signed_in.post(address(desk.triage), {"text": text, "act": "import"})
    assert guessed.status_code == 422 and "Choose the column with the expected decision." in guessed.text
    roles = {"role-0": "expected", "role-1": "title", "role-2": "field"}
    signed_in.post(address(desk.triage), {"text": text, "act": "import", **roles})
    assert [test.sample["data"] for test in RoutingTest.objects.order_by("id")] == [{"c": "7"}, {"c": "8"}]
    twice = signed_in.post(address(desk.triage), {"text": text, **roles, "role-2": "title"})
    assert "Only one column can be this: title." in twice.text


def test_a_row_can_say_its_queue_and_expect_a_group(desk: Desk, signed_in: Client, make_queue: Make[Queue]) -> None:
    other = make_queue("Other")
    save_agent(desk.triage, consumes=[Consumes(desk.queue.pk), Consumes(other.pk)])
    Group.objects.create(team=desk.triage.team, name="Finance")
    text = "title,queue,expected\nOne,Other,Finance\nTwo,,Tech\nThree,Third,Tech\n"
    refused = signed_in.post(address(desk.triage), {"text": text, "act": "import"})
    assert [(flaw.row, flaw.column) for flaw in refused.context["flaws"]] == [(3, "queue"), (4, "queue")]
    signed_in.post(address(desk.triage), {"text": text, "act": "import", "skip_flawed": "on"})
    test = RoutingTest.objects.get()
    assert test.queue == other and "group_id" in test.expected[0]


def test_an_agent_without_a_queue_gets_standalone_tests(desk: Desk, signed_in: Client, make_agent: Make[Agent]) -> None:
    alone = make_agent("Alone")
    text = "message,expected\nWhat is up?,answer\nWho?,complete\n"
    refused = signed_in.post(address(alone), {"text": text, "act": "import"})
    assert [(flaw.row, flaw.column) for flaw in refused.context["flaws"]] == [(3, "expected")]
    signed_in.post(address(alone), {"text": text, "act": "import", "skip_flawed": "on"})
    assert RoutingTest.objects.get().sample["text"] == "What is up?"


def test_what_is_no_table_and_what_is_too_much_is_refused(
    desk: Desk, signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for wrong in ({}, {"text": "  "}, {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.4")}, {"text": "title,expected\n"}):
        assert signed_in.post(address(desk.triage), {"act": "import", **wrong}).status_code == 422
    monkeypatch.setattr(routing_tests, "MOST", 2)
    refused = signed_in.post(address(desk.triage), {"text": ROWS, "act": "import"})
    assert refused.status_code == 422 and "at most 2 tests" in refused.text and not RoutingTest.objects.exists()
