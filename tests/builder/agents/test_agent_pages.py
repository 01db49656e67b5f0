import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from builder.agents.agents import delete_agent, pause_agent, save_agent
from builder.agents.connections import connect
from builder.models import Agent, QueueConnection
from cases.models import Queue
from teams.models import Team
from tests.fixtures import mention
from tests.markup import one_line
from tests.responses import Response

type Make = Callable[..., Any]


def form(**fields: Any) -> dict[str, Any]:
    return {"name": "Triage", "description": "", "aop": "", "model_kind": "offline", "model": ""} | fields


def shown(response: Response) -> str:
    assert response.status_code == 200
    return one_line(response.text)


def messages(response: Response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def page_of(agent: Agent) -> str:
    return reverse("agent", args=[agent.pk])


def badges(text: str) -> list[tuple[str, str]]:
    """Name and status of each mention, in order."""
    text = re.sub("<template.*?</template>", "", text, flags=re.DOTALL)  # what the editor draws with
    found = re.findall(r'data-status="(\w+)".*?<span class="truncate">(.*?)</span>', text, re.DOTALL)
    return [(name, status) for status, name in found]


def names(response: Response) -> list[str]:
    return [row.details.agent.name for row in response.context["agents"]]


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        shown(client.get(path))
    return len(captured)


# --- The list --------------------------------------------------------------------------------


def test_the_list_shows_what_agents_do(signed_in: Client, make_agent: Make, make_run: Make, queue: Queue) -> None:
    billing = make_agent("Billing Specialist", description="Refunds.", queue=queue)
    triage = make_agent("Triage", mentions=[billing], model="anthropic:claude-x")
    run = make_run(triage)
    response = signed_in.get("/agents/")
    text = shown(response)
    for words in ("Refunds.", "Support", "anthropic:claude-x", "Offline stand-in", reverse("run", args=[run.pk])):
        assert words in text
    assert names(response) == ["Billing Specialist", "Triage"]
    assert ("Billing Specialist", "ok") in badges(text)


def test_the_list_finds_words_in_names_and_descriptions(signed_in: Client, make_agent: Make) -> None:
    make_agent("Billing", description="Refunds and invoices")
    make_agent("Technical Support")
    for words, found in {
        "refund bill": ["Billing"],
        "SUPPORT": ["Technical Support"],
        "x\x00y": [],
        "refund tech": [],
    }.items():
        assert names(signed_in.get("/agents/", {"q": words})) == found
    assert "No matching agents" in shown(signed_in.get("/agents/", {"q": "nothing"}))


def test_the_list_narrows_to_paused_and_to_blocked_agents(signed_in: Client, make_agent: Make) -> None:
    gone, paused = make_agent("Gone"), make_agent("Paused one")
    make_agent("Blocked one", mentions=[gone])
    delete_agent(gone)
    pause_agent(paused)
    assert names(signed_in.get("/agents/", {"state": "paused"})) == ["Paused one"]
    assert names(signed_in.get("/agents/", {"state": "blocked"})) == ["Blocked one"]
    assert names(signed_in.get("/agents/")) == ["Blocked one", "Paused one"]


def test_the_list_holds_nothing_of_another_team(signed_in: Client, make_agent: Make, make_team: Make) -> None:
    make_agent("Theirs", of=make_team())
    assert "No agents yet" in shown(signed_in.get("/agents/"))


def test_the_list_asks_as_many_questions_for_many_agents_as_for_one(
    signed_in: Client, make_agent: Make, make_run: Make, queue: Queue
) -> None:
    agents = [make_agent(queue=queue)]
    agents.append(make_agent(mentions=agents, queue=queue))
    make_run(agents[0])
    few = queries(signed_in, "/agents/")
    for _ in range(6):
        agents.append(make_agent(mentions=agents, queue=queue))
        make_run(agents[-1])
    assert queries(signed_in, "/agents/") == few


def test_a_long_list_has_pages(signed_in: Client, make_agent: Make) -> None:
    for number in range(51):
        make_agent(f"Agent {number:02}")
    first = signed_in.get("/agents/")
    assert len(names(first)) == 50
    assert names(signed_in.get("/agents/", {"cursor": first.context["page"].older})) == ["Agent 50"]


def test_a_live_part_is_answered_alone(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Triage")
    for path, part in (("/agents/", "results"), *((page_of(agent), part) for part in ("head", "around"))):
        text = shown(signed_in.get(path, headers={"HX-Target": f"div#{part}"})).strip()
        assert re.match(rf'<\w+ id="{part}" data-live=', text)
        assert "<html" not in text


# --- Saving ----------------------------------------------------------------------------------


def test_a_new_agent_has_all_that_was_filled_in(
    signed_in: Client, team: Team, make_agent: Make, queue: Queue, make_queue: Make
) -> None:
    billing, other = make_agent("Billing"), make_queue("Other")
    aop = mention("Refunds go to", billing)
    connections = {f"consumes-{queue.pk}": "on", f"concurrency-{queue.pk}": "3", f"produces-{other.pk}": "on"}
    fields = form(aop=aop.replace(" go", "\r\ngo"), description="Sorts.", model_kind="provider", model="openai:gpt-x")
    response = signed_in.post("/agents/new/", fields | connections, follow=True)
    agent = team.agents.get(name="Triage")
    assert response.redirect_chain == [(page_of(agent), 302)]
    assert "Saved." in messages(response)
    assert (agent.description, agent.may_ask) == ("Sorts.", False)
    assert (agent.live_revision.aop, agent.live_revision.model) == (aop.replace(" go", "\ngo"), "openai:gpt-x")
    rows = QueueConnection.objects.filter(agent=agent).values_list("queue__name", "role", "concurrency")
    assert sorted(rows) == [("Other", "producer", 5), ("Support", "consumer", 3)]


def test_saving_changes_everything_at_once(signed_in: Client, make_agent: Make, queue: Queue, member: Any) -> None:
    agent = make_agent("Triage", aop="Old.", queue=queue)
    signed_in.post(page_of(agent), form(name="Sorter", aop="New.", may_ask="on", revision="1"))
    agent.refresh_from_db()
    assert (agent.name, agent.may_ask) == ("Sorter", True)
    assert (agent.live_revision.aop, agent.live_revision.number) == ("New.", 2)
    assert agent.live_revision.author == member.user
    assert not agent.queue_connections.exists()


@pytest.mark.parametrize(
    ("fields", "field", "error"),
    [
        ({"name": "  "}, "name", "Required."),
        ({"name": "billing"}, "name", "already exists"),
        ({"name": "x" * 81}, "name", "80"),
        ({"description": "a\x07b"}, "description", "characters that cannot be shown"),
        ({"aop": "a\x00b"}, "aop", "invisible characters"),
        ({"aop": "x" * 200_001}, "aop", "at most 200,000 characters"),
        ({"aop": f"@[Nobody](agent:{UUID(int=1)})"}, "aop", "“@Nobody” is not an agent of this team"),
        ({"model_kind": "provider"}, "model", "Enter the name of a model"),
        ({"model_kind": "provider", "model": "x" * 101}, "model", "100"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_saved_is_said_at_its_field_and_kept(
    signed_in: Client, team: Team, make_agent: Make, fields: dict[str, str], field: str, error: str
) -> None:
    make_agent("Billing")
    agent = make_agent("Triage", aop="Old.")
    typed = form(name="Sorter", aop="My words.", description="My line.") | fields
    for path in ("/agents/new/", page_of(agent)):
        response = signed_in.post(path, typed)
        assert response.status_code == 422
        assert error in " ".join(response.context["form"].errors[field])
        assert typed["aop"][:1000] in str(response.context["form"]["aop"].value())
        assert 'aria-invalid="true"' in response.content.decode()
    assert team.agents.count() == 2
    assert agent.live_revision.aop == "Old."


def test_an_agent_of_another_team_is_like_one_that_never_was(
    signed_in: Client, make_agent: Make, make_team: Make
) -> None:
    theirs = make_agent("Secret", of=make_team())
    errors = [
        signed_in.post("/agents/new/", form(aop=f"@[X](agent:{id})")).context["form"].errors
        for id in (theirs.pk, uuid4())
    ]
    assert errors[0] == errors[1]


def test_a_queue_of_another_team_cannot_be_connected(
    signed_in: Client, team: Team, make_team: Make, make_queue: Make
) -> None:
    theirs = make_queue(of=make_team())
    signed_in.post("/agents/new/", form() | {f"consumes-{theirs.pk}": "on", f"concurrency-{theirs.pk}": "1"})
    assert not team.agents.get().queue_connections.exists()


def test_how_many_cases_at_once_is_checked(signed_in: Client, queue: Queue) -> None:
    response = signed_in.post("/agents/new/", form() | {f"consumes-{queue.pk}": "on", f"concurrency-{queue.pk}": "0"})
    assert response.status_code == 422
    assert "between 1 and 1000" in response.content.decode()


def test_saving_twice_the_same_makes_one_revision(signed_in: Client, make_agent: Make) -> None:
    billing = make_agent("Billing")
    agent = make_agent("Triage", mentions=[billing])
    save_agent(billing, name="Money")
    field = signed_in.get(page_of(agent)).context["form"]["aop"].value()
    assert field == mention("", Agent(pk=billing.pk, name="Money"))  # the new name stands there at once
    signed_in.post(page_of(agent), form(aop=field, revision="1", description="Other words."))
    agent.refresh_from_db()
    assert (agent.live_revision.number, agent.description) == (1, "Other words.")


def test_nobody_s_text_is_replaced_unseen(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Triage", aop="One.")
    save_agent(agent, aop="Theirs.")
    response = signed_in.post(page_of(agent), form(aop="Mine.", revision="1"))
    assert response.status_code == 422
    assert "saved revision 2 of this procedure while you were writing" in response.content.decode()
    again = response.context["form"]
    signed_in.post(page_of(agent), form(aop=again["aop"].value(), revision=again["revision"].value()))
    assert agent.live_revision.aop == "Mine."


# --- Mentions of deleted agents --------------------------------------------------------------


@pytest.fixture
def blocked(make_agent: Make) -> Agent:
    billing = make_agent("Billing")
    agent: Agent = make_agent("Triage", aop="Refunds go to", mentions=[billing])
    delete_agent(billing)
    return agent


def test_a_mention_of_a_deleted_agent_is_red_and_the_page_says_what_to_do(signed_in: Client, blocked: Agent) -> None:
    response = signed_in.get(page_of(blocked))
    text = shown(response)
    assert set(badges(text)) == {("Billing", "deleted")}
    assert "Blocked." in text
    assert "mentions @Billing, now deleted" in text
    assert response.context["refusal"].code == "deleted_target"
    assert reverse("run_start", args=[blocked.pk]) not in text  # the reason stands in place of the form
    assert f'href="{page_of(blocked)}#procedure"' in text


@pytest.mark.parametrize(
    ("sent_from", "fields", "shown_on", "words"),
    [
        ("agent", {"name": ""}, "agent_setup", "under Setup."),
        ("agent_setup", {"budget-requests": "x"}, "agent_setup", "under Budget."),
        ("agent_setup", {"aop": "@[Gone](agent:00000000-0000-0000-0000-000000000000)"}, "agent", "under Procedure."),
    ],
)
def test_what_is_refused_is_shown_on_its_tab(
    signed_in: Client, make_agent: Make, sent_from: str, fields: dict[str, str], shown_on: str, words: str
) -> None:
    agent = make_agent("Triage", aop="Sort.")
    tab = reverse(sent_from, args=[agent.pk])
    response = signed_in.post(page_of(agent), form(**({"revision": "1", "tab": tab} | fields)))
    text = one_line(response.text)
    assert response.status_code == 422 and words in text
    assert f'href="{reverse(shown_on, args=[agent.pk])}" aria-current="page"' in text


def test_the_setup_is_saved_where_it_stands(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Triage", aop="Sort.")
    tab = reverse("agent_setup", args=[agent.pk])
    assert '<div data-tab="' + page_of(agent) + '" hidden>' in shown(signed_in.get(tab))
    assert signed_in.post(page_of(agent), form(name="Sorter", revision="1", tab=tab))["Location"] == tab


def test_saving_with_a_deleted_mention_asks_once(signed_in: Client, blocked: Agent) -> None:
    aop = blocked.live_revision.aop + " quickly"
    asked = signed_in.post(page_of(blocked), form(aop=aop, revision="1"))
    assert asked.status_code == 422
    assert "Not saved. The procedure mentions @Billing" in asked.content.decode()
    assert '<button class="btn btn-danger" name="anyway" value="1">Save anyway</button>' in asked.content.decode()
    assert (blocked.live_revision.number, asked.context["form"]["aop"].value()) == (1, aop)
    response = signed_in.post(page_of(blocked), form(aop=aop, revision="1", anyway="1"), follow=True)
    assert blocked.live_revision.aop == aop
    assert "Saved. The procedure mentions @Billing" in messages(response)
    assert "Save anyway" not in response.content.decode()


def test_removing_the_mention_heals_at_once(signed_in: Client, blocked: Agent) -> None:
    response = signed_in.post(page_of(blocked), form(aop="Refunds are made here.", revision="1"), follow=True)
    assert "starts no runs" not in messages(response) + response.content.decode()
    assert response.context["refusal"] is None
    assert reverse("run_start", args=[blocked.pk]) in response.content.decode()


# --- The page --------------------------------------------------------------------------------


def test_the_page_shows_each_target_with_its_state(
    signed_in: Client, make_agent: Make, queue: Queue, make_queue: Make
) -> None:
    near = make_agent("Near", queue=queue)
    far = make_agent("Far", queue=make_queue("Elsewhere"))
    agent = make_agent("Triage", mentions=[near, far], queue=queue)
    save_agent(agent, aop=mention(agent.live_revision.aop, agent))
    make_agent("Boss", mentions=[agent])
    response = signed_in.get(page_of(agent))
    text = shown(response)
    assert set(badges(text)) == {("Near", "ok"), ("Far", "unavailable"), ("Triage", "self")}
    assert "Far works none of Triage’s queues." in text
    assert "mentions the agent itself" in text
    assert re.findall(r'data-finding="(\w+)"', text) == ["target_unavailable", "self_mention", "no_completion"]
    assert "Takes cases from Support" in text
    assert [other.name for other in response.context["mentioned_by"]] == ["Boss"]


def test_the_page_offers_the_others_for_a_mention(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    near, far = make_agent("Near", queue=queue), make_agent("Far")
    delete_agent(make_agent("Gone"))
    agent = make_agent("Triage", queue=queue)
    offered = signed_in.get(page_of(agent)).context["candidates"]
    assert [(row.target.agent, row.target.status) for row in offered] == [(far, "unavailable"), (near, "ok")]
    assert offered[1].token == mention("", near)


def test_the_page_asks_as_many_questions_for_many_targets_as_for_one(
    signed_in: Client, make_agent: Make, make_queue: Make, queue: Queue
) -> None:
    one = make_agent("One", mentions=[make_agent(queue=queue)], queue=queue)
    make_agent(mentions=[one])
    many = make_agent("Many", mentions=[make_agent(queue=make_queue()) for _ in range(6)], queue=queue)
    few = queries(signed_in, page_of(one))
    for _ in range(5):
        make_agent(mentions=[many])
    assert queries(signed_in, page_of(many)) == few


def test_what_people_write_is_never_markup(signed_in: Client, make_agent: Make) -> None:
    evil = "<img src=x onerror=alert(1)>"
    other = make_agent(evil)
    agent = make_agent(f"1{evil}", description=evil, aop=f"{evil}\n# {evil}\n- {evil}", mentions=[other])
    for path in ("/agents/", page_of(agent), "/agents/new/"):
        assert evil not in shown(signed_in.get(path))


def test_pausing_and_resuming(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Triage")
    response = signed_in.post(reverse("agent_pause", args=[agent.pk]), follow=True)
    assert "is paused" in messages(response)
    assert response.context["refusal"].code == "agent_paused"
    assert reverse("agent_resume", args=[agent.pk]) in response.content.decode()
    response = signed_in.post(reverse("agent_resume", args=[agent.pk]), follow=True)
    assert response.context["refusal"] is None


def test_deleting_says_who_is_blocked_by_it(signed_in: Client, make_agent: Make) -> None:
    agent = make_agent("Billing")
    make_agent("Triage", mentions=[agent])
    assert reverse("agent_delete", args=[agent.pk]) in shown(signed_in.get(page_of(agent)))
    assert "One agent mentions Billing. Without a replacement" in shown(
        signed_in.get(reverse("agent_delete", args=[agent.pk]))
    )
    response = signed_in.post(reverse("agent_delete", args=[agent.pk]), follow=True)
    assert "Billing was deleted." in messages(response)
    assert "Triage starts no runs until the mention of it is removed." in messages(response)
    assert names(response) == ["Triage"]


def test_a_deleted_agent_can_still_be_read_and_no_longer_changed(
    signed_in: Client, make_agent: Make, make_run: Make
) -> None:
    agent = make_agent("Triage", aop="What it was told.")
    make_run(agent)
    delete_agent(agent)
    text = shown(signed_in.get(page_of(agent)))
    assert "This agent was deleted" in text
    assert "What it was told." in text
    assert reverse("agent_runs", args=[agent.pk]) in text
    assert "<textarea" not in text
    response = signed_in.post(page_of(agent), form(aop="Too late."))
    assert "nothing was saved" in messages(response)
    assert "Too late." in shown(response)  # to copy
    assert agent.live_revision.aop == "What it was told."


@pytest.mark.parametrize("name", ["agent", "agent_pause", "agent_resume", "agent_delete"])
def test_another_team_s_agent_is_not_found(signed_in: Client, make_agent: Make, make_team: Make, name: str) -> None:
    theirs = make_agent("Theirs", of=make_team())
    assert signed_in.post(reverse(name, args=[theirs.pk]), form()).status_code == 404
    assert signed_in.get(page_of(theirs)).status_code == 404
    theirs.refresh_from_db()
    assert (theirs.name, theirs.paused_at, theirs.deleted_at) == ("Theirs", None, None)


@pytest.mark.parametrize("name", ["agent_pause", "agent_resume", "agent_duplicate"])
def test_acts_are_posts_on_agents_that_live(signed_in: Client, make_agent: Make, name: str) -> None:
    agent = make_agent()
    assert signed_in.get(reverse(name, args=[agent.pk])).status_code == 405
    delete_agent(agent)
    assert signed_in.post(reverse(name, args=[agent.pk])).status_code == 404


def test_strangers_are_sent_to_the_sign_in_page(client: Client, make_agent: Make) -> None:
    agent = make_agent()
    for path in ("/agents/", "/agents/new/", page_of(agent)):
        assert client.get(path).headers["Location"].startswith("/sign-in/")


def test_a_new_agent_page_teaches(signed_in: Client) -> None:
    text = shown(signed_in.get("/agents/new/"))
    assert all(words in text for words in ("GOAL", "STEPS", "NOTES", "Other agents read this line"))


def test_connections_survive_an_unrelated_change(signed_in: Client, make_agent: Make, queue: Queue) -> None:
    agent = make_agent("Triage", queue=queue, concurrency=7)
    connect(agent, produces=[queue.pk])
    drawn = signed_in.get(page_of(agent)).context["form"]
    fields = [*drawn, *drawn.connections]
    filled = {field.html_name: field.value() for field in fields if field.value() not in (None, False)}
    signed_in.post(page_of(agent), filled | {"description": "Other."})
    rows = agent.queue_connections.order_by("role").values_list("role", "concurrency")
    assert list(rows) == [("consumer", 7), ("producer", 5)]
