"""The inbox."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, Queue
from runs.engine import human_requests
from runs.models import HumanRequest, Run
from runs.people import moves
from teams.audit.actors import Actor
from teams.models import Member, Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call

pytestmark = pytest.mark.django_db

SOMEONE = Actor("Someone")


@pytest.fixture
def clerk(scripted: Provider, make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Clerk", queue=queue)


@pytest.fixture
def make_question(make_run: Make[Run], make_agent: Make[Agent]) -> Make[HumanRequest]:
    """An open question of a waiting run."""
    made: list[HumanRequest] = []

    def make(question: str = "Which one?", agent: Agent | None = None, **fields: object) -> HumanRequest:
        run = make_run(agent or make_agent(), status="waiting", input="A customer writes")
        about = {"call_id": str(len(made)), "kind": "question", **fields}
        made.append(HumanRequest.objects.create(team_id=run.team_id, run=run, question=question, **about))
        return made[-1]

    return make


def inbox(client: Client, **query: Any) -> str:
    response = client.get(reverse("inbox"), query)
    assert response.status_code == 200
    return response.content.decode()


def shown(client: Client, **query: Any) -> list[str]:
    return re.findall(r'id="request-([0-9a-f-]+)"', inbox(client, **query))


def test_an_empty_inbox_says_what_comes_here(signed_in: Client) -> None:
    assert "No open requests" in inbox(signed_in)
    assert "Nothing is assigned to you" in inbox(signed_in, show="mine")
    assert "Nothing answered yet" in inbox(signed_in, show="answered")
    assert "No matching requests" in inbox(signed_in, q="nothing")


def test_what_agents_ask_stands_there_with_its_case_and_run(
    signed_in: Client, scripted: Provider, clerk: Agent, make_case: Make[Case]
) -> None:
    case = make_case("Refund for Ann", assignee=clerk)
    scripted.answers(call("request_approval", title="Refund 40 €", details="Amount: 40.00 EUR"))
    run = work_next()
    html = inbox(signed_in)
    for words in ("Clerk", "asks for approval", "Refund 40 €", "Amount: 40.00 EUR", "Refund for Ann", "Do not approve"):
        assert words in html
    assert reverse("case", args=[case.pk]) in html and reverse("run", args=[run.pk]) in html


def test_what_waits_longest_comes_first_and_what_was_answered_last(
    signed_in: Client, make_question: Make[HumanRequest]
) -> None:
    first, second, third = make_question(), make_question(), make_question()
    assert shown(signed_in) == [str(row.pk) for row in (first, second, third)]
    for row in (second, first):
        human_requests.answer(row, "A", SOMEONE)
    assert shown(signed_in) == [str(third.pk)]
    assert shown(signed_in, show="answered") == [str(row.pk) for row in (first, second)]


def test_a_request_is_taken_on_given_to_another_and_given_back(
    signed_in: Client, member: Member, make_member: Make[Member], make_question: Make[HumanRequest]
) -> None:
    question, other = make_question(), make_member()

    def assign(to: Member | None) -> HumanRequest:
        signed_in.post(reverse("assign", args=[question.pk]), {"member": to.pk if to else ""})
        question.refresh_from_db()
        return question

    assert assign(member).assignee == member
    assert shown(signed_in, show="mine") == [str(question.pk)]
    assert "Assigned to you." in inbox(signed_in)
    assert assign(other).assignee == other
    assert shown(signed_in, show="mine") == []
    assert f"{other.user} is assigned." in " ".join(inbox(signed_in).split())
    assert assign(None).assignee is None


def test_a_request_goes_to_members_of_the_team_only_and_to_those_who_may_answer(
    signed_in: Client, make_team: Make[Team], make_member: Make[Member], make_question: Make[HumanRequest]
) -> None:
    question, stranger, viewer = make_question(), make_member(of=make_team()), make_member(role="viewer")
    for wrong in (stranger.pk, viewer.pk, "x"):
        response = signed_in.post(reverse("assign", args=[question.pk]), {"member": wrong}, follow=True)
        assert "not a member of the team" in response.content.decode()
    question.refresh_from_db()
    assert question.assignee is None


def test_what_was_answered_in_the_meantime_is_not_taken_on(
    signed_in: Client, member: Member, make_question: Make[HumanRequest]
) -> None:
    question = make_question()
    human_requests.answer(question, "A", SOMEONE)
    response = signed_in.post(reverse("assign", args=[question.pk]), {"member": member.pk}, follow=True)
    assert "answered or closed in the meantime" in response.content.decode()


def test_requests_are_searched(signed_in: Client, make_question: Make[HumanRequest], make_agent: Make[Agent]) -> None:
    plan = make_question("Which plan?")
    refund = make_question("May I?", make_agent("Billing"), details="A refund of 40 EUR", kind="approval")
    assert shown(signed_in, q="plan which") == [str(plan.pk)]
    assert shown(signed_in, q="refund") == shown(signed_in, q="billing") == [str(refund.pk)]
    assert shown(signed_in, q="plan refund") == []


def test_requests_of_a_case_are_found_by_its_number(
    signed_in: Client, scripted: Provider, clerk: Agent, make_case: Make[Case]
) -> None:
    case = make_case("Refund for Ann", assignee=clerk)
    scripted.answers(call("ask_person", question="Which one?"))
    work_next()
    assert len(shown(signed_in, q=f"#{case.number}")) == len(shown(signed_in, q="ann")) == 1
    moves.complete(case, "", SOMEONE)
    assert "Someone completed the case." in inbox(signed_in, show="answered")


def test_the_navigation_counts_what_is_open(signed_in: Client, make_question: Make[HumanRequest]) -> None:
    count = reverse("inbox_count")
    assert "count-badge" not in inbox(signed_in)
    question = make_question()
    make_question()
    assert re.search(r'count-badge">\s*2', inbox(signed_in))
    human_requests.answer(question, "A", SOMEONE)
    answer = signed_in.get(count, {"place": "bar"}).content.decode()
    assert 'id="inbox-count-bar"' in answer and re.search(r'count-badge">\s*1', answer)


def test_what_is_late_says_so(signed_in: Client, make_question: Make[HumanRequest]) -> None:
    make_question(due_at=timezone.now() - timedelta(hours=2))
    make_question(due_at=timezone.now() + timedelta(hours=2))
    html = inbox(signed_in)
    assert "Was due" in html and "Due <live-time>" in html


def test_many_requests_are_shown_in_pages(signed_in: Client, make_question: Make[HumanRequest], make_agent) -> None:
    agent = make_agent()
    rows = [make_question(agent=agent) for _ in range(21)]
    assert shown(signed_in) == [str(row.pk) for row in rows[:20]]
    [older] = re.findall(r'rel="next" href="\?([^"]*)"', inbox(signed_in))
    response = signed_in.get(reverse("inbox") + "?" + older.replace("&amp;", "&"))
    assert str(rows[20].pk) in response.content.decode()


@pytest.mark.parametrize("show", ["open", "mine", "answered"])
def test_the_inbox_asks_as_often_for_many_requests_as_for_one(
    signed_in: Client, member: Member, make_member: Make[Member], make_question: Make[HumanRequest], show: str
) -> None:
    others = [make_member() for _ in range(3)]

    def queries(rows: int) -> int:
        for number in range(rows):
            question = make_question(assignee=member if show == "mine" else others[number % 3])
            if show == "answered":
                human_requests.answer(question, "A", SOMEONE)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            inbox(signed_in, show=show)
        return len(caught)

    assert queries(1) == queries(8)


# --- Due times -------------------------------------------------------------------------------


def test_one_request_gets_another_due_time(signed_in: Client, make_question: Make[HumanRequest]) -> None:
    question = make_question(due_at=timezone.now() - timedelta(hours=1), passed_on_at=timezone.now())
    address = reverse("question_due", args=[question.pk])
    signed_in.post(address, {"preset": "hour"})
    question.refresh_from_db()
    assert question.due_at and timedelta(minutes=59) < question.due_at - timezone.now() < timedelta(hours=1)
    assert question.passed_on_at is None
    signed_in.post(address, {"until": "2036-05-01T08:00"})
    question.refresh_from_db()
    assert question.due_at and question.due_at.isoformat() == "2036-05-01T08:00:00+00:00"
    signed_in.post(address, {"preset": "never"})
    question.refresh_from_db()
    assert question.due_at is None


@pytest.mark.parametrize(
    ("sent", "told"),
    [({"until": "2020-01-01T08:00"}, "in the future"), ({"until": "soon"}, "a date"), ({}, "Choose a time")],
)
def test_a_due_time_that_makes_no_sense_is_refused(
    signed_in: Client, make_question: Make[HumanRequest], sent: dict[str, str], told: str
) -> None:
    question = make_question()
    assert told in signed_in.post(reverse("question_due", args=[question.pk]), sent, follow=True).content.decode()
    question.refresh_from_db()
    assert question.due_at is None


def test_what_was_answered_gets_no_due_time(signed_in: Client, make_question: Make[HumanRequest]) -> None:
    question = make_question(status="answered")
    page = signed_in.post(reverse("question_due", args=[question.pk]), {"preset": "hour"}, follow=True)
    assert "answered or closed in the meantime" in page.content.decode()
