"""Copies, deletions and restorations by people."""

import pytest
from django.test import Client
from django.urls import reverse

from builder.agents.agents import delete_agent, pause_agent
from builder.history import revisions
from builder.models import Agent
from builder.procedures import mentions
from builder.procedures.people import PeopleTarget, find_people
from runs.models import Run
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import User
from tests.fixtures import Make

from .test_agent_pages import messages, names, queries, shown
from .test_agents import refusal


def test_a_copy_opens_and_says_that_it_is_paused(signed_in: Client, make_agent: Make[Agent]) -> None:
    response = signed_in.post(reverse("agent_duplicate", args=[make_agent("Triage").pk]), follow=True)
    assert response.context["agent"].name == "Copy of Triage" and response.context["agent"].is_paused
    assert "takes no cases until you resume it" in messages(response)


def test_the_dialog_says_who_mentions_it_and_offers_those_that_work_its_queues_first(
    signed_in: Client, make_agent: Make[Agent], queue
) -> None:
    agent = make_agent("Billing", queue=queue)
    triage, refunds = make_agent("Triage", mentions=[agent]), make_agent("Refunds", queue=queue)
    part = signed_in.get(reverse("agent_delete", args=[agent.pk]), headers={"HX-Target": "div#delete-form"})
    text = shown(part)
    assert "<html" not in text and reverse("agent", args=[triage.pk]) in text
    assert (part.context["replacements"].close, part.context["replacements"].others) == ([refunds], [triage])
    assert reverse("agent_work", args=[agent.pk]) in text
    assert "<html" in shown(signed_in.get(reverse("agent_delete", args=[agent.pk])))


def test_one_replacement_takes_all_mentions(signed_in: Client, make_agent: Make[Agent], member) -> None:
    agent, replacement = make_agent("Billing"), make_agent("Refunds")
    triage = make_agent("Triage", mentions=[agent])
    response = signed_in.post(reverse("agent_delete", args=[agent.pk]), {"replacement": "refunds"}, follow=True)
    assert "Triage mentions Refunds now." in messages(response)
    assert [row.target for row in triage.live_revision.mentions.all()] == [replacement]
    assert triage.live_revision.author == member.user


@pytest.mark.parametrize("kind", [mentions.PERSON, mentions.GROUP])
def test_people_take_the_mentions_of_a_deleted_agent(
    signed_in: Client, make_agent: Make[Agent], member, team, kind: str
) -> None:
    finance = groups.create_group(team, GroupFields("Finance", [member.user.uuid]))
    id, name = (finance.pk, "Finance") if kind == mentions.GROUP else (member.user.uuid, str(member.user))
    agents = [make_agent(name) for name in ("By id", "By name", "After")]
    triage = make_agent("Triage", mentions=agents)
    assert f'<option value="{id}">' in shown(signed_in.get(reverse("agent_delete", args=[agents[0].pk])))
    signed_in.post(reverse("agent_delete", args=[agents[0].pk]), {"replacement": str(id)})
    signed_in.post(reverse("agent_delete", args=[agents[1].pk]), {"replacement": name.upper()})
    delete_agent(agents[2])
    assert name in shown(signed_in.get(reverse("agent_replace", args=[agents[2].pk])))
    signed_in.post(reverse("agent_replace", args=[agents[2].pk]), {"replacement": str(id)})
    triage.refresh_from_db()
    assert triage.live_revision.aop == " ".join([mentions.token(id, name, kind)] * 3)
    entries = revisions.entries(triage, list(revisions.history(triage)))
    assert [one.name for entry in entries for one in entry.added if isinstance(one, PeopleTarget)] == [name]
    page = shown(signed_in.get(reverse("revisions", args=[triage.pk])))
    assert page.count("Added") == 4 and name in page


def test_people_who_left_take_nothing(signed_in: Client, make_agent: Make[Agent], make_member, team) -> None:
    gone = make_member()
    agent = make_agent("Billing")
    make_agent("Triage", mentions=[agent])
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    target = find_people(team, [gone.user.uuid])[gone.user.uuid]
    assert refusal(lambda: delete_agent(agent, target)).fields.keys() == {"replacement_id"}
    answer = signed_in.post(reverse("agent_delete", args=[agent.pk]), {"replacement": str(gone.user.uuid)})
    assert answer.status_code == 422


def test_a_replacement_that_mentioned_it_is_to_be_read_again(signed_in: Client, make_agent: Make[Agent]) -> None:
    agent = make_agent("Billing")
    make_agent("Refunds", mentions=[agent])
    response = signed_in.post(reverse("agent_delete", args=[agent.pk]), {"replacement": "Refunds"}, follow=True)
    assert "Refunds mentioned Billing, and now mentions itself." in messages(response)


