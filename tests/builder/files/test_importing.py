"""Exporting a team's agents, and importing them here and elsewhere."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.agents.agents import delete_agent, pause_agent, save_agent
from builder.agents.connections import connect
from builder.files import importing, plans
from builder.files.archives import TextFile
from builder.files.exporting import export_agent, export_agents
from builder.files.flaws import Flawed
from builder.files.markdown import AgentFile, write
from builder.files.planned import CREATE, DROP, Choices, Plan
from builder.models import Agent, Revision
from builder.procedures import mentions
from cases.imports.agent_views import made_queue
from cases.models import Queue
from data.errors import Refused
from runs.models import Run
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Team
from tests.fixtures import mention

pytestmark = pytest.mark.django_db

type Make = Callable[..., Any]


def plan(team: Team, files: list[TextFile], choices: Choices | None = None) -> Plan:
    return plans.plan(team, importing.read_all(files), choices)


def apply(team: Team, files: list[TextFile], choices: Choices | None = None, seen: str = "") -> Plan:
    read = importing.read_all(files)
    seen = seen or plans.plan(team, read).fingerprint
    return importing.apply(team, read, choices or Choices(), seen=seen, create_queue=made_queue)


def file(name: str, aop: str = "", **said: Any) -> TextFile:
    return TextFile(f"{name.lower()}.md", write(AgentFile(name, aop=aop, **said)))


def named(team: Team, name: str) -> Agent:
    return team.agents.live().get(name=name)


def state(team: Team) -> list[Any]:
    """Everything of the team's agents that an import could change."""
    return [
        (*row, sorted(agent.queue_connections.values_list("queue__name", "role", "concurrency")))
        for agent in team.agents.order_by("pk")
        for row in [(agent.pk, agent.name, agent.description, agent.may_ask, agent.paused_at, agent.live_revision.pk)]
    ]


# --- There and back --------------------------------------------------------------------------


def test_what_was_exported_changes_nothing(team: Team, make_agent: Make, make_queue: Make, queue: Queue) -> None:
    gone = make_agent("Gone")
    billing = make_agent("Billing: [refunds]", queue=queue, description="Refunds", may_ask=False)
    triage = make_agent("Triage", aop="GOAL\n\nSort.\n", mentions=[billing, gone], queue=queue, concurrency=2)
    save_agent(triage, aop=mention(triage.live_revision.aop, triage))
    connect(billing, produces=[make_queue("Later").pk])
    save_agent(billing, name="Refunds")
    pause_agent(billing)
    delete_agent(gone)
    before = state(team)
    files = export_agents(team)
    assert [file.name for file in files] == ["refunds.md", "triage.md"]
    found = plan(team, files)
    assert (len(found.same), found.missing_agents, found.missing_queues, found.paused) == (2, [], [], [])
    apply(team, files)
    assert state(team) == before
    assert export_agents(team) == files


letters = st.characters(
    exclude_categories=["Cs"], exclude_characters=[chr(code) for code in (*range(32), *range(127, 160))]
)
line = st.text(letters, max_size=30).map(lambda text: " ".join(text.split()))
words = st.text(letters | st.sampled_from("\n\t-@[]()"), max_size=80)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(line.filter(bool), min_size=1, max_size=4, unique_by=str.lower), text=words, about=line)
def test_any_agents_come_back_as_they_were(
    team: Team, make_agent: Make, make_queue: Make, names: list[str], text: str, about: str
) -> None:
    Agent.objects.all().delete()
    try:
        made = [make_agent(name, description=about) for name in names]
    except Refused:
        return  # lower case means something else to PostgreSQL
    for agent in made:
        save_agent(agent, aop=mention(text, *made))
    before = state(team)
    files = export_agents(team)
    assert plan(team, files).fingerprint == plan(team, export_agents(team)).fingerprint
    assert len(plan(team, files).same) == len(made)
    apply(team, files)
    assert state(team) == before


