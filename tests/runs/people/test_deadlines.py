from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from runs.engine import human_requests
from runs.models import HumanRequest, Run
from runs.workers import clock
from teams.models import Member, Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import call

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(make_run: Make[Run]) -> HumanRequest:
    run, due = make_run(status="waiting"), timezone.now() - timedelta(minutes=1)
    about = {"call_id": "1", "kind": "question", "question": "Which one?", "due_at": due}
    return HumanRequest.objects.create(team_id=run.team_id, run=run, **about)


def swept(request: HumanRequest) -> Member | None:
    clock.sweep()
    request.refresh_from_db()
    return request.assignee


def test_what_is_due_goes_to_another_member_once(late: HumanRequest, make_member: Make[Member]) -> None:
    first, second = make_member(), make_member()
    HumanRequest.objects.update(assignee=first)
    assert swept(late) == second
    passed_on_at = late.passed_on_at
    assert swept(late) == second and late.passed_on_at == passed_on_at


def test_what_nobody_had_taken_on_goes_to_who_has_least(
    late: HumanRequest, make_member: Make[Member], make_run: Make[Run]
) -> None:
    busy, free = make_member(), make_member()
    make_member(role=Member.Role.VIEWER)
    run = make_run(status="waiting")
    HumanRequest.objects.create(team_id=run.team_id, run=run, call_id="2", kind="question", question="?", assignee=busy)
    assert swept(late) == free


def test_with_nobody_else_it_stays_where_it_is(late: HumanRequest, member: Member) -> None:
    HumanRequest.objects.update(assignee=member)
    assert swept(late) == member


def test_what_is_not_due_or_answered_stays(late: HumanRequest, member: Member) -> None:
    HumanRequest.objects.update(due_at=timezone.now() + timedelta(hours=1))
    assert swept(late) is None
    HumanRequest.objects.update(due_at=timezone.now() - timedelta(hours=1), status="answered")
    assert swept(late) is None


def test_the_team_says_how_long_an_answer_may_take(
    signed_in: Client, team: Team, scripted, make_agent, make_run: Make[Run]
) -> None:
    for wrong in ("0", "721", "soon"):
        response = signed_in.post(reverse("request_settings"), {"hours": wrong})
        assert response.status_code == 422
        assert "between 1 and 720" in response.text
    signed_in.post(reverse("request_settings"), {"hours": "4"})
    team.refresh_from_db()
    assert team.answer_hours == 4
    scripted.answers(call("ask_person", question="Which one?"))
    make_run(make_agent())
    work_next()
    due_at = HumanRequest.objects.get().due_at
    assert due_at and timedelta(hours=3.9) < due_at - timezone.now() < timedelta(hours=4)
    signed_in.post(reverse("request_settings"), {"hours": ""})
    team.refresh_from_db()
    assert team.answer_hours is None


def test_a_request_with_a_new_due_time_goes_on_once_more(late: HumanRequest, make_member: Make[Member]) -> None:
    first, second = make_member(), make_member()
    HumanRequest.objects.update(assignee=first)
    assert swept(late) == second
    human_requests.set_due(late, timezone.now() + timedelta(hours=1))
    assert swept(late) == second and late.passed_on_at is None
    HumanRequest.objects.update(due_at=timezone.now())
    assert swept(late) == first and late.passed_on_at is not None