def test_an_unknown_replacement_deletes_nothing(signed_in: Client, make_agent: Make[Agent], make_team) -> None:
    agent = make_agent("Billing")
    make_agent("Triage", mentions=[agent])
    make_agent("Theirs", of=make_team())
    for name in ("Nobody", "Theirs", "Billing", "x\x00"):
        response = signed_in.post(reverse("agent_delete", args=[agent.pk]), {"replacement": name})
        assert response.status_code == 422 and response.context["refused"]
    agent.refresh_from_db()
    assert not agent.is_deleted


def test_deleted_agents_are_listed_with_whom_they_hold_up(signed_in: Client, make_agent: Make[Agent]) -> None:
    gone = make_agent("Gone", description="Was good at refunds.")
    triage = make_agent("Triage", mentions=[gone])
    delete_agent(gone)
    response = signed_in.get(reverse("agents_deleted"))
    text = shown(response)
    assert "Was good at refunds." in text and reverse("agent_restore", args=[gone.pk]) in text
    assert [row.mentioned_by for row in response.context["agents"]] == [[triage]]


def test_the_list_of_deleted_agents_asks_as_many_questions_for_many(signed_in: Client, make_agent: Make[Agent]) -> None:
    def delete_another() -> None:
        gone = make_agent()
        make_agent(mentions=[gone])
        delete_agent(gone)

    delete_another()
    few = queries(signed_in, reverse("agents_deleted"))
    for _ in range(4):
        delete_another()
    assert queries(signed_in, reverse("agents_deleted")) == few


def test_a_restored_agent_is_back(signed_in: Client, make_agent: Make[Agent]) -> None:
    gone = make_agent("Gone")
    delete_agent(gone)
    assert reverse("agent_restore", args=[gone.pk]) in shown(signed_in.get(reverse("agent", args=[gone.pk])))
    response = signed_in.post(reverse("agent_restore", args=[gone.pk]), follow=True)
    assert "Gone is back, as it was." in messages(response)
    assert names(signed_in.get("/agents/")) == ["Gone"]


def test_a_name_that_was_taken_in_the_meantime_asks_for_another(signed_in: Client, make_agent: Make[Agent]) -> None:
    gone = make_agent("Billing")
    delete_agent(gone)
    make_agent("Billing")
    response = signed_in.post(reverse("agent_restore", args=[gone.pk]))
    assert response.status_code == 422 and "already exists" in response.content.decode()
    assert response.context["typed"] == "Billing (restored)"
    signed_in.post(reverse("agent_restore", args=[gone.pk]), {"name": "Billing (restored)"})
    gone.refresh_from_db()
    assert (gone.name, gone.is_deleted) == ("Billing (restored)", False)


def test_the_list_is_sorted_as_wished(signed_in: Client, make_agent: Make[Agent], make_run: Make[Run]) -> None:
    first, second, third = make_agent("B"), make_agent("C"), make_agent("A")
    make_run(first)
    make_run(second)
    assert names(signed_in.get("/agents/")) == ["A", "B", "C"]
    assert names(signed_in.get("/agents/", {"sort": "run"})) == ["C", "B", "A"]
    assert names(signed_in.get("/agents/", {"sort": "newest"})) == ["A", "C", "B"]
    assert names(signed_in.get("/agents/", {"sort": "nonsense"})) == ["A", "B", "C"]
    assert third.name == "A"


def test_a_sorted_list_has_pages(signed_in: Client, make_agent: Make[Agent], make_run: Make[Run]) -> None:
    agents = [make_agent(f"Agent {number:02}") for number in range(52)]
    make_run(agents[-1])
    for sort in ("run", "newest"):
        first = signed_in.get("/agents/", {"sort": sort})
        rest = names(signed_in.get("/agents/", {"sort": sort, "cursor": first.context["page"].older}))
        assert names(first)[0] == "Agent 51" and len(set(names(first) + rest)) == 52


def test_unused_agents_are_found_and_all_are_counted(
    signed_in: Client, make_agent: Make[Agent], make_run: Make[Run]
) -> None:
    busy, paused = make_agent("Busy"), make_agent("Paused")
    make_run(busy)
    pause_agent(paused)
    response = signed_in.get("/agents/", {"state": "unused"})
    assert names(response) == ["Paused"]
    assert response.context["states"] == [
        ("blocked", "Blocked (0)"),
        ("paused", "Paused (1)"),
        ("unused", "Unused for 30 days (1)"),
    ]
    assert response.context["all_label"] == "All agents (2)"
