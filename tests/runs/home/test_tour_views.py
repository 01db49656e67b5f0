import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import delete_agent, save_agent
from builder.models import Agent
from cases.models import Case, Queue
from cases.work.creation import NewCase, add_case
from ops.demo import texts
from ops.demo.seeding import seed_demo
from routes.corrections import corrections
from routes.routing_tests import routing_tests
from runs.home.tour_views import QUEUE, TECHNICAL, TRIAGE, tour_of
from runs.models import Run
from teams.audit.actors import BATON, person
from teams.models import Member
from teams.people import tour_progress
from tests.fixtures import Make, mention

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(db: None) -> Member:
    """To the demo."""
    seed_demo()
    return Member.objects.get(team__is_demo=True)


@pytest.fixture
def browser(newcomer: Member, client: Client) -> Client:
    client.force_login(newcomer.user)
    return client


def done(member: Member) -> list[str]:
    found = tour_of(Member.objects.get(pk=member.pk))
    assert found
    return [step.title for step in found.steps if step.is_done]


def test_six_steps_that_all_lead_somewhere(newcomer: Member, browser: Client) -> None:
    Case.objects.filter(number=1).update(hops=1)
    found = tour_of(newcomer)
    assert found
    assert [step.title for step in found.steps] == [
        *("Read what Triage is told", "Mention another agent", "Add a case"),
        *("Watch a case change hands", "Decide something", "Guard a route with a test"),
    ]
    assert done(newcomer) == []
    assert {browser.get(step.address.partition("#")[0]).status_code for step in found.steps} == {200}


def test_each_step_ticks_itself_when_it_was_done(newcomer: Member, browser: Client, make_run: Make) -> None:
    triage, technical = Agent.objects.get(name="Triage"), Agent.objects.get(name="Technical Support")
    browser.get(reverse("agent", args=[triage.pk]))
    assert done(newcomer) == ["Read what Triage is told"]
    save_agent(
        technical, aop=mention("Money is for", Agent.objects.get(name="Billing Specialist")), author=newcomer.user
    )
    assert done(newcomer)[1:] == ["Mention another agent"]
    case = add_case(Queue.objects.get(name="Support"), NewCase("Mine"), by=person(newcomer.user))
    assert done(newcomer)[2:] == ["Add a case"]
    browser.get(reverse("case", args=[case.pk]))
    assert len(done(newcomer)) == 3, "nobody has handed it over"
    Case.objects.filter(pk=case.pk).update(hops=1)
    browser.get(reverse("case", args=[case.pk]))
    assert done(newcomer)[3:] == ["Watch a case change hands"]
    run: Run = make_run(triage)
    corrections.correct(corrections.of_run(run), None, "", person(newcomer.user))
    assert done(newcomer)[4:] == ["Decide something"]
    routing_tests.add_standalone_test(
        triage,
        text="When do you open?",
        expected=[{"decision": "answer"}],
        name="",
        source="typed",
        by=person(newcomer.user),
    )
    assert done(newcomer)[5:] == ["Guard a route with a test"]
    assert "You have seen it all" in browser.get("/").text


def test_what_others_do_ticks_nothing(newcomer: Member, make_member: Make) -> None:
    other = make_member(of=newcomer.team)
    add_case(Queue.objects.get(name="Support"), NewCase("Theirs"), by=person(other.user))
    add_case(Queue.objects.get(name="Support"), NewCase("Nobody's"), by=BATON)
    assert done(newcomer) == []


def test_the_tour_is_left_and_taken_again_by_each_member_for_themselves(newcomer: Member, browser: Client) -> None:
    add_case(Queue.objects.get(name="Support"), NewCase("Mine"), by=person(newcomer.user))
    tour_progress.saw(newcomer, tour_progress.AGENT)
    assert len(done(newcomer)) == 2
    assert browser.get(reverse("tour_leave")).status_code == 405
    assert "First steps" not in browser.post(reverse("tour_leave"), follow=True).text
    assert "First steps" in browser.post(reverse("tour_begin"), follow=True).text
    assert done(newcomer) == [], "what was done before does not count"


def test_what_is_gone_or_not_allowed_is_left_out(newcomer: Member) -> None:
    for agent in Agent.objects.all():
        delete_agent(agent)
    first = tour_of(newcomer)
    assert first
    assert first.steps[0].title == "Write an agent"
    newcomer.role = Member.Role.VIEWER
    found = tour_of(newcomer)
    assert found
    assert [step.title for step in found.steps] == ["Write an agent", "Watch a case change hands"]


def test_who_begins_with_nothing_is_led_to_a_handover_and_to_something_to_decide(
    member: Member, queue: Queue, make_agent: Make, make_case: Make, make_run: Make
) -> None:
    run = make_run(make_agent("Billing"), case=make_case("Charged twice"))
    tour_progress.begin(member)
    member.refresh_from_db()
    found = tour_of(member)
    assert found
    watch, decide, _ = found.steps[3:]
    assert watch.address == reverse("queue_edit", args=[queue.pk])
    assert queue.name in watch.words
    assert decide.address == reverse("run_correct", args=[run.pk])
    Case.objects.update(hops=1)
    found = tour_of(member)
    assert found
    assert found.steps[3].address == reverse("case", args=[run.case_id])


def test_looking_twice_is_written_once(newcomer: Member, django_assert_num_queries: Make) -> None:
    with django_assert_num_queries(1):
        tour_progress.saw(newcomer, tour_progress.AGENT)
    newcomer.refresh_from_db()
    with django_assert_num_queries(0):
        tour_progress.saw(newcomer, tour_progress.AGENT)
    assert newcomer.tour_seen == [tour_progress.AGENT]


def test_the_tour_leads_to_what_the_demo_calls_so() -> None:
    names = {agent.name for agent in texts.AGENTS}
    assert {TRIAGE, TECHNICAL} <= names
    assert QUEUE == texts.QUEUE
