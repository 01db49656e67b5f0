from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builder.agents.agents import delete_agent
from cases.models import Queue
from runs.home import palette
from teams.models import Member, Team
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


@pytest.fixture
def find(member: Member) -> Any:
    """The labels that a member is shown, by group."""

    def labels(text: str = "", recent: str = "", by: Member | None = None) -> dict[str, list[str]]:
        groups = palette.search_palette(by or member, [member.team], text, recent)
        return {group.title: [choice.label for choice in group.choices] for group in groups}

    return labels


def test_a_name_a_title_and_a_number_find_what_has_them(
    find: Any, make_agent: Make, make_case: Make, make_queue: Make
) -> None:
    make_agent("Billing Specialist")
    make_queue("Bills")
    older = make_case("A bill is wrong")
    make_case("Something else", data={"text": "with a bill"})
    found = find("bill")
    assert found["Agents"] == ["Billing Specialist"]
    assert found["Queues"] == ["Bills"]
    assert found["Cases"] == ["#1 A bill is wrong", "#2 Something else"]  # the title says it
    assert find("#1") == {"Cases": ["#1 A bill is wrong"]}, "no section of the help"
    assert find(f"#{older.number}")["Cases"] == find(str(older.number))["Cases"] == ["#1 A bill is wrong"]


def test_a_misspelt_agent_is_found(find: Any, make_agent: Make) -> None:
    make_agent("Billing Specialist")
    assert find("biling")["Agents"] == ["Billing Specialist"]


def test_a_run_is_found_by_its_words_and_anything_by_its_id(find: Any, make_run: Make, make_agent: Make) -> None:
    agent = make_agent("Writer")
    run = make_run(agent, input="Compose a haiku")
    assert find("haiku") == {"Runs": ["Writer: standalone"]}
    assert find(str(run.pk)) == {"With this id": ["Writer: standalone"]}
    assert find(str(agent.pk)) == {"With this id": ["Writer"]}


def test_what_was_shown_last_comes_back_as_it_is_called_now(find: Any, make_agent: Make, make_case: Make) -> None:
    agent, gone, case = make_agent("Old name"), make_agent(), make_case("Lamp")
    agent.name = "New name"
    agent.save()
    delete_agent(gone)
    recent = f"case:{case.pk} agent:{gone.pk} agent:{agent.pk} nonsense agent:x team:{agent.team_id}"
    assert find("", recent)["Recent"] == ["#1 Lamp", "New name"]


def test_nothing_of_another_team_is_found(
    find: Any, make_team: Make, make_agent: Make, make_queue: Make, make_case: Make, make_run: Make
) -> None:
    strangers = make_team("Strangers")
    queue = make_queue("Foreign", of=strangers)
    agent = make_agent("Foreign", of=strangers)
    case, run = make_case("Foreign", in_queue=queue), make_run(agent, input="Foreign")
    assert find("foreign") == {}
    ids = {"queue": queue.pk, "agent": agent.pk, "case": case.pk, "run": run.pk}
    assert "Recent" not in find("", " ".join(f"{kind}:{id}" for kind, id in ids.items()))
    assert all(find(str(id)) == {} for id in ids.values())


def test_commands_are_those_the_role_allows(find: Any, make_member: Make, make_queue: Make) -> None:
    make_queue("Claims")
    viewer, operator = make_member(role="viewer"), make_member(role="operator")
    assert find("new")["Commands"] == ["New agent", "New queue", "New case", "New case"]
    assert find("new case claims")["Commands"] == ["New case"]
    assert find("new", by=operator)["Commands"] == ["New case", "New case"]
    assert "Commands" not in find("new", by=viewer)
    assert find("webhooks")["Commands"] == ["Webhooks"]
    assert "Commands" not in find("webhooks", by=operator)
    assert find("dark")["Commands"] == ["Theme: dark"]


def test_a_new_case_is_offered_where_agents_work_and_most_cases_are(
    member: Member, queue: Queue, make_agent: Make, make_queue: Make, make_case: Make
) -> None:
    make_queue("Archive")
    busy, worked = make_queue("Busy"), make_queue("Worked")
    make_agent("Clerk", queue=worked)
    for _ in range(3):
        make_case(in_queue=busy)
    make_case(in_queue=queue)
    [adding] = [group.choices for group in palette.search_palette(member, [member.team]) if group.title == "Add"]
    assert [choice.hint for choice in adding if choice.label == "New case"] == ["Worked", "Busy", queue.name, "Archive"]


def test_another_team_of_mine_can_be_switched_to(member: Member, make_team: Make, signed_in: Client) -> None:
    other = make_team("Second")
    Member.objects.create(team=other, user=member.user, role="viewer")
    answer = signed_in.get("/find/", {"q": "second"}, headers={"HX-Target": "div#palette-results"})
    assert f'name="team" value="{other.slug}"' in answer.text
    assert "<html" not in answer.text


def test_each_search_asks_as_many_questions_however_much_there_is(
    signed_in: Client, team: Team, make_agent: Make, make_case: Make, make_queue: Make, make_run: Make
) -> None:
    def questions(**asked: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert signed_in.get("/find/", asked, headers={"HX-Target": "div#palette-results"}).status_code == 200
        return len(queries)

    def add() -> str:
        agent, case = make_agent("Lamp agent"), make_case("Lamp")
        run, queue = make_run(agent, input="Lamp"), make_queue("Lamp queue")
        return f"agent:{agent.pk} case:{case.pk} run:{run.pk} queue:{queue.pk}"

    recent = add()
    few = questions(q="lamp"), questions(recent=recent), questions(q="new")
    for _ in range(4):
        make_agent(), make_case("Lamp"), make_queue()
    more = recent + " " + " ".join(f"agent:{make_agent(f'Lamp {n}').pk}" for n in range(3))
    make_run(input="Lamp")
    assert (questions(q="lamp"), questions(recent=more), questions(q="new")) == few
    assert max(few) < 22


def test_strange_texts_find_nothing_and_break_nothing(find: Any) -> None:
    for text in ("'", "%", "#", "@", "\\", "a" * 5000, "…", "( | )", "#99999999999999"):
        find(text)
