import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from builder.models import Agent
from cases.models import Case
from ops.demo.seeding import close_demo, seed_demo
from teams.keys.api_keys import find_key
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


def test_one_click_signs_in_to_the_demo_until_its_password_is_another_one(client: Client) -> None:
    assert "Try the demo" not in client.get("/sign-in/").content.decode()
    said("seed_demo")
    page = client.get("/sign-in/").content.decode()
    form = page[: page.index("Try the demo")].rpartition("<form")[2]
    sent = dict(re.findall(r'type="hidden" name="(login|password)" value="([^"]*)"', form))
    assert client.post("/sign-in/", sent)["Location"] == "/"
    client.logout()
    close_demo()
    assert "Try the demo" not in client.get("/sign-in/").content.decode()


def test_the_demo_has_an_operator_where_only_this_machine_reaches_it() -> None:
    said("seed_demo")
    user = User.objects.get()
    assert (user.is_superuser, user.check_password("demo")) == (True, True)


def test_the_demo_has_a_random_password_and_no_operator_where_others_reach_it(settings) -> None:
    settings.BATON_IS_LOCAL = False
    [line] = [line for line in said("seed_demo") if "password " in line and "Sign in" in line]
    password = line.partition("password ")[2].split()[0]
    user = User.objects.get()
    assert user.check_password(password)
    assert len(password) >= 20
    assert not user.check_password("demo")
    assert not (user.is_staff or user.is_superuser)
    assert not any("password" in line for line in said("seed_demo"))


@pytest.mark.parametrize("options", [[], ["--only-secure"]])
def test_a_demo_of_one_machine_is_closed_when_others_reach_it(settings, client, options: list[str]) -> None:
    """Also with BATON_DEMO=0 by then: the account is there."""
    seed_demo()
    assert client.login(email="demo@example.com", password="demo")
    settings.BATON_IS_LOCAL = False
    assert any("password" in line for line in said("seed_demo", *options))
    user = User.objects.get()
    assert not user.check_password("demo")
    assert not user.is_superuser
    assert client.get("/").status_code == 302


def test_only_securing_makes_no_demo(settings) -> None:
    settings.BATON_IS_LOCAL = False
    assert said("seed_demo", "--only-secure") in ([], [""])
    assert not User.objects.exists()


def test_a_password_that_someone_chose_for_the_demo_stays(settings) -> None:
    seed_demo()
    user = User.objects.get()
    user.set_password("four quite random words")
    user.save()
    settings.BATON_IS_LOCAL = False
    said("seed_demo")
    assert User.objects.get().check_password("four quite random words")


def test_the_demo_touches_no_team_of_anybodys(team) -> None:
    assert not seed_demo()
    assert not User.objects.exists()
