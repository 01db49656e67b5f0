from datetime import datetime

import pytest
from django.utils import timezone

from builder.agents.agents import delete_agent
from builder.models import Agent
from runs.models import Schedule
from runs.workers import clock
from tests.fixtures import Make

from .conftest import Caller, problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(make_agent: Make[Agent]) -> Agent:
    return make_agent("Reporter")


def test_a_schedule_is_made_read_changed_and_deleted(api: Caller, agent: Agent) -> None:
    body = {"agent_id": str(agent.pk), "cron": "0 8 * * 1-5", "zone": "Europe/Berlin", "input": "The report"}
    response = api.post("/schedules", body)
    made = response.json()
    assert response.status_code == 201
    assert made["agent"] == {"id": str(agent.pk), "name": "Reporter"}
    assert (made["cron"], made["words"]) == ("0 8 * * 1-5", "Every weekday at 08:00")
    assert datetime.fromisoformat(made["next_at"]) > timezone.now()
    assert made == api.get(f"/schedules/{made['id']}").json()
    changed = api.patch(f"/schedules/{made['id']}", {"cron": "30 9 * * *", "paused": True}).json()
    assert (changed["words"], changed["zone"], changed["input"]) == (
        "Every day at 09:30",
        "Europe/Berlin",
        "The report",
    )
    assert (changed["paused"], changed["next_at"]) == (True, None)
    assert api.patch(f"/schedules/{made['id']}", {"paused": False}).json()["next_at"]
    assert api.delete(f"/schedules/{made['id']}").status_code == 204
    problem(api.get(f"/schedules/{made['id']}"), 404)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"cron": "soon"}, "cron"), ({"zone": "Mars/Base"}, "zone"), ({"input": "a\x00"}, "input"), ({"at": 8}, "at")],
)
def test_what_a_schedule_cannot_have_is_refused_by_field(api: Caller, agent: Agent, changes, field: str) -> None:
    body = {"agent_id": str(agent.pk), "cron": "0 8 * * *"}
    assert set(problem(api.post("/schedules", body | changes), 422, "invalid")["fields"]) == {field}
    assert not Schedule.objects.exists()
    made = api.post("/schedules", body).json()
    problem(api.patch(f"/schedules/{made['id']}", changes), 422, "invalid")
    assert api.get(f"/schedules/{made['id']}").json() == made


def test_a_schedule_says_what_it_started_or_why_it_did_not(api: Caller, agent: Agent) -> None:
    made = api.post("/schedules", {"agent_id": str(agent.pk), "cron": "0 8 * * *"}).json()
    Schedule.objects.update(next_at=timezone.now())
    clock.sweep()
    row = api.get("/schedules", agent_id=agent.pk).json()["items"][0]
    assert row["last_run_id"] == api.get("/runs").json()["items"][0]["id"] and row["obstacle"] is None
    assert api.get("/schedules", agent_id=made["id"]).json()["items"] == []


def test_schedules_of_a_deleted_agent_are_gone(api: Caller, agent: Agent) -> None:
    api.post("/schedules", {"agent_id": str(agent.pk), "cron": "0 8 * * *"})
    delete_agent(agent)
    assert api.get("/schedules").json()["items"] == []
    problem(api.post("/schedules", {"agent_id": str(agent.pk), "cron": "0 8 * * *"}), 404, "not_found")