def test_another_team_gets_the_same_agents(
    team: Team, make_team: Make, make_agent: Make, queue: Queue, make_queue: Make
) -> None:
    billing = make_agent("Billing", queue=queue)
    triage = make_agent("Triage", mentions=[billing], queue=queue)
    save_agent(billing, aop=mention("Back to", triage))  # so each mentions the other
    other = make_team()
    make_queue("SUPPORT", of=other)
    done = apply(other, export_agents(team))
    assert (len(done.new), done.new_queues) == (2, [])
    made = named(other, "Triage")
    assert made.pk != triage.pk
    assert list(made.live_revision.mentions.values_list("target", flat=True)) == [named(other, "Billing").pk]
    assert made.live_revision.number == 1
    assert made.live_revision.note == "Imported from triage.md"
    assert not other.agents.filter(paused_at=None).exists()
    assert not Run.objects.filter(team=other).exists()
    again = plan(other, export_agents(team))
    assert len(again.same) == 2, "a second import finds them by name"


def test_deleted_agents_are_made_again_and_mentioned_again(team: Team, make_agent: Make) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", mentions=[billing])
    files = export_agents(team)
    delete_agent(billing)
    found = plan(team, files)
    assert [item.wanted.name for item in found.new] == ["Billing"]
    assert [item.wanted.name for item in found.changed] == ["Triage"]
    apply(team, files)
    assert not Agent.objects.blocked().exists()
    assert triage.live_revision.mentions.get().target == named(team, "Billing") != billing


def test_the_export_of_one_agent_is_one_file(make_agent: Make) -> None:
    [file] = export_agent(make_agent("Billing Specialist", aop="Text"))
    assert file.name == "billing-specialist.md"


def test_names_of_files_are_never_alike(team: Team, make_agent: Make) -> None:
    for name in ("Über uns", "uber-uns", "日本", "中国"):
        make_agent(name)
    names = [file.name for file in export_agents(team)]
    assert len(set(names)) == 4
    assert all(re.fullmatch(r"[a-z0-9-]+\.md", name) for name in names)


# --- What a plan says ------------------------------------------------------------------------


def test_a_plan_says_what_changes_and_does_nothing(team: Team, make_agent: Make, queue: Queue) -> None:
    agent = make_agent("Triage", aop="Old", queue=queue, description="Sorts")
    before = state(team)
    [item] = plan(team, [file("Front desk", "New", id=agent.pk, description="", model="m", may_ask=False)]).changed
    assert [(row.label, row.old, row.new) for row in item.changes] == [
        ("Name", "Triage", "Front desk"),
        ("Short description", "Sorts", ""),
        ("Model", "offline", "m"),
        ("May ask a person", "Yes", "No"),
    ]
    assert (item.aop_before, item.wanted.aop) == ("Old", "New")
    assert state(team) == before


def test_what_a_file_leaves_out_stays(team: Team, make_agent: Make, queue: Queue) -> None:
    agent = make_agent("Triage", aop="Old", queue=queue, description="Sorts", model="m", may_ask=False)
    apply(team, [TextFile("a.md", "---\nname: TRIAGE\n---\n\nNew\n")])
    agent.refresh_from_db()
    assert (agent.name, agent.description, agent.may_ask) == ("TRIAGE", "Sorts", False)
    assert (agent.live_revision.aop, agent.live_revision.model) == ("New", "m")
    assert agent.queue_connections.get().queue == queue
    assert not agent.is_paused


def test_a_rename_alone_makes_no_new_revision(team: Team, make_agent: Make) -> None:
    billing = make_agent("Billing")
    triage = make_agent("Triage", mentions=[billing])
    files = [TextFile(row.name, row.text.replace("name: Billing", "name: Refunds")) for row in export_agents(team)]
    assert [item.wanted.name for item in plan(team, files).changed] == ["Refunds"]
    apply(team, files)
    assert triage.live_revision.number == 1
    assert named(team, "Refunds") == billing


