import pytest

from builder.agents.agents import save_agent
from builder.models import Agent
from builder.procedures.mentions import token
from cases.models import Case, Queue
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call

from .conftest import Caller

pytestmark = pytest.mark.django_db


def test_an_agents_passages_say_what_each_did(
    api: Caller, scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue: Queue
) -> None:
    billing = make_agent("Billing", queue=queue)
    to_billing = token(billing.pk, "Billing")
    triage = save_agent(
        make_agent("Triage", queue=queue), aop=f"GOAL\nBe kind.\n- Refunds: {to_billing}\n- Else {to_billing}"
    )
    scripted.answers(call("request_handover", target="billing", reason="So it is.", because="m1"))
    make_case("A case", assignee=triage)
    work_next()
    answer = api.get(f"/agents/{triage.pk}/passages", days=7).json()
    aop = triage.live_revision.aop
    assert [item["text"] for item in answer["items"]] == ["Be kind.", "Refunds: @Billing", "Else @Billing"]
    assert answer["items"][1] == {
        "start": aop.index("Refunds"),
        "end": aop.index("\n- Else"),
        "text": "Refunds: @Billing",
        "target_ids": [str(billing.pk)],
        "cases": 1,
        "tests": 0,
        "corrected": 0,
        "before_this_wording": {"cases": 0, "tests": 0, "corrected": 0},
    }
    assert api.get(f"/agents/{triage.pk}/passages", days=0).status_code == 422
