"""The first administrator: by a command, or by the environment."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from cases.queues.administrators import first_administrator, make_administrator
from data.errors import Refused
from ops.stack.home import Home
from ops.stack.launch import Launch, Plan, people_of, programs
from teams.models import Member, Team, User

pytestmark = pytest.mark.django_db


def told(**options: str) -> str:
    output = StringIO()
    call_command("create_administrator", no_input=True, stdout=output, **options)
    return output.getvalue()


def sets_a_password(link: str) -> bool:
    browser = Client()
    there = browser.get(link.partition("8000")[2], follow=True).redirect_chain[-1][0]
    browser.post(there, {"password1": "a very fine one", "password2": "a very fine one"})
    return browser.get("/").status_code == 200 and browser.get("/admin/").status_code == 200


def test_one_command_lets_the_first_person_in(db: None) -> None:
    said = told(email="Ada@Example.com", name="Ada", password="a very fine one", team="Support desk")
    assert "ada@example.com can open /admin/ and administers Support desk." in said
    assert "/sign-in/" in said
    browser = Client()
    browser.post("/sign-in/", {"login": "ada@example.com", "password": "a very fine one"})
    assert browser.get("/settings/members/").status_code == 200
    assert browser.get("/admin/").status_code == 200
    team = Team.objects.get(slug="support-desk")
    assert [queue.name for queue in team.queues.all()] == ["Default"]


def test_without_a_password_it_prints_a_link(db: None) -> None:
    assert sets_a_password(told(email="ada@example.com").splitlines()[-1])


def test_a_second_time_it_changes_nothing_but_what_is_missing(db: None) -> None:
    told(email="ada@example.com", password="a very fine one", team="Support")
    before = User.objects.get()
    said = told(email="ada@example.com", password="another fine one", team="support")
    assert "its name and password were not changed" in said
    assert "manage.py password_link ada@example.com" in said
    assert User.objects.get().password == before.password
    Member.objects.update(role=Member.Role.VIEWER)
    User.objects.update(is_superuser=False)
    told(email="ada@example.com")
    assert Member.objects.get().role == Member.Role.ADMINISTRATOR
    assert User.objects.get().is_superuser
    assert Team.objects.count() == 1


def test_what_cannot_be_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="no email address"):
        told(email="ada")
    with pytest.raises(CommandError, match="too short"):
        told(email="ada@example.com", password="short")
    with pytest.raises(CommandError, match="--email"):
        told()
    assert not User.objects.exists()
    make_administrator("ada@example.com")
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        told(email="ada@example.com")


def test_a_person_at_the_keyboard_is_asked(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["nonsense", "ada@example.com", "Ada", ""])
    passwords = iter(["short", "a very fine one", "a very fine on", "a very fine one", "a very fine one"])
    command = "cases.management.commands.create_administrator"
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    monkeypatch.setattr(f"{command}.getpass", lambda question: next(passwords))
    monkeypatch.setattr(f"{command}.sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    output, errors = StringIO(), StringIO()
    call_command("create_administrator", stdout=output, stderr=errors)
    assert "administers My team" in output.getvalue()
    assert "no email address" in errors.getvalue()
    assert "two different" in errors.getvalue()
    assert User.objects.get().check_password("a very fine one")


def test_two_teams_of_one_slug_are_two(db: None) -> None:
    teams = [make_administrator("ada@example.com", team=name).team for name in ("Äpfel!", "Apfel?", "äpfel!", "東京")]
    assert [team.slug for team in teams] == ["apfel", "apfel-2", "apfel", "team"]


# --- By the environment ----------------------------------------------------------------------


@pytest.fixture
def ada(monkeypatch: pytest.MonkeyPatch, db: None) -> pytest.MonkeyPatch:
    monkeypatch.setenv("BATON_ADMIN_EMAIL", "ada@example.com")
    return monkeypatch


def test_the_first_start_makes_whom_the_environment_names(ada: pytest.MonkeyPatch) -> None:
    ada.setenv("BATON_ADMIN_PASSWORD", "a very fine one")
    ada.setenv("BATON_ADMIN_TEAM", "Support")
    assert "BATON_ADMIN_PASSWORD" in first_administrator()
    browser = Client()
    browser.post("/sign-in/", {"login": "ada@example.com", "password": "a very fine one"})
    assert browser.get("/").status_code == 200
    assert Team.objects.get().name == "Support"
    assert first_administrator() == "", "they are there"


def test_each_start_gives_a_link_until_they_have_a_password(ada: pytest.MonkeyPatch) -> None:
    first_administrator()
    assert sets_a_password(first_administrator().splitlines()[-1])
    assert first_administrator() == ""
    assert User.objects.count() == 1


def test_the_environment_makes_nobody_where_there_is_someone(ada: pytest.MonkeyPatch, member: Member) -> None:
    assert first_administrator() == ""
    assert not User.objects.filter(email="ada@example.com").exists()


def test_a_poor_password_in_the_environment_is_refused(ada: pytest.MonkeyPatch) -> None:
    ada.setenv("BATON_ADMIN_PASSWORD", "short")
    with pytest.raises(Refused, match="too short"):
        first_administrator()
    assert not User.objects.exists()


def test_migrating_tells_of_it_and_the_demo_stays_away(ada: pytest.MonkeyPatch) -> None:
    ada.delenv("BATON_DEMO", raising=False)
    output = StringIO()
    call_command("migrate", verbosity=0, stdout=output)
    assert "ada@example.com is the first administrator" in output.getvalue()
    call_command("seed_demo", stdout=output)
    assert not User.objects.filter(email="demo@example.com").exists()


def test_the_page_to_sign_in_says_how_to_begin(client: Client, db: None) -> None:
    assert "manage.py create_administrator" in client.get("/sign-in/").text
    make_administrator("ada@example.com")
    assert "create_administrator" not in client.get("/sign-in/").text


def test_serve_says_how_to_begin_while_nobody_can_sign_in(db: None, tmp_path: Path) -> None:
    plan = Plan(home=Home(tmp_path), database=connection.get_connection_params())
    assert not people_of(plan.database)
    assert "manage.py create_administrator" in Launch(plan, programs)._welcome()
