from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from builder.models import Agent, Usage
from cases.models import Queue
from cases.queues.queues import pause_queue
from runs.home.blocked import blocked_work
from runs.models import Schedule
from teams.models import Team, Webhook

type Make = Callable[..., Any]

pytestmark = pytest.mark.django_db


def words(team: Team) -> list[str]:
    return [trouble.words for trouble in blocked_work(team)]


def test_a_team_in_which_all_goes_well_is_told_nothing(
    signed_in: Client, team: Team, queue: Queue, make_agent: Make, make_case: Make
) -> None:
    make_agent("Triage", queue=queue)
    make_case()
    assert blocked_work(team) == []
    assert "Stuck" not in signed_in.get("/").content.decode()


def test_a_queue_that_nobody_works_is_stuck_only_when_cases_wait(
    signed_in: Client, team: Team, queue: Queue, make_case: Make
) -> None:
    assert words(team) == []
    make_case()
    assert words(team) == ["No agent works Support."]
    page = signed_in.get("/").content.decode()
    assert "No agent works Support." in page
    assert reverse("queue", args=[queue.pk]) in page


def test_a_paused_queue_with_cases_is_stuck(team: Team, queue: Queue, make_case: Make, make_agent: Make) -> None:
    make_agent(queue=queue)
    make_case()
    pause_queue(queue)
    assert words(team) == ["Support is paused, and cases wait in it."]


def test_an_agent_that_is_blocked_is_named_once(team: Team, queue: Queue, make_case: Make, make_agent: Make) -> None:
    gone = make_agent("Gone")
    make_agent("Triage", queue=queue, mentions=[gone])
    make_agent("Alone", mentions=[gone])
    delete_agent(gone)
    make_case()
    assert words(team) == ["Support: Nobody takes cases: Triage starts nothing new.", "Alone starts nothing new."]


def test_a_paused_agent_is_stuck_when_cases_wait_for_it(
    team: Team, queue: Queue, make_case: Make, make_agent: Make
) -> None:
    resting = make_agent("Resting", queue=queue)
    make_agent("Working", queue=queue)
    pause_agent(resting)
    assert words(team) == []
    make_case(assignee=resting)
    assert words(team) == ["Resting is paused, and cases wait for it."]


def test_schedules_and_webhooks_that_fail_are_told(team: Team, make_agent: Make) -> None:
    about = {"team": team, "agent": make_agent("Nightly"), "expression": "0 3 * * *", "zone": "UTC"}
    Schedule.objects.create(**about, next_at=timezone.now(), obstacle="Nightly is paused.")
    Schedule.objects.create(**about, next_at=timezone.now(), obstacle="Old", paused_at=timezone.now())
    Webhook.objects.create(team=team, url="https://example.com/hook", events=[], failing_since=timezone.now())
    found = blocked_work(team)
    assert [trouble.words for trouble in found] == [
        "A schedule of Nightly started nothing the last time.",
        "The webhook to https://example.com/hook fails.",
    ]
    assert found[0].help == "Nightly is paused."


def test_what_is_spent_for_today_is_told_once(team: Team, make_agent: Make, make_case: Make) -> None:
    Team.objects.filter(pk=team.pk).update(budget={"usd_per_day": 1})
    first, _ = make_agent("First"), make_agent("Second")
    fields = dict.fromkeys(
        ["slot", "runs", "requests", "input_tokens", "output_tokens", "cached_tokens", "unpriced_runs"], 0
    )
    Usage.objects.create(
        team=team, agent=first, day=timezone.now().date(), model="m", cost_usd=2, unpriced_requests=0, **fields
    )
    assert words(team) == ["The team has spent $2.00 today, of $1.00 a day: nothing new starts."]


def test_other_teams_troubles_are_not_told(team: Team, make_team: Make, make_agent: Make) -> None:
    theirs = make_team()
    gone: Agent = make_agent("Gone", of=theirs)
    make_agent("Theirs", of=theirs, mentions=[gone])
    delete_agent(gone)
    assert blocked_work(team) == []


def test_more_trouble_asks_no_more_questions(team: Team, make_queue: Make, make_agent: Make, make_case: Make) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            blocked_work(team)
        return len(captured)

    def more() -> None:
        gone, queue = make_agent(), make_queue()
        make_agent(mentions=[gone], queue=queue)
        make_case(in_queue=queue)
        make_case(in_queue=make_queue())
        delete_agent(gone)

    more()
    few = queries()
    more()
    more()
    assert queries() == few
