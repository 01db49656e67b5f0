"""What people do to cases from their pages."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from builder.models import Agent
from cases.models import Case, Queue, Status
from runs.models import Run
from runs.models import Status as RunStatus
from runs.people import moves
from runs.results.forms import PostponeForm
from teams.audit.actors import person
from teams.models import Member, Team
from tests.fixtures import Make, take
from tests.responses import Response

pytestmark = pytest.mark.django_db


@pytest.fixture
def worked(make_agent: Make[Agent], queue: Queue, make_case: Make[Case]) -> Case:
    """A case with a running run."""
    make_agent("Triage", queue=queue)
    case = make_case("Charged twice")
    take()
    return case


def act(client: Client, name: str, case: Case, **fields: object) -> Response:
    response = client.post(reverse(name, args=[case.pk]), fields)
    case.refresh_from_db()
    return response


def messages_of(response: Response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_a_person_completes_a_case_and_its_run_stops(signed_in: Client, worked: Case) -> None:
    response = act(signed_in, "case_complete", worked, summary=" Paid back ")
    assert response.headers["Location"] == reverse("case", args=[worked.pk])
    assert (worked.status, worked.detail) == (Status.COMPLETED, "Paid back")
    assert Run.objects.get(case=worked).status == RunStatus.STOPPED
    assert messages_of(response) == ["#1 is completed."]


def test_a_person_closes_a_case_as_failed(signed_in: Client, worked: Case) -> None:
    act(signed_in, "case_fail", worked, reason="No such customer")
    assert (worked.status, worked.detail) == (Status.FAILED, "No such customer")


def test_a_closed_case_is_not_closed_again(signed_in: Client, worked: Case) -> None:
    act(signed_in, "case_complete", worked)
    response = act(signed_in, "case_fail", worked, reason="No")
    assert worked.status == Status.COMPLETED
    assert "This case is completed, so it cannot become failed." in response.text


def test_a_case_is_postponed_by_an_hour(signed_in: Client, worked: Case) -> None:
    act(signed_in, "case_postpone", worked, preset="hour", until="")
    assert worked.status == Status.POSTPONED and worked.due_at
    assert abs(worked.due_at - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)


def test_next_monday_is_the_persons_monday_at_nine(signed_in: Client, worked: Case) -> None:
    signed_in.cookies["zone"] = "Asia/Tokyo"
    act(signed_in, "case_postpone", worked, preset="monday")
    assert worked.due_at and worked.due_at.astimezone(UTC).hour == 0 and worked.due_at.astimezone(UTC).weekday() == 0
    assert timedelta(0) < worked.due_at - timezone.now() <= timedelta(days=7, hours=9)


def test_tomorrow_is_the_persons_tomorrow_at_nine(signed_in: Client, worked: Case) -> None:
    signed_in.cookies["zone"] = "Asia/Tokyo"
    act(signed_in, "case_postpone", worked, preset="tomorrow")
    assert worked.due_at and worked.due_at.astimezone(UTC).hour == 0


def test_a_time_is_read_in_the_persons_zone(signed_in: Client, worked: Case) -> None:
    signed_in.cookies["zone"] = "Europe/Berlin"
    act(signed_in, "case_postpone", worked, until="2096-12-24T08:00")
    assert worked.due_at == datetime(2096, 12, 24, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2020-01-01T08:00", "This time has passed."),
        ("soon", "Enter a date and a time"),
        ("", "Choose a time."),
    ],
)
def test_a_time_that_makes_no_sense_is_shown_again(signed_in: Client, worked: Case, until: str, sentence: str) -> None:
    response = act(signed_in, "case_postpone", worked, until=until)
    html = response.content.decode()
    assert response.status_code == 422 and worked.status == Status.IN_PROGRESS
    assert sentence in html
    assert not until or f'value="{until}"' in html


def test_a_closed_case_is_not_postponed(signed_in: Client, worked: Case) -> None:
    act(signed_in, "case_complete", worked)
    response = act(signed_in, "case_postpone", worked, preset="hour")
    assert response.status_code == 422
    assert "it cannot become postponed" in response.content.decode()


def test_every_preset_has_a_time(signed_in: Client) -> None:
    for preset, _ in PostponeForm.PRESETS:
        form = PostponeForm({"preset": preset})
        assert form.is_valid() and form.cleaned_data["until"] > timezone.now()


def test_a_case_goes_to_an_agent_or_through_its_queue_again(
    signed_in: Client, worked: Case, queue: Queue, make_agent: Make[Agent]
) -> None:
    other = make_agent("Billing Specialist", queue=queue)
    act(signed_in, "case_reassign", worked, assignee_id=str(other.pk), note="Look at the second invoice.")
    assert (worked.status, worked.assignee) == (Status.PENDING, other)
    page = signed_in.get(reverse("case", args=[worked.pk])).text
    assert "Look at the second invoice." in page
    act(signed_in, "case_reassign", worked, assignee_id="")
    assert worked.assignee is None


def test_a_person_takes_a_case_over_and_hands_it_back(signed_in: Client, worked: Case, member: Member) -> None:
    act(signed_in, "case_take_over", worked)
    assert (worked.status, worked.owner, worked.taken_by) == (Status.NEEDS_INPUT, member.user, str(member.user))
    page = signed_in.get(reverse("case", args=[worked.pk])).text
    assert "has taken it over." in page and "Hand back" in page
    assert str(member.user) in signed_in.get(reverse("cases")).text
    act(signed_in, "case_hand_back", worked, note="All is checked.")
    assert (worked.status, worked.owner, worked.taken_by) == (Status.PENDING, None, "")


def test_only_my_own_cases_that_were_taken_over_need_me(
    signed_in: Client, worked: Case, make_member: Make[Member]
) -> None:
    needs_me = reverse("cases") + "?status=needs_me"
    moves.take_over(worked, person(make_member().user))
    assert worked.title not in signed_in.get(needs_me).text
    act(signed_in, "case_take_over", worked, from_another="1")
    assert worked.title in signed_in.get(needs_me).text


def test_a_closed_case_is_reopened_and_tried_again(signed_in: Client, worked: Case) -> None:
    act(signed_in, "case_fail", worked, reason="No")
    act(signed_in, "case_retry", worked)
    assert (worked.status, worked.assignee) == (Status.PENDING, worked.worked_by)
    act(signed_in, "case_complete", worked)
    act(signed_in, "case_reopen", worked)
    assert (worked.status, worked.assignee) == (Status.PENDING, None)


def test_an_act_is_undone_from_its_message(signed_in: Client, worked: Case) -> None:
    worked.refresh_from_db()
    agent = worked.assignee
    response = act(signed_in, "case_complete", worked)
    [message] = get_messages(response.wsgi_request)
    page = signed_in.get(reverse("case", args=[worked.pk])).text
    assert f'action="{message.extra_tags}"' in page
    signed_in.post(message.extra_tags)
    worked.refresh_from_db()
    assert (worked.status, worked.assignee) == (Status.PENDING, agent)
    late = messages_of(signed_in.post(message.extra_tags))
    assert late[-1] == "The case has moved on since, so this cannot be undone."


def test_what_was_typed_for_an_act_that_came_too_late_is_shown(signed_in: Client, worked: Case) -> None:
    act(signed_in, "case_complete", worked)
    late = act(signed_in, "case_fail", worked, reason="A long story.")
    assert late.status_code == 422 and "A long story." in late.text
    late = act(signed_in, "case_reassign", worked, note="Another story.")
    assert late.status_code == 422 and "Another story." in late.text and "Reopen it first." in late.text


def test_the_agents_of_the_queue_are_offered_with_why_the_case_would_wait(
    signed_in: Client, worked: Case, queue: Queue, make_agent: Make[Agent]
) -> None:
    gone = make_agent("Gone")
    make_agent("Elsewhere")
    pause_agent(make_agent("Sleeper", queue=queue))
    blocked = make_agent("Blocked", queue=queue, mentions=[gone])
    delete_agent(gone)
    busy = make_agent("Busy", queue=queue, concurrency=1)
    Case.objects.filter(pk=worked.pk).update(assignee=busy)
    page = " ".join(signed_in.get(reverse("case", args=[worked.pk])).text.split()).replace(" </option>", "</option>")
    assert f'value="{blocked.pk}"' in page
    for words in (
        "Sleeper: is paused, so the case waits</option>",
        "Blocked: starts nothing while its procedure mentions a deleted agent, so the case waits</option>",
        "<option disabled>Elsewhere: does not work Support</option>",
        "Busy: at its limit of 1, so the case waits</option>",
    ):
        assert words in page, words
    act(signed_in, "case_reassign", worked, assignee_id=str(blocked.pk), note="Please")
    worked.refresh_from_db()
    assert (worked.status, worked.assignee) == (Status.PENDING, blocked)
    shown = signed_in.get(reverse("case", args=[worked.pk])).text
    assert "It waits, since Blocked starts nothing while its procedure mentions a deleted agent." in shown


@pytest.mark.parametrize("whom", ["elsewhere", "nonsense", "theirs"])
def test_a_case_is_sent_only_to_agents_of_its_queue(
    signed_in: Client, worked: Case, make_agent: Make[Agent], make_team: Make[Team], whom: str
) -> None:
    ids = {
        "elsewhere": str(make_agent("Elsewhere").pk),
        "nonsense": "nonsense",
        "theirs": str(make_agent("Spy", of=make_team("Theirs")).pk),
    }
    response = act(signed_in, "case_reassign", worked, assignee_id=ids[whom])
    assert worked.status == Status.IN_PROGRESS
    assert response.status_code == 422


def test_a_deleted_case_is_gone_from_its_address(signed_in: Client, worked: Case) -> None:
    response = act(signed_in, "case_delete", worked)
    assert response.headers["Location"] == reverse("cases")
    assert worked.deleted_at and Run.objects.get(case=worked).status == RunStatus.STOPPED
    assert act(signed_in, "case_complete", worked).status_code == 404


ACTS = ["case_complete", "case_fail", "case_postpone", "case_delete", "case_take_over", "case_hand_back"]
ACTS += ["case_reassign", "case_reopen", "case_retry"]


@pytest.mark.parametrize("name", ACTS)
def test_a_case_of_another_team_is_not_found(
    signed_in: Client, make_team: Make[Team], make_queue: Make[Queue], make_case: Make[Case], name: str
) -> None:
    theirs = make_case("Secret", in_queue=make_queue(of=make_team("Theirs")))
    assert act(signed_in, name, theirs, preset="hour").status_code == 404
    assert (theirs.status, theirs.deleted_at) == (Status.PENDING, None)


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_a_post_of_someone_signed_in(client: Client, signed_in: Client, worked: Case, name: str) -> None:
    assert signed_in.get(reverse(name, args=[worked.pk])).status_code == 405
    stranger = Client()
    assert stranger.post(reverse(name, args=[worked.pk])).status_code == 401
    worked.refresh_from_db()
    assert worked.status == Status.IN_PROGRESS
