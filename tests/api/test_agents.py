import uuid

import pytest

from builder.agents.agents import delete_agent
from builder.history.drafts import Known, save_draft
from builder.models import Agent, QueueConnection, Revision, ServerTool, ToolServer
from teams.models import Team
from tests.fixtures import mention

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


def test_an_agent_is_made_with_its_connections(api: Caller, queue, make_queue) -> None:
    other = make_queue()
    connections = {
        "consumes": [{"queue_id": str(queue.pk), "concurrency": 3}],
        "produces": [str(other.pk)],
        "mcp": [],
        "ask_person": False,
    }
    body = {"name": "Billing Specialist", "description": "Bills", "aop": "Refund.", "connections": connections}
    response = api.post("/agents", body)
    made = response.json()
    assert response.status_code == 201
    assert made == api.get(f"/agents/{made['id']}").json()
    assert made["connections"] == {**connections, "replies_freely": False}
    assert (made["name"], made["slug"], made["model"]) == ("Billing Specialist", "billing-specialist", "offline")
    assert (made["aop"], made["revision"]["number"], made["paused"]) == ("Refund.", 1, False)
    assert made["handover_targets"] == []
    assert [row["code"] for row in made["problems"]] == ["no_consumer"]  # it adds cases where nobody takes them
    assert [row["code"] for row in made["hints"]] == ["no_completion"]


def test_targets_are_those_that_the_procedure_mentions(api: Caller, queue, make_agent) -> None:
    there = make_agent("Billing", queue=queue)
    elsewhere = make_agent("Legal")
    body = {
        "name": "Triage",
        "aop": mention("Hand over to", there, elsewhere),
        "connections": {"consumes": [{"queue_id": str(queue.pk)}]},
    }
    made = api.post("/agents", body).json()
    assert [(target["name"], target["status"]) for target in made["handover_targets"]] == [
        ("Billing", "ok"),
        ("Legal", "unavailable"),
    ]
    assert [row["code"] for row in made["problems"]] == ["target_unavailable"]


def test_a_deleted_target_is_a_blocking_problem_until_it_is_removed(api: Caller, make_agent) -> None:
    gone = make_agent("Gone")
    agent = make_agent("Triage", aop="Hand over to", mentions=[gone])
    delete_agent(gone)
    shown = api.get(f"/agents/{agent.pk}").json()
    assert [target["status"] for target in shown["handover_targets"]] == ["deleted"]
    assert [(row["code"], row["blocking"]) for row in shown["problems"]] == [("deleted_target", True)]
    healed = api.patch(f"/agents/{agent.pk}", {"aop": "Do it yourself."}).json()
    assert (healed["handover_targets"], healed["problems"]) == ([], [])
    assert [row["code"] for row in healed["hints"]] == ["unreachable"]


def test_a_mention_of_another_teams_agent_is_like_one_of_nobody(api: Caller, make_agent, strangers) -> None:
    theirs = make_agent("Theirs", of=strangers)
    answers = []
    for id in (theirs.pk, uuid.uuid4()):
        response = api.post("/agents", {"name": "Triage", "aop": f"Ask @[Theirs](agent:{id})"})
        answers.append(problem(response, 422, "unknown_mention"))
    assert answers[0] == answers[1]
    assert set(answers[0]["fields"]) == {"aop"}


@pytest.mark.parametrize("role", ["consumes", "produces"])
def test_a_queue_of_another_team_leaves_no_agent_behind(api: Caller, make_queue, strangers, role: str) -> None:
    theirs = str(make_queue(of=strangers).pk)
    connections = {role: [{"queue_id": theirs}] if role == "consumes" else [theirs]}
    error = problem(api.post("/agents", {"name": "Triage", "connections": connections}), 404, "not_found")
    assert set(error["fields"]) == {f"connections.{role}"}
    assert not Agent.objects.exists()


def test_a_patch_changes_only_what_it_names(api: Caller, queue, make_agent) -> None:
    agent = make_agent("Triage", aop="First.", queue=queue)
    before = api.get(f"/agents/{agent.pk}").json()
    after = api.patch(f"/agents/{agent.pk}", {"description": "Sorts mail"}).json()
    different = {name for name in before if before[name] != after[name]}
    assert different == {"description", "updated_at"}
    assert after["revision"] == before["revision"]


def test_another_procedure_becomes_a_new_live_revision(api: Caller, make_agent) -> None:
    agent = make_agent(aop="First.")
    after = api.patch(f"/agents/{agent.pk}", {"aop": "Second.", "note": "Shorter"}).json()
    assert (after["revision"]["number"], after["aop"]) == (2, "Second.")
    revisions = api.get(f"/agents/{agent.pk}/revisions").json()["items"]
    assert [(row["number"], row["status"], row["aop"], row["note"]) for row in revisions] == [
        (2, "live", "Second.", "Shorter"),
        (1, "historic", "First.", ""),
    ]