def test_who_would_take_up_cases_is_paused(
    team: Team, make_agent: Make, make_case: Make, make_queue: Make, queue: Queue
) -> None:
    make_case()
    works, idle = make_agent("Works", queue=queue), make_agent("Idle")
    gone = make_agent("Gone")
    blocked = make_agent("Blocked", queue=queue, mentions=[gone])
    delete_agent(gone)
    files = [
        file("New", consumes={"Support": 1}),
        file("New and idle"),
        file("Works", "Other text"),
        file("Idle", consumes={"Support": 1}),
        TextFile("held.md", write(AgentFile("Blocked", aop="Fixed"))),
    ]
    done = apply(team, files)
    assert [item.wanted.name for item in done.paused] == ["New", "Idle", "Blocked"]
    assert set(team.agents.live().exclude(paused_at=None)) == {named(team, "New"), idle, blocked}
    assert not Run.objects.exists()
    assert works.live_revision.aop == "Other text"


# --- What is not here ------------------------------------------------------------------------


def missing(id: UUID | None = None, name: str = "Billing") -> list[TextFile]:
    token = f"@[{name}](agent:{id or UUID(int=7)})"
    return [file("Triage", f"GOAL\nRefunds: {token}, really {token}.")]


def test_a_mention_of_nobody_is_missing_with_its_places(team: Team) -> None:
    [row] = plan(team, missing()).missing_agents
    assert row.name == "Billing"
    assert [str(place) for place in row.places] == ["triage.md, line 6", "triage.md, line 6"]
    apply(team, missing())
    assert named(team, "Triage").live_revision.aop == "GOAL\nRefunds: @Billing, really @Billing."


def test_another_teams_id_is_like_one_that_nothing_has(team: Team, make_team: Make, make_agent: Make) -> None:
    theirs = make_agent("Billing", of=make_team())
    before = state(theirs.team)
    [row] = plan(team, missing(theirs.pk)).missing_agents
    assert row.name == "Billing"
    done = apply(team, [*missing(theirs.pk), file("Stolen", id=theirs.pk)])
    assert len(done.new) == 2
    assert named(team, "Stolen").pk != theirs.pk
    assert named(team, "Triage").live_revision.mentions.get().target == named(team, "Stolen"), "its id is in the files"
    assert state(theirs.team) == before


def test_a_missing_mention_is_found_by_name(team: Team, make_agent: Make) -> None:
    billing = make_agent("billing")
    assert plan(team, missing()).missing_agents == []
    apply(team, missing())
    assert named(team, "Triage").live_revision.mentions.get().target == billing


def test_a_missing_mention_becomes_who_is_chosen(team: Team, make_agent: Make) -> None:
    refunds = make_agent("Refunds")
    apply(team, missing(), Choices(agents={UUID(int=7): " refunds "}))
    assert named(team, "Triage").live_revision.mentions.get().target == refunds
    with pytest.raises(Refused, match="no agent called “Nobody”") as refused:
        apply(team, missing(), Choices(agents={UUID(int=7): "Nobody"}))
    assert list(refused.value.fields) == [f"agent-{UUID(int=7)}"]


def test_people_are_found_by_name_and_those_who_are_missing_become_who_is_chosen(team: Team, make_agent: Make) -> None:
    finance, legal = (groups.create_group(team, GroupFields(name)) for name in ("Finance", "Legal"))
    person, group = f"@[Ada](person:{UUID(int=8)})", f"@[Accounts](group:{UUID(int=9)})"
    texts = [file("Triage", f"To @[finance](group:{UUID(int=7)}), {person} or {group}.")]
    rows = plan(team, texts).missing_agents
    assert [(row.kind, row.name) for row in rows] == [("person", "Ada"), ("group", "Accounts")]
    refunds = make_agent("Refunds")
    apply(team, texts, Choices(agents={UUID(int=8): "refunds", UUID(int=9): "LEGAL"}))
    to = [mentions.token(one.pk, one.name, mentions.GROUP) for one in (finance, legal)]
    told = f"To {to[0]}, {mentions.token(refunds.pk, 'Refunds')} or {to[1]}."
    triage = named(team, "Triage")
    assert triage.live_revision.aop == told
    groups.delete_group(legal)
    again = [TextFile(row.name, row.text) for row in export_agents(team)]
    assert [item.state for item in plan(team, again).items] == ["same", "same"], "a mention of who is gone stays"


