"""What a change would have done, for programs."""

import pytest

from builder.agents.agents import save_agent
from cases.models import Case
from tests.driving import work_next
from tests.fixtures import Make
from tests.routes.conftest import Desk, desk, work_tests

from .conftest import Caller

__all__ = ["desk"]
pytestmark = pytest.mark.django_db


def test_a_program_replays_the_last_runs_with_a_change(api: Caller, desk: Desk, make_case: Make[Case]) -> None:
    save_agent(desk.triage, aop=desk.aop(refund=desk.billing))
    case = make_case("A refund", assignee=desk.triage)
    work_next()
    make_case("A greeting", assignee=desk.triage)
    for _ in range(2):
        work_next()
    change = {"aop": desk.aop(refund=desk.tech), "last": 5}
    started = api.post(f"/agents/{desk.triage.pk}/impact", change)
    assert (started.status_code, started.json()["status"], started.json()["estimate_usd"]) == (202, "estimating", None)
    address = f"/impacts/{started.json()['id']}"
    assert api.post(f"{address}/confirm", {"usd": 1}).json()["status"] == "running"
    work_tests()
    found = api.get(address).json()
    before = {"decision": "hand_over", "agent_id": str(desk.billing.pk)}
    after = {"decision": "hand_over", "agent_id": str(desk.tech.pk)}
    done = {"decision": "complete"}
    assert found["status"] == "done"
    assert found["counts"] == {"replayed": 2, "changed": 1, "divergent": 0}
    assert found["matrix"] == [
        {"before": before, "after": after, "count": 1},
        {"before": done, "after": done, "count": 1},
    ]
    run = case.runs.get(agent=desk.triage)
    assert found["cases"] == [{"case_id": str(case.pk), "run_id": str(run.pk), "before": before, "after": after}]
    assert (found["cost_usd"], found["divergent"]) == (None, [])
    assert api.post(f"{address}/stop").status_code == 409
    change["confirm_usd"] = 1
    assert api.post(f"/agents/{desk.triage.pk}/impact", change).json()["status"] == "done"
    assert api.post(f"/agents/{desk.triage.pk}/impact", {"last": 201}).status_code == 422
