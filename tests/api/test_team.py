"""What the settings say, over the API."""

import pytest

from teams.keys.api_keys import create_key
from teams.models import Credential, Team
from teams.settings.budgets import Budget

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


def test_a_key_is_told_whose_it_is_and_what_it_may_do(team: Team) -> None:
    caller = Caller(create_key(team, "Reader", ["read"], per_minute=60)[1])
    told = caller.get("/team").json()
    assert (told["name"], told["slug"], told["paused"]) == (team.name, team.slug, False)
    assert told["key"] == {"name": "Reader", "scopes": ["read"], "expires_at": None, "per_minute": 60}


def test_the_budget_of_the_team_is_changed(api: Caller, team: Team) -> None:
    assert api.patch("/team", {"budget": {"usd": 2.5}}).json()["budget"]["usd"] == 2.5
    team.refresh_from_db()
    assert Budget(**team.budget) == Budget(usd=2.5)
    problem(api.patch("/team", {"budget": {"usd": -1}}), 422, "invalid")
    assert api.patch("/team", {}).json()["budget"]["usd"] == 2.5


def test_the_time_zone_of_the_team_is_changed(api: Caller, team: Team) -> None:
    assert api.get("/team").json()["time_zone"] == "UTC"
    assert api.patch("/team", {"time_zone": "Europe/Berlin"}).json()["time_zone"] == "Europe/Berlin"
    assert api.patch("/team", {"budget": {"usd": 1}}).json()["time_zone"] == "Europe/Berlin"
    team.refresh_from_db()
    assert team.time_zone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("US/Eastern", "Use America/New_York."),
        ("Asia/Calcutta", "Use Asia/Kolkata."),
        ("europe/berlin", "Use Europe/Berlin."),
        ("Etc/UTC", "Use UTC."),
        ("Mars/Olympus", "such as Europe/Berlin"),
        ("../etc/passwd", "such as Europe/Berlin"),
        ("", "such as Europe/Berlin"),
        ("+01:00", "such as Europe/Berlin"),
    ],
)
def test_only_canonical_time_zones_are_taken(api: Caller, team: Team, name: str, words: str) -> None:
    refused = problem(api.patch("/team", {"time_zone": name, "budget": {"usd": 2}}), 422, "invalid")
    assert words in refused["fields"]["time_zone"]
    team.refresh_from_db()
    assert (team.time_zone, team.budget) == ("UTC", {})


def test_a_member_has_an_id_and_says_whether_they_are_here(api: Caller, member) -> None:
    [item] = api.get("/members").json()["items"]
    assert item == {
        "id": str(member.user.uuid),
        "name": str(member.user),
        "email": member.user.email,
        "role": "administrator",
        "is_active": True,
        "away_until": None,
    }


def test_a_deactivated_member_is_listed_as_such(api: Caller, make_member) -> None:
    other = make_member()
    type(other.user).objects.filter(pk=other.user.pk).update(is_active=False)
    assert [row["is_active"] for row in api.get("/members").json()["items"]] == [False]


def test_members_are_listed_with_their_roles(api: Caller, member, strangers, make_member) -> None:
    make_member(of=strangers)
    items = api.get("/members").json()["items"]
    assert [(row["email"], row["role"]) for row in items] == [(member.user.email, "administrator")]


def test_a_key_to_a_provider_is_written_and_never_read(api: Caller, strangers, make_caller) -> None:
    wanted = {"provider": "openai", "name": "Ours", "key": "sk-0123456789abcdef"}
    made = api.post("/model-keys", wanted)
    assert made.status_code == 201
    row = made.json()
    assert (row["provider"], row["name"], row["ends_in"]) == ("openai", "Ours", "cdef")
    problem(api.post("/model-keys", wanted), 422, "invalid")
    problem(api.post("/model-keys", {**wanted, "provider": "nobody"}), 422, "invalid")
    before = Credential.objects.get().key
    changed = api.patch(f"/model-keys/{row['id']}", {"name": "Support"}).json()
    assert (changed["name"], Credential.objects.get().key) == ("Support", before)
    api.patch(f"/model-keys/{row['id']}", {"key": "sk-another-key-0000"})
    assert Credential.objects.get().key != before
    refused = api.patch(f"/model-keys/{row['id']}", {"base_url": "https://example.com/v1"})
    assert set(problem(refused, 422)["fields"]) == {"key"}  # it goes to no other address unless it is given again
    listed = api.get("/model-keys")
    assert len(listed.json()) == 1
    assert "0123456789" not in listed.text and "another-key" not in listed.text
    assert make_caller(strangers).get("/model-keys").json() == []
    assert api.delete(f"/model-keys/{row['id']}").status_code == 204
    assert not Credential.objects.exists()


def test_the_keys_of_providers_take_the_admin_scope(team: Team) -> None:
    reader = Caller(create_key(team, "Reader", ["read", "cases", "runs", "agents"])[1])
    problem(reader.get("/model-keys"), 403)
    problem(reader.get("/audit"), 403)