def test_a_draft_is_no_revision_yet(api: Caller, make_agent) -> None:
    agent = make_agent(aop="First.")
    draft = save_draft(agent, "Second.", "offline", known=Known(), author=None)
    assert [row["number"] for row in api.get(f"/agents/{agent.pk}/revisions").json()["items"]] == [1]
    problem(api.post("/runs", {"agent_id": str(agent.pk), "revision_id": str(draft.pk)}), 404)


def test_connections_are_replaced_by_role(api: Caller, queue, make_queue, make_agent) -> None:
    other = make_queue()
    agent = make_agent(queue=queue)
    shown = api.patch(f"/agents/{agent.pk}", {"connections": {"produces": [str(other.pk)]}}).json()["connections"]
    assert [row["queue_id"] for row in shown["consumes"]] == [str(queue.pk)]
    assert shown["produces"] == [str(other.pk)]
    shown = api.patch(f"/agents/{agent.pk}", {"connections": {"consumes": []}}).json()["connections"]
    assert (shown["consumes"], shown["produces"]) == ([], [str(other.pk)])


def test_a_patch_with_a_wrong_connection_changes_nothing(api: Caller, make_agent, make_queue, strangers) -> None:
    agent = make_agent("Triage", aop="First.")
    body = {"name": "Other", "aop": "Second.", "connections": {"produces": [str(make_queue(of=strangers).pk)]}}
    problem(api.patch(f"/agents/{agent.pk}", body), 404)
    agent.refresh_from_db()
    assert (agent.name, agent.live_revision.number) == ("Triage", 1)


def test_an_agent_is_paused_and_resumed(api: Caller, make_agent) -> None:
    agent = make_agent()
    assert api.patch(f"/agents/{agent.pk}", {"paused": True}).json()["paused"] is True
    assert api.patch(f"/agents/{agent.pk}", {"name": "Renamed"}).json()["paused"] is True
    assert api.patch(f"/agents/{agent.pk}", {"paused": False}).json()["paused"] is False
    assert api.post("/agents", {"name": "New", "paused": True}).json()["paused"] is True


def test_names_of_live_agents_are_unique(api: Caller, make_agent) -> None:
    make_agent("Triage")
    error = problem(api.post("/agents", {"name": "triage"}), 409, "name_taken")
    assert set(error["fields"]) == {"name"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "ok", "aop": "a\x00b"}, "aop"),
        ({"name": "ok", "aop": "x" * 200_001}, "aop"),
        ({"name": "ok", "model": "m" * 101}, "model"),
        ({"name": "ok", "connections": {"consumes": [{"queue_id": "x"}]}}, "connections.consumes.0.queue_id"),
    ],
)
def test_what_an_agent_cannot_have_is_refused_by_field(api: Caller, body: dict[str, object], field: str) -> None:
    assert set(problem(api.post("/agents", body), 422, "invalid")["fields"]) == {field}
    assert not Agent.objects.exists()


def test_a_deleted_agent_is_gone(api: Caller, make_agent) -> None:
    agent = make_agent()
    assert api.delete(f"/agents/{agent.pk}").status_code == 204
    problem(api.get(f"/agents/{agent.pk}"), 404)
    problem(api.delete(f"/agents/{agent.pk}"), 404)
    problem(api.get(f"/agents/{agent.pk}/revisions"), 404)
    assert api.get("/agents").json()["items"] == []
    assert api.post("/agents", {"name": agent.name}).status_code == 201


def test_agents_are_found_by_name_and_queue(api: Caller, queue, make_agent) -> None:
    make_agent("Billing Specialist", queue=queue)
    make_agent("Billing Legal")
    names = [row["name"] for row in api.get("/agents", q="bill spec").json()["items"]]
    assert names == ["Billing Specialist"]
    assert [row["name"] for row in api.get("/agents", queue_id=queue.pk).json()["items"]] == ["Billing Specialist"]


def test_what_the_api_saves_is_what_the_editor_shows(api: Caller, make_agent) -> None:
    """A token with a label of old is stored with the name of now."""
    target = make_agent("Billing")
    made = api.post("/agents", {"name": "Triage", "aop": f"To @[Old Name](agent:{target.pk}).\r\nDone."}).json()
    assert made["aop"] == f"To @[Billing](agent:{target.pk}).\nDone."
    assert Revision.objects.get(pk=made["revision"]["id"]).mentions.get().target == target
    assert not QueueConnection.objects.exists()


def test_an_agent_is_copied(api: Caller, make_agent) -> None:
    agent = make_agent("Triage", aop="Sort.")
    response = api.post(f"/agents/{agent.pk}/duplicate", {})
    assert response.status_code == 201
    copy = response.json()
    assert (copy["name"], copy["aop"], copy["paused"]) == ("Copy of Triage", "Sort.", True)


