"""The goals of a queue: when a case should be looked at and done, and on whom a missed one is booked."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, CaseEvent, Kind, Queue
from cases.queues.goals import Goals, due, openings_of, zone_of
from cases.queues.queues import save_queue
from cases.search.export import _parts
from cases.search.filters import CaseFilter, find_cases
from cases.timeline.shares import longest, shares
from cases.work import lifecycle
from cases.work.people import People
from runs.home.blocked import blocked_work
from runs.people import moves
from runs.workers.clock import sweep
from teams.audit.actors import Actor
from teams.groups import hours
from teams.groups.groups import GroupFields, create_group
from teams.groups.hours import Opening
from teams.models import Group, Member, Team
from tests.fixtures import Make, events, take

OFFICE = Opening(days=["mon", "tue", "wed", "thu", "fri"], start="09:00", end="17:00")


@pytest.fixture
def finance(team: Team, member: Member) -> Group:
    return create_group(team, GroupFields("Finance", [member.user.uuid], "Europe/Berlin", [OFFICE]))


@pytest.fixture
def hurried(queue: Queue) -> Queue:
    """A queue whose cases are looked at within an hour, and done within two."""
    return save_queue(queue, goals=Goals(60, 120))


@pytest.fixture
def triage(make_agent: Make[Agent], hurried: Queue) -> Agent:
    return make_agent("Triage", queue=hurried)


def past(case: Case, minutes: int) -> None:
    """All that happened to the case happened so much earlier."""
    ago = timedelta(minutes=minutes)
    with_goals = Case.objects.get(pk=case.pk)
    for name in ("created_at", "moved_at", "look_by", "done_by", "looked_at", "take_by"):
        if at := getattr(with_goals, name):
            setattr(with_goals, name, at - ago)
    with_goals.save()
    for row in case.events.all():
        _rewrite(row, row.at - ago)


def _rewrite(row: CaseEvent, at: datetime) -> None:
    """The timeline is append-only, so the test's own clock goes round the trigger."""
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("update cases_caseevent set at = %s where id = %s", [at, row.pk])
        cursor.execute("set local session_replication_role = origin")


def booked(case: Case) -> list[tuple[str, str]]:
    found = case.events.filter(kind=Kind.OVERDUE).order_by("seq")
    return [(row.data["goal"], row.data["holder"]["name"]) for row in found]


# --- When it is due --------------------------------------------------------------------------


def test_goals_count_the_working_hours_of_the_group_across_clock_changes(queue: Queue, finance: Group) -> None:
    """On 29 March 2026 the clocks of Berlin went forward. Friday's last hour and Monday's first are two hours."""
    save_queue(queue, goals=Goals(60, 120, finance))
    friday = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)  # 16:00 in Berlin
    assert due(queue, 60, friday) == datetime(2026, 3, 27, 16, 0, tzinfo=UTC)
    assert due(queue, 120, friday) == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)  # 10:00 in summer time


def test_a_case_of_a_queue_without_goals_has_none(make_case: Make[Case]) -> None:
    case = make_case()
    assert (case.look_by, case.done_by) == (None, None)


def test_a_case_added_for_later_has_its_time_from_then(hurried: Queue, make_case: Make[Case]) -> None:
    until = timezone.now() + timedelta(days=1)
    assert make_case(postpone_until=until).look_by == until + timedelta(hours=1)


def test_goals_hold_for_cases_that_come_afterwards(queue: Queue, make_case: Make[Case]) -> None:
    before = make_case()
    save_queue(queue, goals=Goals(60))
    before.refresh_from_db()
    assert before.look_by is None
    assert make_case().look_by is not None


# --- What is missed, and by whom -------------------------------------------------------------


def test_a_look_within_the_goal_misses_nothing(triage: Agent, make_case: Make[Case]) -> None:
    case = make_case()
    take()
    past(case, 90)
    sweep()
    case.refresh_from_db()
    assert not case.look_missed
    assert not case.is_overdue


def test_a_case_that_nobody_looks_at_is_overdue_once(triage: Agent, make_case: Make[Case], team: Team) -> None:
    case = make_case()
    past(case, 61)
    sweep()
    sweep()
    assert events(case).count("overdue") == 1
    assert booked(case) == [("first_look", "Any agent")]
    assert list(find_cases(team, CaseFilter(is_overdue=True))) == [case]
    assert [trouble.words for trouble in blocked_work(team)][-1] == "1 case is overdue."
    take()
    assert not find_cases(team, CaseFilter(is_overdue=True)).exists()  # someone has it now
    case.refresh_from_db()
    assert case.missed_goals == ["first_look"]


