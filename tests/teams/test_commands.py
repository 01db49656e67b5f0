from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from builder.models import Agent
from cases.models import Case
from runs.seeding import seed_demo
from teams.keys import find_key
from teams.models import Team, User, every_scope

pytestmark = pytest.mark.django_db


def said(*command: str, **options: str) -> list[str]:
    out = StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue().splitlines()


def test_create_team_makes_a_team_with_its_default_queue_or_says_it_exists() -> None:
    said("create_team", name="Blue", slug="blue")
    assert [queue.name for queue in Team.objects.get(slug="blue").queues.all()] == ["Default"]
    assert "exists already" in said("create_team", name="Blue", slug="blue")[0]
    with pytest.raises(CommandError, match="cannot be a slug"):
        said("create_team", name="Blue", slug="blue sky")


def test_create_api_key_prints_the_key_alone_on_the_last_line(team) -> None:
    assert find_key(said("create_api_key", team=team.slug, name="script")[-1]).team == team
    with pytest.raises(CommandError, match=f"There is no team “nobody”. Teams: {team.slug}"):
        said("create_api_key", team="nobody", name="script")


def test_create_api_key_gives_the_scopes_it_is_told_and_else_all(team) -> None:
    command = ["create_api_key", "--team", team.slug, "--name", "a"]
    key = find_key(said(*command, "--scope", "read", "--scope", "answers")[-1])
    assert key.scopes == ["read", "answers"]
    assert find_key(said("create_api_key", team=team.slug, name="b")[-1]).scopes == every_scope()
    with pytest.raises(CommandError, match="invalid choice: 'answer'"):
        said(*command, "--scope", "answer")


def test_the_demo_is_made_once_and_only_where_there_is_nothing() -> None:
    assert seed_demo()
    assert not seed_demo()
    assert User.objects.get().check_password("demo")
    assert Case.objects.count() == 12
    assert Agent.objects.get(name="Triage").live_revision.mentions.count() == 2


def test_the_demo_touches_no_team_of_anybodys(team) -> None:
    assert not seed_demo()
    assert not User.objects.exists()
