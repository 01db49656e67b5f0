"""What the list of cases can be asked for."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, Queue, Reason
from cases.search.filters import find_cases, read_filter
from cases.work import lifecycle
from runs.models import HumanRequest, Run
from teams.models import Member, Team
from tests.fixtures import Make, take

pytestmark = pytest.mark.django_db


def found(member: Member, **wanted: object) -> list[int]:
    wish = read_filter({name: str(value) for name, value in wanted.items()}, member)
    return list(find_cases(member.team, wish).order_by(*wish.order).values_list("number", flat=True))


def asked(case: Case, of: Member | None) -> None:
    """An agent asks a person about a case."""
    take()
    run = Run.objects.get(case=case)
    HumanRequest.objects.create(
        team_id=run.team_id, run=run, call_id="1", kind="question", question="Which?", assignee=of
    )
    lifecycle.ask(lifecycle.lock(case.pk), Reason.QUESTION, "Which?", agent_id=run.agent_id, run_id=run.pk)


def test_cases_that_need_me_are_asked_of_me_or_of_anyone(
    member: Member, make_member: Make[Member], make_agent: Make[Agent], queue: Queue, make_case: Make[Case]
) -> None:
    make_agent(queue=queue)
    for of in (None, member, make_member()):
        asked(make_case(), of)
    parked, pending = make_case(), make_case()
    lifecycle.park(lifecycle.lock(parked.pk), Reason.LOOP, "Round and round.")
    assert pending.number not in found(member, status="needs_me")
    assert found(member, status="needs_me") == [4, 2, 1]
    HumanRequest.objects.update(status="answered")
    assert found(member, status="needs_me") == [4]


def test_an_agent_has_cases_and_worked_on_others(
    member: Member, make_agent: Make[Agent], queue: Queue, make_case: Make[Case]
) -> None:
    triage, billing = make_agent("Triage", queue=queue), make_agent("Billing", queue=queue)
    make_case(assignee=triage)
    take()
    run = Run.objects.get()
    assert run.case_id
    with_billing = lifecycle.lock(run.case_id)
    lifecycle.hand_over(with_billing, billing, "Money", "", agent_id=triage.pk, run_id=run.pk)
    assert (found(member, agent=billing.pk), found(member, worked=triage.pk)) == ([1], [1])
    assert (found(member, agent=triage.pk), found(member, worked=billing.pk)) == ([], [])


def test_cases_are_found_by_age_and_label(member: Member, make_case: Make[Case]) -> None:
    make_case(labels=["mail", "it's \\ urgent"])
    make_case(labels=["mail"])
    Case.objects.filter(number=1).update(created_at=timezone.now() - timedelta(days=8))
    assert (found(member, age="over-week"), found(member, age="last-hour")) == ([1], [2])
    assert (found(member, label="mail"), found(member, label="it's \\ urgent")) == ([2, 1], [1])
    assert found(member, label="ma") == []
    assert found(member, label="mail", q="case", age="last-week") == [2]


@pytest.mark.parametrize(
    ("sort", "numbers"), [("newest", [3, 2, 1]), ("oldest", [1, 2, 3]), ("moved", [2, 3, 1]), ("priority", [1, 3, 2])]
)
def test_cases_are_sorted_and_come_in_pages_so(
    signed_in: Client, member: Member, make_case: Make[Case], sort: str, numbers: list[int]
) -> None:
    for priority in (2, 0, 1):
        make_case(priority=priority)
    now = timezone.now()
    for seconds, number in enumerate([1, 3, 2]):
        Case.objects.filter(number=number).update(moved_at=now + timedelta(seconds=seconds))
    assert found(member, sort=sort) == numbers
    for _ in range(60):
        make_case(priority=1)
    first = signed_in.get(reverse("cases"), {"sort": sort}).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = signed_in.get(reverse("cases") + older[1].replace("&amp;", "&")).content.decode()
    shown = re.findall(r'<tr id="case-([0-9a-f-]+)"', first) + re.findall(r'<tr id="case-([0-9a-f-]+)"', second)
    assert len(shown) == len(set(shown)) == 63


@pytest.mark.parametrize("name", ["status", "reason", "queue", "agent", "worked", "priority", "age"])
@pytest.mark.parametrize("value", ["nonsense", "\x00", "'", "١", "67ced9e1-cc38-4095-9c46-72274a9d0a00"])
def test_what_makes_no_sense_finds_nothing(member: Member, make_case: Make[Case], name: str, value: str) -> None:
    make_case()
    assert found(member, **{name: value}) == []


def test_every_filter_stays_in_the_team(
    member: Member, make_team: Make[Team], make_queue: Make[Queue], make_agent: Make[Agent], make_case: Make[Case]
) -> None:
    strangers = make_team()
    queue = make_queue(of=strangers)
    agent = make_agent(of=strangers, queue=queue)
    case = make_case("Theirs", in_queue=queue, labels=["mail"], priority=2, assignee=agent)
    for wanted in (
        {"q": "theirs"},
        {"q": f"#{case.number}"},
        {"label": "mail"},
        {"queue": queue.pk},
        {"agent": agent.pk},
        {"priority": 2},
    ):
        assert found(member, **wanted) == []


def test_a_filter_that_is_set_can_be_taken_away_alone(signed_in: Client, queue: Queue, make_case: Make[Case]) -> None:
    make_case("<b>Refund</b>", data={"text": "The refund <i>of</i> May"})
    query = {"q": "refund", "status": "open", "queue": str(queue.pk), "sort": "oldest", "cursor": "x"}
    body = signed_in.get(reverse("cases"), query).content.decode()
    assert 'aria-label="State: Open, remove"' in body
    assert f'href="/cases/?q=refund&amp;status=open&amp;sort=oldest" aria-label="Queue: {queue.name}, remove"' in body
    assert "&lt;b&gt;<mark>Refund</mark>&lt;/b&gt;" in body
    assert "The <mark>refund</mark> &lt;i&gt;of&lt;/i&gt; May" in body