def test_a_label_that_looks_like_a_mention_does_not_become_one(team: Team, make_agent: Make) -> None:
    agent = make_agent("Real")
    apply(team, missing(name=rf"\[Real\](agent:{agent.pk})"))
    assert not named(team, "Triage").live_revision.mentions.exists()


@pytest.mark.parametrize("choice", ["create", "other", "drop"])
def test_a_missing_queue_is_made_replaced_or_dropped(team: Team, queue: Queue, choice: str) -> None:
    files = [file("A", consumes={"Gone": 3}, produces=["gone"]), file("B", produces=["GONE", "Support"])]
    [row] = plan(team, files).missing_queues
    assert row.name == "Gone"
    wanted = {"create": CREATE, "other": str(queue.pk), "drop": DROP}[choice]
    apply(team, files, Choices(queues={"gone": wanted}))
    found = sorted(named(team, "A").queue_connections.values_list("queue__name", "role", "concurrency"))
    name = {"create": "Gone", "other": "Support"}.get(choice)
    assert found == ([(name, "consumer", 3), (name, "producer", 5)] if name else [])
    assert named(team, "A").is_paused == (choice != "drop")
    assert team.queues.filter(name="Gone").exists() == (choice == "create")


def test_another_teams_queue_cannot_be_chosen(team: Team, make_team: Make, make_queue: Make) -> None:
    theirs = make_queue(of=make_team())
    with pytest.raises(Refused):
        apply(team, [file("A", consumes={"Gone": 3})], Choices(queues={"gone": str(theirs.pk)}))
    assert not team.agents.exists()


# --- What is refused -------------------------------------------------------------------------


def refusals(team: Team, files: list[TextFile]) -> list[str]:
    with pytest.raises(Flawed) as flawed:
        plan(team, files)
    return [str(flaw) for flaw in flawed.value.flaws]


def test_names_and_ids_stand_once_in_an_import(team: Team, make_agent: Make) -> None:
    id = uuid4()
    assert refusals(team, [file("A", id=id), file("B", id=id)]) == ["b.md, line 3: Another file has the same id: a.md."]
    twice = [TextFile("a.md", write(AgentFile("A"))), TextFile("b.md", write(AgentFile("a")))]
    assert refusals(team, twice) == ["b.md, line 2: Another file has the same name: a.md."]
    agent = make_agent("Triage")
    assert refusals(team, [file("Triage"), file("Renamed", id=agent.pk)]) == [
        "renamed.md, line 2: This is the agent “Triage”, and so is triage.md."
    ]


def test_a_name_of_another_agent_is_taken(team: Team, make_agent: Make) -> None:
    make_agent("Billing")
    agent = make_agent("Triage")
    assert refusals(team, [file("Billing", id=agent.pk)]) == [
        "billing.md, line 2: “Billing” is the name of another agent here, which must be renamed first."
    ]


def test_nothing_is_made_when_one_part_is_refused(team: Team, make_agent: Make) -> None:
    files = [file("A", consumes={"Gone": 3}), file("B")]
    read = importing.read_all(files)
    seen = plans.plan(team, read).fingerprint

    def refuse(team: Team, name: str) -> UUID:
        made_queue(team, name)
        raise Refused("No.")

    with pytest.raises(Refused):
        importing.apply(team, read, Choices(), seen=seen, create_queue=refuse)
    assert not team.agents.exists()
    assert not team.queues.filter(name="Gone").exists()


def test_what_changed_since_the_preview_is_shown_again(team: Team, make_agent: Make) -> None:
    agent = make_agent("Triage", aop="Old")
    files = [file("Triage", "New")]
    seen = plan(team, files).fingerprint
    save_agent(agent, aop="A colleague's")
    with pytest.raises(Refused, match="Something changed here"):
        apply(team, files, seen=seen)
    assert agent.live_revision.aop == "A colleague's"
    assert Revision.objects.filter(agent=agent).count() == 2
