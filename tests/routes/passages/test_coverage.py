"""What each sentence of a procedure did."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import save_agent
from builder.models import Agent
from builder.procedures.mentions import token
from cases.models import Case, Queue
from routes.checks.candidates import check_change
from routes.corrections import corrections
from routes.passages.coverage import Counts, Coverage, coverage
from routes.routing_tests import routing_tests
from runs.models import Handover, Run
from teams.audit.actors import BATON, Actor
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call
from tests.routes.conftest import work_tests

pytestmark = pytest.mark.django_db


@pytest.fixture
def billing(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", queue=queue)


@pytest.fixture
def support(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Support", queue=queue)


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, billing: Agent, support: Agent) -> Agent:
    to_billing, to_support = token(billing.pk, "Billing"), token(support.pk, "Support")
    items = [f"Refunds: {to_billing}", f"Invoices: {to_billing}", f"Errors: {to_support}", f"Logins: {to_support}"]
    aop = "\n".join(["Be kind.", *(f"{number}. {item}" for number, item in enumerate(items, 1))])
    return save_agent(make_agent("Triage", queue=queue), aop=aop)


@pytest.fixture
def hand_over(scripted: Provider, make_case: Make[Case]) -> Make[Run]:
    def make(triage: Agent, target: str, mark: str) -> Run:
        handing = call("request_handover", target=target, reason="So it is.", because=mark)
        scripted.answers(handing, call("complete_case", summary="Done"))
        make_case("A case", assignee=triage)
        run = work_next()
        work_next()
        return run

    return make


def read(agent: Agent, days: int = 30) -> Coverage:
    return coverage(agent, timezone.now() - timedelta(days=days))


def told(found: Coverage) -> dict[str, tuple[Counts, Counts]]:
    return {one.passage.text: (one.now, one.before) for one in found.routing}


def test_each_sentence_counts_what_it_routed_and_the_others_are_unused(
    triage: Agent, support: Agent, hand_over: Make[Run], someone: Actor
) -> None:
    hand_over(triage, "billing", "m1")
    hand_over(triage, "support", "m3")
    wrong = hand_over(triage, "billing", "m1")
    corrections.correct(corrections.of_handover(wrong.handover), support, "", someone)
    assert told(read(triage)) == {
        "Refunds: @Billing": (Counts(2, 0, 1), Counts()),
        "Invoices: @Billing": (Counts(), Counts()),
        "Errors: @Support": (Counts(1), Counts()),
        "Logins: @Support": (Counts(), Counts()),
    }
    assert [one.passage.text for one in read(triage).unused] == ["Invoices: @Billing", "Logins: @Support"]
    Handover.objects.update(applied_at=timezone.now() - timedelta(days=8))
    assert len(read(triage, days=7).unused) == 4


def test_a_reworded_sentence_keeps_its_past_apart_and_a_moved_one_as_its_own(
    triage: Agent, hand_over: Make[Run]
) -> None:
    hand_over(triage, "billing", "m1")
    hand_over(triage, "support", "m3")
    hand_over(triage, "support", "m4")
    aop = triage.live_revision.aop
    kind, refunds, _, errors, _ = aop.split("\n")
    save_agent(triage, aop="\n".join([errors, refunds.replace("Refunds", "Refunds, money"), kind]))
    found = read(triage)
    assert told(found) == {
        "Errors: @Support": (Counts(1), Counts()),
        "Refunds, money: @Billing": (Counts(), Counts(1)),
    }
    assert (found.elsewhere, found.unknown, found.unused) == (Counts(1), Counts(), [])
    hand_over(triage, "billing", "")
    save_agent(triage, aop=aop)
    assert told(read(triage))["Refunds: @Billing"] == (Counts(1), Counts(1))


def test_a_handover_without_a_known_sentence_counts_for_none(triage: Agent, hand_over: Make[Run]) -> None:
    hand_over(triage, "billing", "")
    assert (read(triage).unknown, len(read(triage).unused)) == (Counts(1), 4)


def test_the_queries_do_not_grow_with_the_sentences(triage: Agent, hand_over: Make[Run]) -> None:
    hand_over(triage, "billing", "m1")
    with CaptureQueriesContext(
        connection,
    ) as few:
        read(Agent.objects.get(pk=triage.pk))
    hand_over(triage, "support", "m3")
    with CaptureQueriesContext(connection) as more:
        read(Agent.objects.get(pk=triage.pk))
    assert len(few) == len(more)


def test_the_page_leads_from_a_sentence_to_its_handovers(
    signed_in: Client, triage: Agent, hand_over: Make[Run]
) -> None:
    run = hand_over(triage, "billing", "m1")
    other = hand_over(triage, "billing", "m2")
    page = signed_in.get(reverse("agent_passages", args=[triage.pk])).content.decode()
    assert "2 not used" in " ".join(page.split())
    [link, _] = re.findall(r'href="(/map/handovers/[^"]*)"', page)
    shown = signed_in.get(link.replace("&amp;", "&")).content.decode()
    assert str(run.pk) in shown and str(other.pk) not in shown
    assert "By “Refunds: @Billing”" in shown
    both = signed_in.get(f"{link}&passage={triage.live_revision.aop.index('Invoices')}".replace("&amp;", "&"))
    assert all(str(one.pk) in both.content.decode() for one in (run, other))
    assert "By “Refunds: @Billing” or “Invoices: @Billing”" in both.content.decode()
    counts = signed_in.get(reverse("agent_passage_counts", args=[triage.pk])).json()["items"]
    assert [(one["now"][0], one["unused"]) for one in counts] == [(1, False), (1, False), (0, True), (0, True)]


def test_a_sentence_counts_the_routing_tests_that_it_decided(
    scripted: Provider, triage: Agent, billing: Agent, queue: Queue
) -> None:
    scripted.script = lambda request: call("request_handover", target="billing", reason="So it is.", because="m2")
    about: dict[str, Any] = {"data": {}, "labels": [], "priority": Case.Priority.NONE, "queue": queue, "name": ""}
    expected = [{"decision": "hand_over", "agent_id": billing.pk}]
    routing_tests.add_case_test(triage, title="One", expected=expected, source="typed", by=BATON, **about)
    check_change(triage, BATON, repetitions=3)
    work_tests()
    assert told(read(triage))["Invoices: @Billing"] == (Counts(tests=1), Counts())
    assert len(read(triage).unused) == 3
