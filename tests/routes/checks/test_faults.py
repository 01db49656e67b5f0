"""A check while something fails or changes: it ends, fails closed or is repeated, and nothing is half live."""

import os
import signal
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from builder.agents.agents import delete_agent, pause_agent
from routes.checks import checks
from routes.lane.lane import LANE
from routes.models import Check, Trial
from runs.models import Run
from runs.workers import lost_runs
from runs.workers.shift import run_shift
from teams.audit.actors import Actor, person
from teams.models import Member
from teams.settings.pausing import pause_team, resume_team
from tests.chaos.test_crashes import started
from tests.fixtures import Make
from tests.provider import Answer, Failure, Reply, fail
from tests.routes.conftest import Desk, oracle, work_tests

from .test_gate import guarded, held

__all__ = ["guarded"]
pytestmark = pytest.mark.django_db

# What a person saves here, which breaks nothing.
KIND = "Be kind.\n"


@pytest.fixture
def check(guarded: Desk, someone: Actor) -> Check:
    return held(guarded.triage, someone, aop=kind(guarded))


def kind(desk: Desk, how: str = KIND) -> str:
    return how + desk.aop(refund=desk.billing, outage=desk.tech)


def is_live(check: Check, desk: Desk) -> bool:
    """Whether it ended, passed, and all of it went live."""
    check.refresh_from_db()
    return bool(check.passed) and desk.triage.live_revision.aop == kind(desk)


def test_a_worker_dies_with_tests_in_hand(check: Check, guarded: Desk) -> None:
    assert LANE.claim("dead/1", 2)
    assert work_tests() == 2, "the others go on"
    assert not is_live(check, guarded)
    lost_runs.take_back_from("dead/1")
    work_tests()
    assert is_live(check, guarded)


def test_a_worker_dies_between_the_end_of_a_run_and_its_answer(
    check: Check, guarded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dead:
        dead.setattr(LANE, "settle", lambda run_ids: None)
        work_tests()
    assert not is_live(check, guarded)
    LANE.sweep()
    assert is_live(check, guarded)


def test_the_runs_of_tests_are_deleted_in_the_meantime(check: Check, guarded: Desk) -> None:
    LANE.claim("dead/1", 2)
    Run.objects.filter(trigger="test").delete()
    LANE.sweep()
    work_tests()
    assert is_live(check, guarded)


def test_without_redis(guarded: Desk, someone: Actor, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    check = held(guarded.triage, someone, aop=kind(guarded))
    work_tests()
    assert is_live(check, guarded)


@pytest.mark.parametrize(
    "failure", [fail(503), fail(429, retry_after=1), Failure(kind="hang_up"), Failure(kind="garbage", status=200)]
)
def test_a_provider_that_is_away_for_a_while_holds_the_check_open(
    check: Check, guarded: Desk, failure: Failure
) -> None:
    guarded.provider.script = lambda request: failure
    work_tests()
    assert not is_live(check, guarded) and (check.is_open or check.passed is False)
    guarded.provider.script = oracle
    if check.is_open:  # its runs are retried in a while
        Run.objects.filter(status="queued").update(available_at=timezone.now() - timedelta(minutes=1))
    else:
        check = held(guarded.triage, person(check.user), aop=kind(guarded)) if check.user else check
    work_tests()
    assert is_live(check, guarded)


def test_a_provider_that_refuses_ends_the_check_untested(check: Check, guarded: Desk) -> None:
    guarded.provider.script = lambda request: fail(401, "Wrong key.")
    work_tests()
    check.refresh_from_db()
    assert check.passed is False and guarded.triage.live_revision.number == 2
    assert set(Trial.objects.values_list("status", flat=True)) == {"failed"}


def test_a_paused_team_tests_nothing_until_it_goes_on(check: Check, guarded: Desk) -> None:
    pause_team(check.team)
    assert work_tests() == 0 and not LANE.has_due()
    resume_team(check.team)
    work_tests()
    assert is_live(check, guarded)


@pytest.mark.parametrize("who", ["triage", "billing"])
def test_a_paused_agent_is_tested_as_ever(check: Check, guarded: Desk, who: str) -> None:
    pause_agent(getattr(guarded, who))
    work_tests()
    assert is_live(check, guarded)


@pytest.mark.parametrize("begun", [False, True])
def test_a_target_that_is_deleted_in_the_meantime_has_the_change_checked_again(
    check: Check, guarded: Desk, begun: bool
) -> None:
    claims = LANE.claim("test/1", 2) if begun else []
    delete_agent(guarded.billing)
    lost_runs.take_back_from("test/1")
    assert bool(claims) == begun
    work_tests()
    check.refresh_from_db()
    assert not check.is_open and not Check.objects.open().exists()
    assert is_whole(check, guarded)


def is_whole(check: Check, desk: Desk) -> bool:
    """Either all of the change is live, or nothing of it."""
    number = desk.triage.live_revision.number
    return (number == 3) == (desk.triage.live_revision.aop == kind(desk)) and number in (2, 3)


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_people_who_save_at_once_the_second_hears_of_the_first(
    check: Check, guarded: Desk, make_member: Make[Member], first: int
) -> None:
    other = held(guarded.triage, person(make_member().user), aop=kind(guarded, "Be quick.\n"))
    pair = [check, other] if first == 0 else [other, check]
    for one in pair:
        work_those_of(one)
    work_tests()
    for one in pair:
        one.refresh_from_db()
    assert [one.passed for one in pair] == [True, True]
    [early] = [one for one in pair if one.saved_number]
    [late] = [one for one in pair if not one.saved_number]
    assert early.saved_number == 3 == guarded.triage.live_revision.number
    assert "saved in the meantime" in late.note and not Check.objects.open().exists()


def work_those_of(check: Check) -> None:
    keys = check.results.values_list("after_key", flat=True)
    Trial.objects.exclude(key__in=keys).filter(status="waiting").update(created_at=timezone.now() + timedelta(hours=1))


def test_who_saves_twice_has_only_the_last_change_go_live(check: Check, guarded: Desk, someone: Actor) -> None:
    later = held(guarded.triage, someone, aop=kind(guarded, "Be quick.\n"))
    work_tests()
    check.refresh_from_db()
    later.refresh_from_db()
    assert (check.status, later.status) == ("stopped", "done")
    assert guarded.triage.live_revision.aop == kind(guarded, "Be quick.\n")


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_killed_in_the_midst_of_a_check(guarded: Desk, someone: Actor) -> None:
    check = held(guarded.triage, someone, aop=kind(guarded))
    answered, never = threading.Event(), threading.Event()

    def silent(request: object) -> Answer:
        answered.set()
        return replace(Reply("Too late."), after=never)

    guarded.provider.script = silent
    child = started(lambda: run_shift("dead/1", linger=0))
    assert answered.wait(60)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    never.set()
    guarded.provider.script = oracle
    lost_runs.take_back_from("dead/1")
    run_shift("next/1", linger=0)
    checks.sweep()
    assert is_live(check, guarded)
