"""Pausing a team or everything. What starts and what goes on is in tests/runs/workers/test_pausing.py."""

import pytest
from django.core.management import call_command
from django.test import Client

from builder.procedures.targets import check_may_start
from data.errors import Refused
from teams.models import Team
from teams.settings import pausing


@pytest.mark.django_db
def test_a_team_is_paused_by_itself_or_with_all_others(make_team) -> None:
    one, other = make_team(), make_team()
    both = [one.pk, other.pk]
    pausing.pause_team(one)
    assert pausing.paused(both) == {one.pk}
    pausing.pause_everything()
    assert pausing.paused(both) == {*both}
    assert pausing.paused([make_team().pk]), "a team that is made later is paused too"
    pausing.resume_everything()
    assert pausing.paused(both) == {one.pk}, "it was paused by itself"
    pausing.resume_team(one)
    assert pausing.paused(both) == set()


@pytest.mark.django_db
def test_a_second_pause_keeps_the_time_of_the_first(team: Team) -> None:
    pausing.pause_team(team)
    team.refresh_from_db()
    first = team.paused_at
    pausing.pause_team(team)
    team.refresh_from_db()
    assert team.paused_at == first


@pytest.mark.django_db
def test_a_start_by_hand_is_refused_with_the_reason(make_agent, team: Team) -> None:
    agent = make_agent()
    pausing.pause_team(team)
    with pytest.raises(Refused) as refusal:
        check_may_start(agent)
    assert refusal.value.code == "paused"


@pytest.mark.django_db
@pytest.mark.parametrize("which", ["team", "everything"])
def test_all_pages_say_so_and_keep_saying_what_is_true(signed_in: Client, team: Team, which: str) -> None:
    before = signed_in.get("/paused/").content
    assert b"Work is paused" not in before
    assert b"team:*" in before
    call_command("pause", *(["--everything"] if which == "everything" else ["--team", team.slug]))
    for page in ("/", "/queues/", "/paused/"):
        assert b"Work is paused" in signed_in.get(page).content
    call_command("resume", *(["--everything"] if which == "everything" else ["--team", team.slug]))
    assert signed_in.get("/paused/").content == before