def test_a_missed_goal_is_booked_on_the_stage_that_spent_the_time(
    triage: Agent, make_case: Make[Case], finance: Group, someone: Actor, team: Team
) -> None:
    """Triage had it for ten minutes, Finance for the rest of the two hours."""
    case = make_case()
    take()
    past(case, 10)
    lifecycle.assign_to_people(lifecycle.lock(case.pk), People(group=finance), "Look", by=someone)
    past(case, 111)
    sweep()
    assert booked(case) == [("done", "Finance")]
    row = case.events.get(kind=Kind.OVERDUE)
    assert "110 min of the time it was with Finance" in row.text
    told = shares(case.events.order_by("seq"), {}, timezone.now())
    assert [(share.name, share.missed) for share in told] == [("Triage", ()), ("Finance", ("done",))]
    assert list(find_cases(team, CaseFilter(is_overdue=True))) == [case]


def test_what_closes_late_is_booked_before_it_closes(triage: Agent, make_case: Make[Case], someone: Actor) -> None:
    """As after an hour without a clock."""
    case = make_case()
    take()
    past(case, 121)
    lifecycle.complete(lifecycle.lock(case.pk), "Done.", by=someone)
    assert events(case)[-2:] == ["overdue", "completed"]
    assert booked(case) == [("done", "Triage")]
    case.refresh_from_db()
    assert (case.missed_goals, case.is_overdue) == (["done"], False)


def test_a_reopened_case_has_the_whole_time_again(triage: Agent, make_case: Make[Case], someone: Actor) -> None:
    case = make_case()
    take()
    past(case, 121)
    lifecycle.complete(lifecycle.lock(case.pk), "Done.", by=someone)
    lifecycle.reopen(lifecycle.lock(case.pk), by=someone)
    case.refresh_from_db()
    assert case.done_by is not None
    assert case.done_by > timezone.now() + timedelta(minutes=119)
    assert not case.is_overdue
    past(case, 121)
    sweep()
    assert len(booked(case)) == 2


def test_time_outside_of_working_hours_is_nobodys_miss(queue: Queue, finance: Group) -> None:
    """An agent had it all weekend, Finance for the three working hours since Monday."""
    save_queue(queue, goals=Goals(None, 240, finance))
    friday = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)
    monday = datetime(2026, 3, 30, 7, 0, tzinfo=UTC)
    moves = [
        CaseEvent(seq=1, at=friday, kind=Kind.CREATED, status="pending"),
        CaseEvent(seq=2, at=friday, kind=Kind.STARTED, status="in_progress", data={"agent_name": "Triage"}),
        CaseEvent(seq=3, at=monday, kind=Kind.ASSIGNED_TO_PEOPLE, status="needs_input", data={"taken_by": "Ada"}),
    ]
    until = due(queue, 240, friday)
    assert until is not None
    openings, zone = openings_of(queue), zone_of(queue)
    found = longest(moves, friday, until, lambda a, b: hours.worked(a, b, openings, zone))
    assert found is not None
    stage, spent = found
    assert (stage[0].holder.name, spent) == ("Ada", timedelta(hours=3))


@pytest.mark.parametrize("seed", range(4))
def test_missed_goals_leave_the_shares_adding_up_to_the_age(
    seed: int, triage: Agent, make_case: Make[Case], finance: Group, someone: Actor
) -> None:
    drawn, case = random.Random(seed), make_case()
    acts: list[Any] = [
        lambda: moves.assign_to_people(case, someone, People(group=finance)),
        lambda: moves.take_over(case, someone, from_another=True),
        lambda: moves.postpone(case, timezone.now() + timedelta(hours=1), someone),
        lambda: moves.reassign(case, someone, triage),
        take,
    ]
    for _ in range(12):
        past(case, drawn.randint(1, 50))
        sweep()
        drawn.choice(acts)()
    case.refresh_from_db()
    told = list(case.events.order_by("seq"))
    now = timezone.now()
    assert sum(share.seconds for share in shares(told, {}, now)) == round((now - told[0].at).total_seconds())
    assert len(booked(case)) == len(case.missed_goals)


def test_an_export_says_what_was_missed(triage: Agent, make_case: Make[Case]) -> None:
    past(make_case(), 61)
    sweep()
    head, row = "".join(_parts(Case.objects.select_related("queue"), CaseFilter())).strip().splitlines()
    assert "Missed goals" in head
    assert row.endswith(",First look,yes")
