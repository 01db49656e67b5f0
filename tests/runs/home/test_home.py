from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, save_agent
from builder.models import Agent
from cases.models import Case, Queue, Reason
from cases.work import lifecycle
from runs.home import views
from runs.home.views import Flow
from runs.models import Handover, HumanRequest, Run
from teams.models import Member, Team

type Make = Callable[..., Any]


@pytest.fixture
def make_handover(make_run: Make, make_agent: Make) -> Make:
    """One that was applied, of a run on `case` or a standalone one, by default just now."""

    def make(target: Agent | None = None, minutes_ago: int = 0, **fields: Any) -> Handover:
        case: Case | None = fields.pop("case", None)
        source = fields.pop("source", None) or make_agent()
        run = make_run(
            source, case=case, queue=case and case.queue, status="completed", outcome="handed_over", **fields
        )
        return Handover.objects.create(
            team_id=run.team_id,
            source=run,
            source_agent=run.agent,
            target=target or make_agent(),
            target_name="as it was called",
            reason="It is about money",
            status=Handover.Status.APPLIED,
            applied_at=timezone.now() - timedelta(minutes=minutes_ago),
        )

    return make


@pytest.fixture
def make_question(make_run: Make) -> Make:
    def make(words: str = "Which one?", **fields: Any) -> HumanRequest:
        run: Run = make_run(status="waiting", **fields)
        return HumanRequest.objects.create(
            team_id=run.team_id, run=run, call_id="1", kind=HumanRequest.Kind.QUESTION, question=words
        )

    return make


@pytest.fixture
def park(db: None) -> Callable[..., None]:
    def park(case: Case, reason: Reason = Reason.NO_OUTCOME, detail: str = "") -> None:
        lifecycle.park(lifecycle.lock(case.pk), reason, detail)

    return park


def shown(client: Client) -> str:
    response = client.get("/")
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


# --- What is going on ------------------------------------------------------------------------


def test_the_flow_counts_what_happened_since_then(team: Team, make_case: Make, make_agent: Make) -> None:
    handed_over, completed, _ = (make_case() for _ in range(3))
    agent, run_id = make_agent(), handed_over.pk
    for case in (handed_over, completed):
        lifecycle.start(case, agent, run_id, 1)
    lifecycle.hand_over(handed_over, make_agent(), "why", "", agent_id=agent.pk, run_id=run_id)
    lifecycle.complete(completed, "Done")
    now = timezone.now()
    hour = timedelta(hours=1)
    assert views.flow(team, now - hour, now + hour) == Flow(created=3, handed_over=1, completed=1, failed=0)
    assert views.flow(team, now + hour, now + 2 * hour) == Flow()
    assert views.flow(team, now - 2 * hour, now - hour) == Flow()


def test_the_latest_handovers_come_first_with_case_names_and_reason(
    signed_in: Client, team: Team, make_case: Make, make_agent: Make, make_handover: Make
) -> None:
    case, triage, billing = make_case("Charged twice"), make_agent("Triage"), make_agent("Billing")
    old = make_handover(minutes_ago=5, input="Please refund me")
    new = make_handover(billing, case=case, source=triage)
    assert views.latest_handovers(team) == [new, old]
    text = shown(signed_in)
    for words in ("Charged twice", "Triage", "Billing", "It is about money", "Please refund me"):
        assert words in text
    assert reverse("case", args=[case.pk]) in text
    assert reverse("run", args=[old.source_id]) in text


def test_only_handovers_that_were_applied_are_shown(team: Team, make_handover: Make) -> None:
    handover = make_handover()
    Handover.objects.update(status=Handover.Status.CANCELLED)
    assert handover not in views.latest_handovers(team)


def test_a_deleted_agent_is_still_named(signed_in: Client, make_agent: Make, make_handover: Make) -> None:
    gone = make_agent("Gone Desk")
    make_handover(gone)
    delete_agent(gone)
    assert "Gone Desk" in shown(signed_in)


# --- What waits for a person -----------------------------------------------------------------


def test_cases_and_questions_wait_in_one_list_the_oldest_first(
    signed_in: Client, team: Team, make_case: Make, make_agent: Make, make_question: Make, park: Make
) -> None:
    asked = make_case("Two cards", assignee=make_agent("Triage"))
    park(asked, Reason.QUESTION, "Which card?")
    question = make_question("Shall I?", input="A letter")
    stuck = make_case("Nobody knows")
    park(stuck)
    found = views.waiting(team)
    assert [item.title for item in found.items] == [str(asked), "A letter", str(stuck)]
    assert (found.count, found.more) == (3, 0)
    text = shown(signed_in)
    for words in ("Triage asks: Which card?", "Shall I?", Reason.NO_OUTCOME.label):
        assert words in text
    for address in (reverse("case", args=[asked.pk]), reverse("run", args=[question.run_id])):
        assert address in text


