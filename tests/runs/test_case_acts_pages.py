"""What people do to cases from their pages."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, Queue, Status
from runs.forms import PostponeForm
from runs.models import Run
from runs.models import Status as RunStatus
from teams.models import Team
from tests.fixtures import Make, take

pytestmark = pytest.mark.django_db


@pytest.fixture
def worked(make_agent: Make[Agent], queue: Queue, make_case: Make[Case]) -> Case:
    """A case with a running run."""
    make_agent("Triage", queue=queue)
    case = make_case("Charged twice")
    take()
    return case


def act(client: Client, name: str, case: Case, **fields: object) -> HttpResponse:
    response = client.post(reverse(name, args=[case.pk]), fields)
    case.refresh_from_db()
    return response


def messages_of(response: HttpResponse) -> list[str]:
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
    assert messages_of(response)[-1] == "This case is completed, so it cannot become failed."


@pytest.mark.parametrize(("preset", "hours"), [("hour", 1), ("week", 7 * 24)])
def test_a_case_is_postponed_by_a_preset(signed_in: Client, worked: Case, preset: str, hours: int) -> None:
    act(signed_in, "case_postpone", worked, preset=preset, until="")
    assert worked.status == Status.POSTPONED and worked.due_at
    assert abs(worked.due_at - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)


def test_tomorrow_is_the_persons_tomorrow_at_eight(signed_in: Client, worked: Case) -> None:
    signed_in.cookies["zone"] = "Asia/Tokyo"
    act(signed_in, "case_postpone", worked, preset="tomorrow")
    assert worked.due_at and worked.due_at.astimezone(UTC).hour == 23


def test_a_time_is_read_in_the_persons_zone(signed_in: Client, worked: Case) -> None:
    signed_in.cookies["zone"] = "Europe/Berlin"
    act(signed_in, "case_postpone", worked, until="2096-12-24T08:00")
    assert worked.due_at == datetime(2096, 12, 24, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("2020-01-01T08:00", "This time has passed."),
        ("soon", "Please give a date and a time"),
        ("", "Please choose until when."),
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


def test_a_case_goes_through_its_queue_again(
    signed_in: Client, worked: Case, queue: Queue, make_agent: Make[Agent]
) -> None:
    other = make_agent("Billing Specialist", queue=queue)
    act(signed_in, "case_reprocess", worked, assignee_id=str(other.pk))
    assert (worked.status, worked.assignee) == (Status.PENDING, other)
    act(signed_in, "case_reprocess", worked, assignee_id="")
    assert worked.assignee is None


@pytest.mark.parametrize("whom", ["elsewhere", "nonsense", "theirs"])
def test_a_case_is_sent_only_to_agents_of_its_queue(
    signed_in: Client, worked: Case, make_agent: Make[Agent], make_team: Make[Team], whom: str
) -> None:
    ids = {
        "elsewhere": str(make_agent("Elsewhere").pk),
        "nonsense": "nonsense",
        "theirs": str(make_agent("Spy", of=make_team("Theirs")).pk),
    }
    response = act(signed_in, "case_reprocess", worked, assignee_id=ids[whom])
    assert worked.status == Status.IN_PROGRESS
    assert len(messages_of(response)) == 1 and response.status_code == 302


def test_a_deleted_case_is_gone_from_its_address(signed_in: Client, worked: Case) -> None:
    response = act(signed_in, "case_delete", worked)
    assert response.headers["Location"] == reverse("cases")
    assert worked.deleted_at and Run.objects.get(case=worked).status == RunStatus.STOPPED
    assert act(signed_in, "case_complete", worked).status_code == 404


ACTS = ["case_complete", "case_fail", "case_postpone", "case_reprocess", "case_delete"]


@pytest.mark.parametrize("name", ACTS)
def test_a_case_of_another_team_is_not_found(
    signed_in: Client, make_team: Make[Team], make_queue: Make[Queue], make_case: Make[Case], name: str
) -> None:
    theirs = make_case("Secret", in_queue=make_queue(of=make_team("Theirs")))
    assert act(signed_in, name, theirs, preset="hour").status_code == 404
    assert (theirs.status, theirs.deleted_at) == (Status.PENDING, None)


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_a_post_of_somebody_signed_in(client: Client, signed_in: Client, worked: Case, name: str) -> None:
    assert signed_in.get(reverse(name, args=[worked.pk])).status_code == 405
    stranger = Client()
    assert stranger.post(reverse(name, args=[worked.pk])).status_code == 302
    worked.refresh_from_db()
    assert worked.status == Status.IN_PROGRESS
