import pytest

from cases.models import Queue

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


def test_a_queue_is_made_read_changed_and_deleted(api: Caller) -> None:
    response = api.post("/queues", {"name": "Support", "description": "Mail", "hop_limit": 3})
    made = response.json()
    assert response.status_code == 201
    assert (made["name"], made["description"], made["hop_limit"], made["paused"]) == ("Support", "Mail", 3, False)
    assert made == api.get(f"/queues/{made['id']}").json()
    changed = api.patch(f"/queues/{made['id']}", {"paused": True, "name": "Help"}).json()
    assert changed == made | {"paused": True, "name": "Help"}
    assert api.patch(f"/queues/{made['id']}", {"hop_limit": 5}).json()["paused"] is True
    assert api.delete(f"/queues/{made['id']}").status_code == 204
    problem(api.get(f"/queues/{made['id']}"), 404)


def test_a_queue_counts_its_cases_by_status(api: Caller, queue, make_case) -> None:
    make_case()
    make_case()
    counts = api.get(f"/queues/{queue.pk}").json()["counts"]
    statuses = ("pending", "in_progress", "needs_input", "postponed", "completed", "failed")
    assert counts == dict.fromkeys(statuses, 0) | {"pending": 2}


def test_every_team_has_a_default_queue(api: Caller, strangers) -> None:
    assert [row["name"] for row in api.get("/queues").json()["items"]] == ["Default"]


def test_a_queue_with_open_cases_is_kept(api: Caller, queue, make_case) -> None:
    make_case()
    problem(api.delete(f"/queues/{queue.pk}"), 409, "queue_not_empty")
    assert api.get(f"/queues/{queue.pk}").status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": "a\x00"}, "name"), ({"name": "a", "hop_limit": 51}, "hop_limit"), ({"name": 1}, "name")],
)
def test_what_a_queue_cannot_have_is_refused_by_field(api: Caller, body: dict[str, object], field: str) -> None:
    assert set(problem(api.post("/queues", body), 422, "invalid")["fields"]) == {field}
    assert Queue.objects.count() == 1


def test_names_of_queues_are_unique(api: Caller, queue) -> None:
    problem(api.post("/queues", {"name": queue.name.upper()}), 409, "name_taken")
    problem(api.patch(f"/queues/{queue.pk}", {"name": "default"}), 409, "name_taken")


def test_a_queue_says_what_its_cases_must_be_like(api: Caller) -> None:
    schema = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}
    made = api.post("/queues", {"name": "Refunds", "default_priority": "high", "data_schema": schema}).json()
    assert (made["default_priority"], made["data_schema"]) == ("high", schema)
    cases = f"/queues/{made['id']}/cases"
    wrong = api.post(cases, {"title": "Wrong", "data": {"amount": "much"}})
    assert problem(wrong, 422, "invalid_data")["fields"] == {"data.amount": "Must be a number."}
    assert api.post(cases, {"title": "Right", "data": {"amount": 5}}).json()["priority"] == "high"
    refused = api.patch(f"/queues/{made['id']}", {"data_schema": {"type": "thing"}})
    assert "data_schema" in problem(refused, 422)["fields"]
    assert api.patch(f"/queues/{made['id']}", {"name": "R"}).json()["data_schema"] == schema
    assert api.patch(f"/queues/{made['id']}", {"data_schema": None}).json()["data_schema"] is None


def test_a_queue_has_goals(api: Caller, team, strangers) -> None:
    """What is left out stays; a group of another team is unknown; numbers out of range are named."""
    group = api.post("/groups", {"name": "Finance", "time_zone": "Europe/Berlin"}).json()["id"]
    goals = {"first_look_minutes": 30, "done_minutes": 480, "hours_group_id": group}
    made = api.post("/queues", {"name": "Refunds", "goals": goals}).json()
    assert made["goals"] == goals
    one = f"/queues/{made['id']}"
    assert api.patch(one, {"goals": {"done_minutes": None}}).json()["goals"] == goals | {"done_minutes": None}
    assert api.patch(one, {"name": "Money"}).json()["goals"]["first_look_minutes"] == 30
    for wrong in (0, 60_001, -1, "30", 1.5, True):
        answer = api.patch(one, {"goals": {"first_look_minutes": wrong}})
        assert set(problem(answer, 422, "invalid")["fields"]) == {"goals.first_look_minutes"}
    theirs = strangers.groups.create(name="Theirs").pk
    error = problem(api.patch(one, {"goals": {"hours_group_id": str(theirs)}}), 404)
    assert set(error["fields"]) == {"goals.hours_group_id"}
    assert "goals.look" in problem(api.patch(one, {"goals": {"look": 1}}), 422)["fields"]
    case = api.post(f"{one}/cases", {"title": "A"}).json()
    assert case["goals"]["first_look_by"]
    assert case["overdue"] is False