def test_an_approval_is_asked_for_and_a_question_is_asked(
    signed_in: Client, make_case: Make, make_agent: Make, make_question: Make, park: Make
) -> None:
    case = make_case(assignee=make_agent("Triage"))
    park(case, Reason.APPROVAL, "Refund 900 euros")
    HumanRequest.objects.filter(pk=make_question("Delete it all", agent=make_agent("Cleaner")).pk).update(
        kind="approval"
    )
    text = shown(signed_in)
    assert "Triage asks for approval: Refund 900 euros" in text
    assert "Cleaner asks for approval: Delete it all" in text


def test_a_question_on_a_case_is_one_thing_that_waits(
    team: Team, make_case: Make, make_question: Make, park: Make, queue: Queue
) -> None:
    case = make_case()
    make_question(case=case, queue=queue)
    park(case, Reason.QUESTION, "Which one?")
    assert views.waiting(team).count == 1


def test_many_that_wait_are_counted(signed_in: Client, team: Team, make_case: Make, park: Make) -> None:
    for _ in range(8):
        park(make_case())
    assert (len(views.waiting(team).items), views.waiting(team).more) == (6, 2)
    assert "2 more" in shown(signed_in)


# --- The page --------------------------------------------------------------------------------


def test_an_empty_team_is_told_how_to_begin(signed_in: Client) -> None:
    text = shown(signed_in)
    for words in ("Start with an agent", "You’re all caught up", "No handovers yet"):
        assert words in text


def test_a_newcomer_sees_the_way_of_the_case_handed_over_last(
    signed_in: Client, member: Member, make_case: Make, make_agent: Make, make_handover: Make
) -> None:
    Member.objects.filter(pk=member.pk).update(tips_dismissed_at=None)
    case, triage, billing, refunds = make_case("Charged twice"), *map(make_agent, ("Triage", "Billing", "Refunds"))
    make_handover(billing, 5, case=case, source=triage)
    make_handover(refunds, 3, case=case, source=billing)
    make_handover(minutes_ago=1, input="On no case")
    journey = signed_in.get("/").context["journey"]
    assert (journey.case, [agent.name for agent in journey.agents]) == (case, ["Triage", "Billing", "Refunds"])
    Case.objects.update(deleted_at=timezone.now())
    assert signed_in.get("/").context["journey"] is None
    Case.objects.update(deleted_at=None)
    Member.objects.filter(pk=member.pk).update(tips_dismissed_at=timezone.now())
    assert "Just handed over" not in shown(signed_in)


def test_numbers_are_shown_where_there_is_anything_to_count(signed_in: Client, make_case: Make) -> None:
    assert "Cases today" not in shown(signed_in)
    make_case()
    text = shown(signed_in)
    assert "Added" in text
    assert "Failed" not in text
    assert "yesterday by now" not in text


def test_an_administrator_is_offered_a_model_until_there_is_one(
    signed_in: Client, member: Member, make_agent: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{reverse('model_connect')}?provider=anthropic" in shown(signed_in)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "key")
    assert "offline stand-in" not in shown(signed_in)
    agent = make_agent(model="offline")
    assert "offline stand-in" in shown(signed_in)
    save_agent(agent, model="anthropic:some")
    assert "offline stand-in" not in shown(signed_in)
    save_agent(agent, model="offline")
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    Member.objects.filter(pk=member.pk).update(role=Member.Role.OPERATOR)
    assert "offline stand-in" not in shown(signed_in)


def test_another_team_s_doings_are_not_shown(
    signed_in: Client, team: Team, make_team: Make, make_agent: Make, make_question: Make, make_handover: Make
) -> None:
    theirs = make_agent("Theirs", of=make_team())
    make_question(agent=theirs)
    make_handover(theirs, source=theirs)
    assert views.waiting(team).count == 0
    assert views.latest_handovers(team) == []
    assert "Theirs" not in shown(signed_in)


def test_the_live_part_is_answered_alone(signed_in: Client) -> None:
    text = signed_in.get("/", headers={"HX-Target": "div#now"}).content.decode().strip()
    assert text.startswith('<div id="now" data-live="case:* run:* agent:* queue:*"')


def test_the_page_asks_as_many_questions_for_much_as_for_little(
    signed_in: Client, make_case: Make, make_handover: Make, make_question: Make, make_agent: Make, park: Make
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(signed_in)
        return len(captured)

    def more() -> None:
        make_handover(case=make_case())
        make_handover()
        make_question()
        park(make_case(assignee=make_agent()))

    more()
    few = queries()
    for _ in range(5):
        more()
    assert queries() == few


def test_strangers_are_sent_to_the_sign_in_page(client: Client, db: None) -> None:
    assert client.get("/").headers["Location"].startswith("/sign-in/")
