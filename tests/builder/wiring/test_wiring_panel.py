"""The wiring beside the procedure: drawn from what is typed, and fixed by its buttons."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from builder.agents.agents import delete_agent, pause_agent, save_agent
from builder.agents.connections import connect
from builder.agents.queries import detailed
from builder.models import Agent, QueueConnection
from builder.procedures import mentions
from builder.wiring.doctor import examine
from builder.wiring.doctor_input import as_saved, gather
from cases.models import Queue
from cases.queues.queues import pause_queue
from runs.models import Run
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Member, Team
from tests.fixtures import mention
from tests.responses import Response

type Make = Callable[..., Any]


def form(*works: Queue, **fields: Any) -> dict[str, Any]:
    typed = {"name": "Triage", "description": "", "aop": "", "model_kind": "offline", "model": ""}
    return typed | {f"consumes-{queue.pk}": "on" for queue in works} | fields


def panel(client: Client, agent: Agent | None, fields: dict[str, Any]) -> str:
    path = reverse("agent_wiring", args=[agent.pk]) if agent else reverse("agent_new_wiring")
    response = client.post(path, fields)
    assert response.status_code == 200
    return response.content.decode()


def findings(text: str) -> list[str]:
    return re.findall(r'data-finding="(\w+)"', text)


def buttons(text: str) -> list[str]:
    return re.findall(r'name="fix"\s+value="([^"]+)"', text)


def codes(team: Team, agent: Agent) -> list[str]:
    [facts] = gather(team, [as_saved(detailed(agent))])
    return [finding.code for finding in examine(facts)]


def works(agent: Agent) -> set[Any]:
    rows = agent.queue_connections.filter(role=QueueConnection.Role.CONSUMER)
    return set(rows.values_list("queue_id", flat=True))


# --- What is typed ---------------------------------------------------------------------------


def test_the_panel_judges_what_is_typed_not_what_is_saved(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", aop="Complete it when it is paid.", queue=queue)
    saved = triage.live_revision.aop
    assert findings(panel(signed_in, triage, form(queue, aop=saved))) == []
    typed = panel(signed_in, triage, form(queue, aop=mention(saved, billing)))
    assert findings(typed) == ["target_unavailable"]
    assert "None: it does not work Support" in typed
    assert "Starts a new run" in typed
    without_queue = panel(signed_in, triage, form(aop=mention(saved, billing)))
    assert findings(without_queue) == ["unreachable"]
    assert triage.live_revision.aop == saved


def test_a_new_agent_has_the_panel_too(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    text = panel(signed_in, None, form(queue, aop=mention("Complete or pass to", make_agent("Billing"))))
    assert findings(text) == ["target_unavailable"]
    assert findings(signed_in.get("/agents/new/").content.decode()) == []


def test_a_mention_of_another_teams_agent_is_one_of_nobody(
    signed_in: Client, make_agent: Make, make_team: Make
) -> None:
    stranger = make_agent("Stranger", of=make_team(), description="Secret")
    text = panel(signed_in, None, form(aop=mention("To", stranger)))
    assert findings(text)[0] == "unknown_mention"
    assert "Secret" not in text


@pytest.mark.parametrize("aop", ["", "\x00", "x" * 300_000, "@[", "@[A](agent:zzz)", "\r\n\r\n", "never to @[A]"])
def test_the_panel_stands_any_text(signed_in: Client, make_agent: Make, queue: Queue, aop: str) -> None:
    assert 'id="wiring"' in panel(signed_in, make_agent(), form(queue, aop=aop))


# --- What is saved around it -------------------------------------------------------------------


def test_a_target_that_mentions_a_deleted_agent_is_blocked(team: Team, make_agent: Make, queue: Queue) -> None:
    gone = make_agent("Gone")
    billing = make_agent("Billing", aop="Done with", mentions=[gone], queue=queue)
    triage = make_agent("Triage", aop="Complete it, or", mentions=[billing], queue=queue)
    assert codes(team, triage) == []
    delete_agent(gone)
    assert codes(team, triage) == ["target_blocked"]
    assert codes(team, billing) == ["deleted_target"]


def test_a_queue_is_worked_by_agents_that_could_take_its_cases(team: Team, make_agent: Make, queue: Queue) -> None:
    feeder = make_agent("Feeder")
    connect(feeder, [], [queue.pk])
    make_run_of(feeder)
    assert codes(team, feeder) == ["no_consumer"]
    worker = make_agent("Worker", queue=queue)
    assert codes(team, feeder) == []
    pause_agent(worker)
    assert codes(team, feeder) == ["no_consumer"]
    make_agent("Another", queue=queue)
    assert codes(team, feeder) == []
    pause_queue(queue)
    assert codes(team, feeder) == ["queue_paused"]


def make_run_of(agent: Agent) -> Run:
    return Run.objects.create(team=agent.team, agent=agent, revision=agent.live_revision, trigger=Run.Trigger.MANUAL)


def test_an_agent_is_reached_by_a_queue_a_mention_or_a_person(team: Team, make_agent: Make, queue: Queue) -> None:
    alone, mentioned, started, working = (make_agent() for _ in range(4))
    save_agent(alone, aop=mention("", alone))
    boss = make_agent("Boss", mentions=[mentioned])
    make_run_of(started)
    connect(working, [])
    assert "unreachable" in codes(team, alone)
    assert "unreachable" not in codes(team, mentioned)
    assert "unreachable" not in codes(team, started)
    delete_agent(boss)
    assert "unreachable" in codes(team, mentioned)


def test_a_cycle_is_followed_through_saved_procedures(team: Team, make_agent: Make) -> None:
    first = make_agent("First")
    third = make_agent("Third", mentions=[first])
    second = make_agent("Second", mentions=[third])
    save_agent(first, aop=mention("", second))
    assert [codes(team, agent) for agent in (first, second, third)] == [["endless_cycle"]] * 3
    save_agent(third, aop=mention("Close it, or", first))
    assert [codes(team, agent) for agent in (first, second, third)] == [[], [], []]


def test_the_facts_of_many_agents_take_as_many_queries_as_those_of_one(
    team: Team, make_agent: Make, queue: Queue
) -> None:
    agents = [make_agent("First", queue=queue)]

    def queries() -> int:
        details = [as_saved(detailed(agent)) for agent in agents]
        with CaptureQueriesContext(connection) as captured:
            gather(team, details)
        return len(captured)

    agents.append(make_agent(mentions=agents, queue=queue))
    few = queries()
    for _ in range(5):
        agents.append(make_agent(mentions=agents, queue=queue))
    assert queries() == few <= 12


# --- The buttons -------------------------------------------------------------------------------


def test_a_target_is_connected_to_the_queue(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", queue=queue)
    typed = form(queue, aop=mention("Complete it, or", billing))
    button = f"connect:{billing.pk}:{queue.pk}"
    assert button in buttons(panel(signed_in, triage, typed))
    assert findings(panel(signed_in, triage, typed | {"fix": button})) == []
    assert works(billing) == {queue.pk}


def test_an_agent_is_chosen_for_a_queue_that_nobody_works(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    worker, feeder = make_agent("Worker"), make_agent("Feeder")
    make_run_of(feeder)
    typed = form(**{f"produces-{queue.pk}": "on"})
    text = panel(signed_in, feeder, typed)
    assert buttons(text) == [f"tick:{queue.pk}", f"choose:{queue.pk}"]
    assert f'name="consumer-{queue.pk}"' in text
    pressed = typed | {"fix": f"choose:{queue.pk}", f"consumer-{queue.pk}": str(worker.pk)}
    assert findings(panel(signed_in, feeder, pressed)) == []
    assert works(worker) == {queue.pk}


def test_a_paused_target_is_resumed(signed_in: Client, make_agent: Make) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage")
    make_run_of(triage)
    pause_agent(billing)
    typed = form(aop=mention("Complete it, or", billing))
    assert buttons(panel(signed_in, triage, typed)) == [f"resume:{billing.pk}"]
    assert findings(panel(signed_in, triage, typed | {"fix": f"resume:{billing.pk}"})) == []
    billing.refresh_from_db()
    assert not billing.is_paused


@pytest.mark.parametrize("what", ["remove", "replace"])
def test_without_scripts_a_button_sends_the_form_and_gets_it_back_fixed(
    signed_in: Client, make_agent: Make, what: str
) -> None:
    gone, other = make_agent("Gone"), make_agent("Other")
    triage = make_agent("Triage", aop="Old.")
    delete_agent(gone)
    typed = form(aop=f"{mention('Pass it to', gone)}, quickly.\r\nNew.", revision="1", description="Typed")
    pressed = typed | {"fix": f"{what}:{gone.pk}", f"replacement-{gone.pk}": str(other.pk)}
    response = signed_in.post(reverse("agent", args=[triage.pk]), pressed)
    assert response.status_code == 200
    wanted = "Pass it to, quickly.\nNew." if what == "remove" else f"{mention('Pass it to', other)}, quickly.\nNew."
    assert response.context["form"]["aop"].value() == wanted
    assert response.context["form"]["description"].value() == "Typed"
    assert "deleted_target" not in findings(response.content.decode())
    assert "data-unsaved" in response.content.decode()
    assert triage.live_revision.aop == "Old."


@pytest.mark.parametrize("what", ["remove", "replace"])
def test_people_who_left_can_be_removed_or_replaced(
    signed_in: Client, team: Team, make_agent: Make, queue: Queue, member: Member, what: str
) -> None:
    person = mentions.token(member.user.uuid, str(member.user), mentions.PERSON)
    legal, finance = (groups.create_group(team, GroupFields(name)) for name in ("Legal", "Finance"))
    groups.delete_group(legal)
    agent = make_agent("Triage", queue=queue)
    aop = f"Complete it, or give it to {mentions.token(legal.pk, 'Legal', mentions.GROUP)} or {person}."
    typed = form(queue, aop=aop)
    text = panel(signed_in, agent, typed)
    assert findings(text) == ["people_gone"] and buttons(text) == [f"remove:{legal.pk}", f"replace:{legal.pk}"]
    assert "None: This group was deleted." in text and "Go to their inbox" in text
    pressed = typed | {"fix": f"{what}:{legal.pk}", f"replacement-{legal.pk}": str(finance.pk)}
    response = signed_in.post(reverse("agent", args=[agent.pk]), pressed)
    left = "" if what == "remove" else f" {mentions.token(finance.pk, 'Finance', mentions.GROUP)}"
    assert response.context["form"]["aop"].value() == f"Complete it, or give it to{left} or {person}."


def test_the_plain_name_of_people_becomes_a_mention_of_them(
    signed_in: Client, team: Team, make_agent: Make, queue: Queue
) -> None:
    finance = groups.create_group(team, GroupFields("Finance"))
    agent = make_agent("Triage", queue=queue)
    typed = form(queue, aop="Complete it, or give it to @finance or @Nobody.")
    text = panel(signed_in, agent, typed)
    assert findings(text) == ["plain_name", "unknown_name"] and "data-token" in text
    assert f'<option value="{finance.pk}"' in text, "who is nobody can become a group too"
    response = signed_in.post(reverse("agent", args=[agent.pk]), typed | {"fix": f"mention:{finance.pk}:27:35"})
    token = mentions.token(finance.pk, "Finance", mentions.GROUP)
    assert response.context["form"]["aop"].value() == f"Complete it, or give it to {token} or @Nobody."


def test_a_forbidden_mention_becomes_a_plain_name(signed_in: Client, make_agent: Make) -> None:
    billing = make_agent("Billing [EU]")
    pressed = form(aop=mention("Close it; never pass it to", billing), fix=f"unmention:{billing.pk}")
    response = signed_in.post("/agents/new/", pressed)
    assert response.context["form"]["aop"].value() == "Close it; never pass it to Billing [EU]"


def test_the_agent_itself_takes_a_queue_in_the_form_only(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    triage = make_agent("Triage")
    page = reverse("agent", args=[triage.pk])
    assert f"tick:{queue.pk}" in buttons(signed_in.get(page).content.decode())
    response = signed_in.post(page, form(aop="Close it.", revision="1", fix=f"tick:{queue.pk}"))
    assert response.context["form"].connections[f"consumes-{queue.pk}"].value() is True
    assert works(triage) == set()


def press(client: Client, agent: Agent, button: str, **fields: Any) -> Response:
    return client.post(reverse("agent_wiring", args=[agent.pk]), form(fix=button, **fields))


def test_buttons_reach_nothing_of_another_team(
    signed_in: Client, make_agent: Make, make_team: Make, make_queue: Make, queue: Queue
) -> None:
    strangers = make_team()
    theirs, their_queue = make_agent(of=strangers), make_queue(of=strangers)
    pause_agent(theirs)
    ours = make_agent("Triage")
    for button in (
        f"connect:{theirs.pk}:{queue.pk}",
        f"connect:{ours.pk}:{their_queue.pk}",
        f"resume:{theirs.pk}",
        f"resume:{uuid4()}",
        f"choose:{queue.pk}",
        "resume:nonsense",
        f"replace:{ours.pk}",
    ):
        assert press(signed_in, ours, button, **{f"replacement-{ours.pk}": str(theirs.pk)}).status_code == 404
    assert press(signed_in, ours, "explode:now").status_code == 200
    assert works(theirs) == works(ours) == set()
    theirs.refresh_from_db()
    assert theirs.is_paused


# --- Saving ------------------------------------------------------------------------------------


def test_hints_and_warnings_never_keep_from_saving(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    billing = make_agent("Billing")
    pause_agent(billing)
    typed = form(queue, aop=mention("Never hand over to", billing))
    assert signed_in.post("/agents/new/", typed).status_code == 302


def test_a_new_agent_with_a_deleted_mention_is_only_saved_when_someone_insists(
    signed_in: Client, team: Team, make_agent: Make
) -> None:
    gone = make_agent("Gone")
    delete_agent(gone)
    typed = form(aop=mention("To", gone))
    response = signed_in.post("/agents/new/", typed)
    assert response.status_code == 422
    assert "Save anyway" in response.content.decode()
    assert not team.agents.live().exists()
    assert signed_in.post("/agents/new/", typed | {"anyway": "1"}).status_code == 302
    assert team.agents.live().exists()
