"""People and groups in the API: as targets of an agent, and as those who have a case."""

import pytest

from builder.procedures import mentions
from cases.models import Case, Kind, Reason
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import Group, Member, Team
from tests.fixtures import Make

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance(team: Team, member: Member) -> Group:
    return groups.create_group(team, GroupFields("Finance", [member.user.uuid], due_hours=2))


def test_the_targets_of_an_agent_have_a_kind_and_the_id_of_it(api, make_agent, queue, finance, member) -> None:
    person = mentions.token(member.user.uuid, "x", mentions.PERSON)
    agent = make_agent(aop=f"To {mentions.token(finance.pk, 'x', mentions.GROUP)} or {person}", queue=queue)
    targets = api.get(f"/agents/{agent.pk}").json()["handover_targets"]
    assert [(row["kind"], row["name"], row["status"], row["agent_id"]) for row in targets] == [
        ("group", "Finance", "ok", None),
        ("person", str(member.user), "ok", None),
    ]
    assert (targets[0]["group_id"], targets[1]["user_id"]) == (str(finance.pk), str(member.user.uuid))


def test_the_rule_of_an_agent_names_one_target_and_nothing_else(api, make_agent, finance) -> None:
    agent, other = make_agent(), make_agent()
    assert api.get(f"/agents/{agent.pk}").json()["when_unavailable"] == {
        "rule": "wait",
        "after_minutes": 30,
        "target": None,
    }
    for target in ({"group_id": str(finance.pk)}, {"agent_id": str(other.pk)}):
        rule = {"rule": "fallback", "after_minutes": 5, "target": target}
        assert api.patch(f"/agents/{agent.pk}", {"when_unavailable": rule}).json()["when_unavailable"] == rule
    for wrong in (
        {"rule": "fallback"},
        {"rule": "park", "target": target},
        {**rule, "target": {"agent_id": str(agent.pk)}},
    ):
        answer = api.patch(f"/agents/{agent.pk}", {"when_unavailable": wrong})
        assert answer.status_code == 422 and list(answer.json()["error"]["fields"]) == ["when_unavailable"]


def test_people_take_the_mentions_of_a_deleted_agent(api, make_agent, make_team, finance, member) -> None:
    gone, lost = make_agent("Gone"), make_agent("Lost")
    triage = make_agent(mentions=[gone, lost])
    other = groups.create_group(make_team(), GroupFields("Finance"))
    assert api.delete(f"/agents/{gone.pk}?replacement_id={other.pk}").status_code == 404
    assert api.delete(f"/agents/{gone.pk}?replacement_id={finance.pk}").status_code == 204
    assert api.delete(f"/agents/{lost.pk}?replacement_id={member.user.uuid}").status_code == 204
    targets = api.get(f"/agents/{triage.pk}").json()["handover_targets"]
    assert [(row["kind"], row["name"]) for row in targets] == [("group", "Finance"), ("person", str(member.user))]


def test_a_case_is_assigned_to_a_group_and_to_a_member(api, make_case: Make[Case], finance, member) -> None:
    case = make_case("Refund")
    told = api.post(f"/cases/{case.pk}/assign", {"group_id": str(finance.pk), "note": "Please"}).json()
    assert (told["reason"], told["group"], told["owner"]) == (
        Reason.WITH_PEOPLE,
        {"id": str(finance.pk), "name": "Finance"},
        None,
    )
    assert told["take_by"] and not told["overdue"] and told["events"][-1]["kind"] == Kind.ASSIGNED_TO_PEOPLE
    assert [row["id"] for row in api.get("/cases", group_id=str(finance.pk)).json()["items"]] == [str(case.pk)]
    told = api.post(f"/cases/{case.pk}/assign", {"user_id": str(member.user.uuid)}).json()
    assert told["owner"] == {
        "id": str(member.user.uuid),
        "name": str(member.user),
        "email": member.user.email,
    }
    assert [row["id"] for row in api.get("/cases", owner_id=str(member.user.uuid)).json()["items"]] == [str(case.pk)]
    assert api.get("/cases", overdue="true").json()["items"] == []


def test_a_group_of_another_team_is_not_found(api, make_case: Make[Case], make_team) -> None:
    other = groups.create_group(make_team(), GroupFields("Finance"))
    assert api.post(f"/cases/{make_case().pk}/assign", {"group_id": str(other.pk)}).status_code in (404, 422)
