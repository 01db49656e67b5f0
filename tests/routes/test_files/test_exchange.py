"""Routing tests as files beside their agents: there and back, elsewhere, and as guards of what is imported."""

import time
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.agents.agents import save_agent
from builder.files import importing, plans
from builder.files.archives import TextFile, pack
from builder.files.exporting import export_agents
from builder.files.flaws import Flawed
from builder.files.planned import Choices
from builder.files.test_files import files_of_tests, is_tests
from cases.imports.agent_views import made_queue
from cases.models import Case
from data.errors import Refused
from routes.models import Check, RoutingTest
from routes.routing_tests import routing_tests
from routes.test_files import texts
from routes.test_files.texts import Entry, Recorded
from teams.audit.actors import BATON
from teams.models import Team
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, desk, work_tests

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded(desk: Desk) -> Desk:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing, outage=desk.tech))
    desk.test("A refund", desk.billing, "ask", data={"order": 7, "due": "2026-01-01"}, labels=["money"])
    desk.test("An outage", desk.tech)
    return desk


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a command waits for a check, a worker works it."""
    monkeypatch.setattr(time, "sleep", lambda seconds: work_tests())


def import_files(team: Team, files: list[TextFile]) -> None:
    read, tests = importing.read_all(files), [file for file in files if is_tests(file)]
    seen = plans.plan(team, read).fingerprint
    importing.apply(team, read, Choices(), seen=seen, create_queue=made_queue, tests=tests)


def state(team: Team) -> list[Any]:
    """What the tests of a team ask, by the names of the agents that they expect."""
    names = {str(pk): name for pk, name in team.agents.values_list("pk", "name")}
    rows = RoutingTest.objects.filter(team=team).select_related("agent", "queue").order_by("name")
    return [
        (
            test.agent.name,
            test.name,
            test.mode,
            test.queue and test.queue.name,
            _input(test.sample),
            _named(test, names),
        )
        for test in rows
    ]


def _input(sample: dict[str, Any]) -> Any:
    kept = ("title", "data", "labels", "priority", "text", "calls", *(("prompt", "mark") if "calls" in sample else ()))
    return {name: value for name, value in sample.items() if name in kept}


def _named(test: RoutingTest, names: dict[str, str]) -> list[Any]:
    return [(one["decision"], names.get(one.get("agent_id", ""))) for one in test.expected]


def test_tests_that_were_exported_change_nothing(guarded: Desk, make_case: Make[Case]) -> None:
    team = guarded.triage.team
    make_case("A refund of a run", assignee=guarded.triage)
    routing_tests.add_test_of_run(work_next(), expected=None, name="", source="case", by=BATON)
    about: dict[str, Any] = {"expected": [{"decision": "answer"}], "name": "", "source": "typed", "by": BATON}
    routing_tests.add_standalone_test(guarded.tech, text="What is\n  up: “now”?\n", **about)
    before = list(RoutingTest.objects.order_by("pk").values())
    files = export_agents(team)
    assert [file.name for file in files] == [
        "billing.md",
        "tech.md",
        "tech.tests.yaml",
        "triage.md",
        "triage.tests.yaml",
    ]
    import_files(team, files)
    assert list(RoutingTest.objects.order_by("pk").values()) == before
    assert export_agents(team) == files


def test_another_team_gets_the_same_tests_and_then_nothing_more(guarded: Desk, make_team: Make[Team]) -> None:
    other = make_team()
    files = export_agents(guarded.triage.team)
    import_files(other, files)
    assert state(other) == state(guarded.triage.team)
    [test] = RoutingTest.objects.filter(team=other, name="An outage")
    assert test.expected[0]["agent_id"] == str(other.agents.get(name="Tech").pk) and test.source == "imported"
    import_files(other, files)
    assert RoutingTest.objects.filter(team=other).count() == 2


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=["\x00"]), max_size=40)
line = words.map(lambda text: " ".join(text.split()))
data = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(name=line, title=words, data=data, prompt=words.filter(bool), labels=st.lists(words, max_size=2))
def test_any_test_is_read_as_it_was_written(name: str, title: str, data: Any, prompt: str, labels: list[str]) -> None:
    typed = Entry(name=name, title=title, data=data, labels=labels, expected=["ask"], queue="Support")
    recorded = Recorded(prompt=prompt, mark=name, title=title, data=data, labels=labels)
    tests = [typed, Entry(name=name, recorded=recorded, expected=["complete"])]
    text = texts.write("Triage", RoutingTest().pk, tests)
    [read] = texts.read([TextFile("triage.tests.yaml", text)])
    assert read.said.tests == tests


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ("- {title: A, expected: ['@[Nobody](agent:00000000-0000-4000-8000-000000000000)']}", "“Nobody” is neither"),
        ("- {title: A, expected: [Nobody]}", "Test 1: “Nobody” is neither"),
        ("- {title: A, expected: [Triage]}", "cannot hand over to itself"),
        ("- {title: A, queue: Other, expected: [ask]}", "There is no queue called “Other”"),
        ("- {title: A, expected: [answer]}", "“answer” is neither"),
        ("- {title: A, expected: []}", "Test 1, expected"),
        ("- {expected: [ask]}", "either a title, a text"),
        ("- {title: A, colour: red, expected: [ask]}", "Test 1, colour"),
        ("- {title: A, data: .nan, expected: [ask]}", "Test 1, data"),
        ("- &one {title: A, expected: [ask]}\n- *one", "Anchors and aliases"),
        ("- {title: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_test(guarded: Desk, tests: str, words: str) -> None:
    file = TextFile("triage.tests.yaml", f"agent: Triage\ntests:\n{tests}\n")
    plan = plans.plan(guarded.triage.team, [])
    with pytest.raises(Flawed, match=words):
        files_of_tests().plan(guarded.triage.team, [file], plan)


def test_a_file_written_by_hand_names_agents_and_decisions_in_words(guarded: Desk) -> None:
    text = "agent: triage\ntests:\n- {title: A strike, expected: [Tech, '@Billing', Ask a person]}\n"
    import_files(guarded.triage.team, [TextFile("triage.tests.yaml", text)])
    test = RoutingTest.objects.get(name="A strike")
    ids = [str(guarded.tech.pk), str(guarded.billing.pk)]
    assert [one.get("agent_id") for one in test.expected] == [*ids, None] and test.queue == guarded.queue


def test_too_many_tests_are_refused_and_none_is_imported(guarded: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_tests, "MOST", 4)
    rows = "".join(f"- {{title: Number {number}, expected: [ask]}}\n" for number in range(3))
    with pytest.raises(Refused, match="at most 4 tests"):
        import_files(guarded.triage.team, [TextFile("triage.tests.yaml", f"agent: Triage\ntests:\n{rows}")])
    assert RoutingTest.objects.count() == 2


# --- As guards -------------------------------------------------------------------------------


@pytest.fixture
def folder(guarded: Desk, tmp_path: Path) -> Path:
    call_command("export_agents", "--team", guarded.triage.team.slug, "--to", str(tmp_path), stdout=StringIO())
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def check_routes(team: Team, *arguments: object) -> str:
    out = StringIO()
    call_command("check_routes", "--team", team.slug, *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("worked")
def test_check_routes_says_which_tests_files_would_break_and_changes_nothing(guarded: Desk, folder: Path) -> None:
    team, report = guarded.triage.team, folder / "junit.xml"
    assert "2 passing" in check_routes(team, folder)
    edit(folder / "triage.md", "- refund", "- return")
    with pytest.raises(CommandError) as caught:
        check_routes(team, folder, "--junit", report)
    assert caught.value.returncode == 1
    suite = ET.fromstring(report.read_text())[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("Triage", "2", "1")
    [failure] = suite.iter("failure")
    assert failure.get("type") == "broken" and "Hand over to Billing" in str(failure.text)
    assert RoutingTest.objects.count() == 2 and "refund" in guarded.triage.live_revision.aop


@pytest.mark.usefixtures("worked")
def test_tests_in_files_count_before_they_are_imported(guarded: Desk, folder: Path) -> None:
    team = guarded.triage.team
    edit(folder / "triage.md", "- refund", "- return")
    edit(folder / "triage.tests.yaml", "title: A refund", "title: A return")
    new = "- {name: Strikes, title: A strike, expected: [Tech]}\n"
    (folder / "triage.tests.yaml").write_text((folder / "triage.tests.yaml").read_text() + new)
    said = check_routes(team, folder)
    assert "failing: Triage: Strikes" in said and "1 fixed" in said
    with pytest.raises(CommandError):
        check_routes(team, folder, "--strict")
    call_command("import_agents", str(folder), "--team", team.slug, stdout=StringIO())
    assert sorted(RoutingTest.objects.values_list("name", flat=True)) == ["A refund", "An outage", "Strikes"]
    assert RoutingTest.objects.get(name="A refund").sample["title"] == "A return"
    assert "- return" in guarded.triage.live_revision.aop


@pytest.mark.usefixtures("worked")
def test_a_new_test_in_the_files_holds_back_an_import_that_breaks_it(guarded: Desk, folder: Path) -> None:
    RoutingTest.objects.all().delete()
    edit(folder / "triage.md", "- refund", "- return")
    with pytest.raises(CommandError, match="broken: A refund") as caught:
        call_command("import_agents", str(folder), "--team", guarded.triage.team.slug, stdout=StringIO())
    assert caught.value.returncode == 3
    assert not RoutingTest.objects.exists() and "- refund" in guarded.triage.live_revision.aop


@pytest.mark.usefixtures("worked")
def test_check_routes_without_files_runs_all_tests_of_what_is_live(guarded: Desk) -> None:
    guarded.test("A strike", guarded.tech)
    assert "2 passing, 1 failing" in check_routes(guarded.triage.team)
    RoutingTest.objects.all().delete()
    assert "No routing test" in check_routes(guarded.triage.team)


def test_check_routes_exits_with_one_when_no_test_could_be_run(guarded: Desk, folder: Path) -> None:
    edit(folder / "triage.md", "- refund", "- return")
    with pytest.raises(CommandError, match="2 tests of 2") as caught:
        check_routes(guarded.triage.team, folder, "--wait", "0")
    assert caught.value.returncode == 1
    (folder / "triage.md").write_text("What?")
    with pytest.raises(CommandError) as caught:
        check_routes(guarded.triage.team, folder)
    assert caught.value.returncode == 2


def test_the_page_shows_the_tests_of_an_import_and_leads_to_the_check(guarded: Desk, signed_in: Client) -> None:
    files = export_agents(guarded.triage.team)
    files = [
        TextFile(one.name, one.text.replace("A refund", "A return").replace("- refund", "- return")) for one in files
    ]
    upload = SimpleUploadedFile("agents.zip", pack(files))
    preview = signed_in.post(reverse("agents_import"), {"uploads": upload, "text": ""})["Location"]
    shown = signed_in.get(preview)
    assert "0 new, 1 changed, 1 unchanged" in " ".join(shown.text.split())
    fields = {"seen": shown.context["plan"].fingerprint}
    held = signed_in.post(preview, fields)["Location"]
    assert held == reverse("check", args=[Check.objects.get().pk])
    work_tests()
    assert Check.objects.get().is_applied and "A return" in signed_in.get(held).text
    assert RoutingTest.objects.filter(name="A return").count() == 1
