"""Groups by API."""

from typing import Any

import pytest

from teams.models import AuditEntry, Group, Member, Team
from tests.fixtures import Make

from .conftest import problem

pytestmark = pytest.mark.django_db

OFFICE = [{"days": ["mon", "fri"], "from": "09:00", "to": "17:00"}, {"days": ["sat"], "from": "20:00", "to": "24:00"}]


@pytest.fixture
def finance(api, member: Member) -> dict[str, Any]:
    answer = api.post(
        "/groups", {"name": "Finance", "member_ids": [str(member.user.uuid)], "hours": OFFICE, "due_hours": 8}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_group_has_members_hours_and_a_time_to_take_a_case(api, member: Member, finance: dict[str, Any]) -> None:
    told = {key: value for key, value in finance.items() if key != "id"}
    assert told == {
        "name": "Finance",
        "member_ids": [str(member.user.uuid)],
        "time_zone": "UTC",
        "hours": OFFICE,
        "due_hours": 8,
    }
    assert api.get("/groups").json()["items"] == [finance]
    assert api.get(f"/groups/{finance['id']}").json() == finance


def test_what_is_left_out_stays_as_it_is(api, finance: dict[str, Any]) -> None:
    path = f"/groups/{finance['id']}"
    assert api.patch(path, {"time_zone": "Europe/Berlin"}).json() == finance | {"time_zone": "Europe/Berlin"}
    changed = api.patch(path, {"due_hours": None, "hours": [], "member_ids": []}).json()
    assert (changed["due_hours"], changed["hours"], changed["member_ids"], changed["name"]) == (None, [], [], "Finance")
    assert AuditEntry.objects.filter(act="group_changed").count() == 2


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "Required."),
        ("time_zone", "Berlin", "Europe/Berlin"),
        ("due_hours", 0, "Use 1 or more"),
        ("member_ids", ["6f2c1f0e-0000-4000-8000-000000000001"], "not a member"),
        ("hours", [{"days": ["mon"], "from": "17:00", "to": "09:00"}], "must end after they begin"),
    ],
)
def test_a_wrong_field_is_named(api, finance: dict[str, Any], field: str, value: object, message: str) -> None:
    answer = api.post("/groups", {"name": "Other", field: value})
    assert answer.status_code == 422
    [(named, told)] = answer.json()["error"]["fields"].items()
    assert named.startswith(field)
    assert message in told


def test_a_name_is_taken_whatever_its_case(api, finance: dict[str, Any]) -> None:
    error = problem(api.post("/groups", {"name": "FINANCE"}), 409, "name_taken")
    assert list(error["fields"]) == ["name"]


def test_members_of_other_teams_cannot_join(api, make_team: Make[Team], make_member: Make[Member]) -> None:
    stranger = make_member(of=make_team())
    answer = api.post("/groups", {"name": "Finance", "member_ids": [str(stranger.user.uuid)]})
    assert list(answer.json()["error"]["fields"]) == ["member_ids"]


def test_a_deleted_group_is_gone_and_its_name_free(api, finance: dict[str, Any]) -> None:
    assert api.delete(f"/groups/{finance['id']}").status_code == 204
    assert api.get(f"/groups/{finance['id']}").status_code == 404
    assert api.get("/groups").json()["items"] == []
    assert api.post("/groups", {"name": "Finance"}).status_code == 201
    assert Group.objects.count() == 2


def test_who_leaves_the_team_leaves_its_groups(api, finance: dict[str, Any], member: Member) -> None:
    member.delete()
    assert api.get(f"/groups/{finance['id']}").json()["member_ids"] == []
