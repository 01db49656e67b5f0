"""The wiring doctor: what it finds, and that each of its buttons fixes it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from builder.models import Agent
from builder.procedures import mentions, needs
from builder.procedures.targets import DELETED, OK, SELF, UNAVAILABLE, Target
from builder.wiring import doctor
from builder.wiring.doctor import examine, own_tools
from builder.wiring.findings import HINT, RED, WARNING, Finding
from builder.wiring.wiring import Facts, Onward, QueueWork, reaches

ENDS = "Complete the case when it is paid. "


def agent(name: str = "Triage", description: str = "", **fields: Any) -> Agent:
    return Agent(name=name, description=description, **fields)


def queue(name: str = "Support", paused: bool = False, data_schema: Any = None) -> Any:
    return SimpleNamespace(pk=uuid4(), name=name, is_paused=paused, data_schema=data_schema, replies=False)


TRIAGE, BILLING, TECH = agent(), agent("Billing"), agent("Tech")
SUPPORT, SALES = queue(), queue("Sales")
GOOD = Facts(
    TRIAGE,
    ENDS,
    works=frozenset([SUPPORT.pk]),
    targets=[Target(BILLING, OK)],
    queues=[QueueWork(SUPPORT, takers=1)],
    consumed={BILLING.pk: frozenset([SUPPORT.pk])},
)


def codes(facts: Facts) -> list[str]:
    return [finding.code for finding in examine(facts)]


def only(facts: Facts) -> Finding:
    [finding] = examine(facts)
    return finding


def kinds(finding: Finding) -> list[tuple[str, Any, Any]]:
    return [(fix.kind, fix.agent, fix.queue) for fix in finding.fixes]


def states(facts: Facts) -> tuple[str, str]:
    [reach] = reaches(facts)
    return reach.cases, reach.alone


def test_nothing_is_wrong_with_good_wiring() -> None:
    assert examine(GOOD) == []
    assert states(GOOD) == ("Takes cases from Support", "Starts a new run")


def test_a_deleted_target_is_red_and_can_be_removed_or_replaced() -> None:
    facts = replace(GOOD, targets=[Target(BILLING, DELETED), Target(TECH, DELETED)])
    finding = only(facts)
    assert (finding.code, finding.tone, finding.blocking) == ("deleted_target", RED, True)
    assert "@Billing and @Tech" in finding.message
    assert [(fix.kind, fix.agent) for fix in finding.fixes] == [
        ("remove", BILLING),
        ("replace", BILLING),
        ("remove", TECH),
        ("replace", TECH),
    ]
    assert doctor.reds(facts) == [finding]
    assert {(reach.cases_tone, reach.alone_tone) for reach in reaches(facts)} == {(RED, RED)}


def test_a_mention_of_nobody_is_red() -> None:
    finding = only(replace(GOOD, unknown=["Stranger"]))
    assert (finding.code, finding.tone) == ("unknown_mention", RED)
    assert "@Stranger" in finding.message


def test_a_target_without_the_queue_can_be_connected_or_removed() -> None:
    facts = replace(GOOD, targets=[Target(BILLING, UNAVAILABLE, "Billing works none.")], consumed={})
    finding = only(facts)
    assert (finding.code, finding.tone) == ("target_unavailable", WARNING)
    assert kinds(finding) == [("connect", BILLING, SUPPORT), ("remove", BILLING, None)]
    assert states(facts) == ("None: it does not work Support", "Starts a new run")


def test_a_target_that_works_only_some_of_the_queues_is_hinted_at() -> None:
    works = frozenset([SUPPORT.pk, SALES.pk])
    facts = replace(GOOD, works=works, queues=[QueueWork(SUPPORT, 1), QueueWork(SALES, 1)])
    finding = only(facts)
    assert (finding.code, finding.tone) == ("target_on_other_queue", HINT)
    assert kinds(finding) == [("connect", BILLING, SALES)]
    assert states(facts)[0] == "Takes cases from Support only"


def test_a_paused_target_can_be_resumed() -> None:
    paused = agent("Billing", paused_at=timezone.now(), id=BILLING.pk)
    facts = replace(GOOD, targets=[Target(paused, OK)])
    finding = only(facts)
    assert (finding.code, finding.tone) == ("target_paused", WARNING)
    assert kinds(finding) == [("resume", paused, None)]
    assert states(facts) == ("Wait until it is resumed", "None while it is paused")


def test_a_target_that_is_blocked_itself_is_opened() -> None:
    facts = replace(GOOD, blocked=frozenset([BILLING.pk]))
    assert kinds(only(facts)) == [("open", BILLING, None)]
    assert states(facts) == ("Wait: it mentions a deleted agent", "None: it mentions a deleted agent")


def test_the_agent_itself_is_no_target() -> None:
    facts = replace(GOOD, targets=[Target(TRIAGE, SELF)])
    assert only(facts).code == "self_mention"
    assert states(facts) == ("It has them already", "Never starts itself")


def test_an_agent_without_a_queue_has_no_cases_to_hand_over() -> None:
    facts = replace(GOOD, works=frozenset(), queues=[])
    assert examine(facts) == []
    assert states(facts)[0] == "This agent works no queue"


def test_a_queue_that_nobody_works_gets_an_agent() -> None:
    finding = only(replace(GOOD, feeds=frozenset([SALES.pk]), queues=[*GOOD.queues, QueueWork(SALES)]))
    assert (finding.code, finding.tone) == ("no_consumer", WARNING)
    assert kinds(finding) == [("tick", TRIAGE, SALES), ("choose", None, SALES)]


def test_a_queue_whose_only_agent_is_paused_gets_it_back() -> None:
    paused = agent("Billing", paused_at=timezone.now())
    fed = replace(GOOD, feeds=frozenset([SALES.pk]), queues=[QueueWork(SALES, idle=(paused,))])
    assert kinds(only(fed)) == [("resume", paused, None)]
    itself = replace(GOOD, agent=agent(paused_at=timezone.now()), queues=[QueueWork(SUPPORT)])
    assert kinds(only(itself)) == [("resume", itself.agent, None)]
    blocked = replace(fed, queues=[QueueWork(SALES, idle=(BILLING,))])
    assert kinds(only(blocked)) == [("open", BILLING, None)]


def test_the_agent_itself_counts_as_one_that_works_its_queue() -> None:
    assert examine(replace(GOOD, queues=[QueueWork(SUPPORT)])) == []
    # What holds it up is said already.
    gone = replace(GOOD, queues=[QueueWork(SUPPORT)], targets=[Target(BILLING, DELETED)])
    assert codes(gone) == ["deleted_target"]


def test_a_paused_queue_can_be_resumed() -> None:
    resting = queue(paused=True)
    facts = replace(GOOD, works=frozenset([resting.pk]), queues=[QueueWork(resting, 1)], targets=[])
    assert kinds(only(facts)) == [("resume_queue", None, resting)]


def test_an_agent_that_nothing_comes_to_is_hinted_at() -> None:
    facts = replace(GOOD, works=frozenset(), queues=[], is_reached=False, offered=[SUPPORT, SALES])
    finding = only(facts)
    assert (finding.code, finding.tone) == ("unreachable", HINT)
    assert kinds(finding) == [("tick", TRIAGE, SUPPORT), ("tick", TRIAGE, SALES)]
    assert codes(replace(facts, is_reached=True)) == []
    assert codes(replace(GOOD, is_reached=False)) == []


def onward(one: Agent, *targets: Agent, completes: bool = False) -> dict[UUID, Onward]:
    return {one.pk: Onward(one, frozenset(target.pk for target in targets), completes)}


@pytest.mark.parametrize(
    ("text", "others", "found"),
    [
        ("", onward(BILLING, TRIAGE), True),
        ("", onward(BILLING, TECH) | onward(TECH, TRIAGE), True),
        ("", onward(BILLING, TECH, TRIAGE) | onward(TECH, BILLING), True),
        (ENDS, onward(BILLING, TRIAGE), False),
        ("", onward(BILLING, TRIAGE, completes=True), False),
        ("", onward(BILLING, TECH, TRIAGE) | onward(TECH, TRIAGE, completes=True), False),
        # An agent that hands over to no one ends the case somehow.
        ("", onward(BILLING, TECH, TRIAGE) | onward(TECH), False),
        # The others go round, this one only leads there: it is said on their pages.
        ("", onward(BILLING, TECH) | onward(TECH, BILLING), False),
        ("", {}, False),
    ],
)
def test_a_cycle_with_no_way_out_is_found(text: str, others: dict[UUID, Onward], found: bool) -> None:
    facts = replace(GOOD, text=text, onward=others, works=frozenset(), queues=[])
    assert codes(facts) == (["endless_cycle"] if found else [])


def test_a_forbidden_mention_still_grants_and_can_become_a_plain_name() -> None:
    facts = replace(GOOD, text=f"{ENDS}Never hand over to {mentions.token(BILLING.pk, 'Billing')}.")
    finding = only(facts)
    assert (finding.code, finding.tone) == ("forbidden_mention", HINT)
    assert kinds(finding) == [("unmention", BILLING, None)]
    meant = replace(facts, text=f"{facts.text} Refunds go to {mentions.token(BILLING.pk, 'Billing')}.")
    assert examine(meant) == []


def test_targets_with_nearly_the_same_description_are_hinted_at() -> None:
    one = agent("Billing", "Refunds, invoices and double charges.")
    other = agent("Accounts", "Invoices, double charges and refunds")
    third = agent("Tech", "Crashes and errors in the app.")
    unavailable = replace(GOOD, works=frozenset(), queues=[])
    finding = only(replace(unavailable, targets=[Target(one, OK), Target(third, OK), Target(other, OK)]))
    assert (finding.code, finding.tone) == ("alike_targets", HINT)
    assert kinds(finding) == [("open", one, None), ("open", other, None)]
    assert examine(replace(unavailable, targets=[Target(agent("A"), OK), Target(agent("B"), OK)])) == []


def test_a_queue_agent_says_when_a_case_is_complete() -> None:
    assert only(replace(GOOD, text="Help them.")).code == "no_completion"
    assert "empty" in only(replace(GOOD, text=" \n")).message
    assert examine(replace(GOOD, text="Help them.", works=frozenset(), queues=[])) == []


def test_the_worst_comes_first() -> None:
    facts = replace(
        GOOD,
        text="Help.",
        targets=[Target(BILLING, UNAVAILABLE, "None."), Target(TECH, DELETED)],
    )
    assert [finding.tone for finding in examine(facts)] == [RED, WARNING, HINT]


def test_likeness_is_that_of_the_database(db: None) -> None:
    one, other = "Refunds, invoices and double charges.", "Invoices; Refunds & more"
    with connection.cursor() as cursor:
        cursor.execute("select similarity(%s, %s)", [one, other])
        assert doctor.likeness(one, other) == pytest.approx(cursor.fetchone()[0])
    assert doctor.likeness("", other) == 0


def _tool(server: Any, **fields: Any) -> Any:
    return SimpleNamespace(server_id=server.name, server=server, **{"obstacle": "", **fields})


def test_more_tools_than_providers_take_are_a_finding() -> None:
    bank = SimpleNamespace(name="Bank", left_out=0)
    own = own_tools(feeds=False, targets=True, may_ask=TRIAGE.may_ask, replies=False)
    fitting = [_tool(bank) for _ in range(128 - own)]
    assert examine(replace(GOOD, tools=fitting)) == []
    assert examine(replace(GOOD, tools=[*fitting, _tool(bank, obstacle="Switched off")])) == []
    finding = only(replace(GOOD, tools=[*fitting, _tool(bank), _tool(bank)]))
    assert (finding.code, finding.tone, finding.blocking) == ("too_many_tools", "warning", False)
    assert "take 128 in all" in finding.message and "the last 2 by name" in finding.message


def test_a_server_with_more_tools_than_baton_lists_is_a_hint() -> None:
    bank = SimpleNamespace(name="Bank", left_out=1203)
    finding = only(replace(GOOD, tools=[_tool(bank), _tool(bank)]))
    assert (finding.code, finding.tone) == ("tools_left_out", "info")
    assert "Bank has 1,203 tools more" in finding.message


def test_a_field_that_the_sender_can_hardly_bring_is_worth_a_look() -> None:
    told = queue(data_schema={"properties": {"order_no": {}, "message": {}}})
    needed = {BILLING.pk: needs.read("NEEDS\n- order number\n- amount: number\n- plan (optional)").needs}
    facts = replace(GOOD, works=frozenset([told.pk]), queues=[QueueWork(told, takers=1)], needed=needed)
    facts = replace(facts, consumed={BILLING.pk: facts.works})
    finding = only(facts)
    assert (finding.code, finding.tone) == ("hard_to_bring", HINT)
    assert finding.message.startswith("Billing needs “amount”, which neither the cases of Support, nor a source,")
    assert codes(replace(facts, mapped={told.pk: {"invoice.amount"}})) == []
    reads: Any = SimpleNamespace(mark="read_only", server_id=1, server=SimpleNamespace(left_out=0), obstacle="")
    assert codes(replace(facts, tools=[reads])) == []
    both = [QueueWork(told, takers=1), QueueWork(anything := queue(), takers=1)]
    works = frozenset([told.pk, anything.pk])
    assert codes(replace(facts, works=works, queues=both, consumed={BILLING.pk: works})) == []