def test_a_replacement_takes_the_mentions_of_a_deleted_agent(api: Caller, make_agent, make_team) -> None:
    gone, replacement, stranger = make_agent("Gone"), make_agent("Heir"), make_agent(of=make_team())
    holder = make_agent(mentions=[gone])
    problem(api.delete(f"/agents/{gone.pk}?replacement_id={stranger.pk}"), 404)
    problem(api.delete(f"/agents/{gone.pk}?replacement_id={gone.pk}"), 422, "invalid_replacement")
    assert api.delete(f"/agents/{gone.pk}?replacement_id={replacement.pk}").status_code == 204
    targets = api.get(f"/agents/{holder.pk}").json()["handover_targets"]
    assert [(row["name"], row["status"]) for row in targets] == [("Heir", "ok")]


def test_a_deleted_agent_is_restored_under_a_free_name(api: Caller, make_agent) -> None:
    gone = make_agent("Gone")
    delete_agent(gone)
    make_agent("Gone")
    assert [row["id"] for row in api.get("/agents?deleted=true").json()["items"]] == [str(gone.pk)]
    problem(api.post(f"/agents/{gone.pk}/restore", {}), 409, "name_taken")
    assert api.post(f"/agents/{gone.pk}/restore", {"name": "Back"}).json()["name"] == "Back"
    assert api.get("/agents?deleted=true").json()["items"] == []


def test_the_fallback_model_is_set_changed_and_read(api: Caller) -> None:
    made = api.post("/agents", {"name": "Triage", "model": "openai:a", "fallback_model": "google:b"}).json()
    assert made["fallback_model"] == "google:b"
    changed = api.patch(f"/agents/{made['id']}", {"fallback_model": ""}).json()
    assert (changed["fallback_model"], changed["revision"]["number"]) == ("", 2)
    revisions = api.get(f"/agents/{made['id']}/revisions").json()["items"]
    assert [row["fallback_model"] for row in revisions] == ["", "google:b"]
    error = problem(api.post("/agents", {"name": "Other", "fallback_model": "x" * 101}), 422)
    assert set(error["fields"]) == {"fallback_model"}


def test_the_old_name_of_the_fallback_model_still_works(api: Caller) -> None:
    made = api.post("/agents", {"name": "Triage", "fallback": "google:b"}).json()
    assert (made["fallback_model"], made["fallback"]) == ("google:b", "google:b")
    changed = api.patch(f"/agents/{made['id']}", {"fallback": "openai:c"}).json()
    assert (changed["fallback_model"], changed["fallback"]) == ("openai:c", "openai:c")
    both = api.patch(f"/agents/{made['id']}", {"fallback_model": "", "fallback": "openai:d"}).json()
    assert both["fallback_model"] == ""


def test_an_agent_with_more_tools_than_its_provider_takes_has_a_problem(api: Caller, team: Team) -> None:
    server = ToolServer.objects.create(team=team, name="Bank", slug="bank", url="https://bank.example/mcp")
    ServerTool.objects.bulk_create(
        ServerTool(team=team, server=server, name=f"t{n}", key=f"bank__t{n}", input_schema={}, is_on=True)
        for n in range(129)
    )
    agent = api.post("/agents", {"name": "Teller", "connections": {"mcp": [str(server.pk)]}}).json()
    assert len(agent["mcp_tools"]) == 129
    [problem] = [problem for problem in agent["problems"] if problem["code"] == "too_many_tools"]
    assert not problem["blocking"] and "128" in problem["message"]


def test_names_that_are_no_mentions_are_problems_with_their_places(api: Caller, make_agent) -> None:
    billing = make_agent("Billing")
    aop = f"💶 @[Billing](agent:{billing.pk}) or @billing or @Nobody. Complete it."
    agent = make_agent("Triage", aop=aop)
    problems = api.get(f"/agents/{agent.pk}").json()["problems"]
    told = {row["code"]: (row["text"], aop[row["start"] : row["end"]]) for row in problems}
    assert told == {"plain_name": ("@billing", "@billing"), "unknown_name": ("@Nobody", "@Nobody")}


def test_a_line_of_needs_that_names_no_field_is_told_with_its_place(api: Caller, make_agent) -> None:
    aop = "Complete the case when it is paid.\n\nNEEDS\n- order number\n- colour: hexcode"
    answer = api.get(f"/agents/{make_agent('Billing', aop=aop).pk}").json()
    assert answer["needs"] == [{"name": "order number", "type": "text", "required": True}]
    [problem] = [row for row in answer["problems"] if row["code"] == "bad_need"]
    assert aop[problem["start"] : problem["end"]] == problem["text"] == "colour: hexcode"
    assert "“hexcode” is not a kind of field." in problem["message"]
