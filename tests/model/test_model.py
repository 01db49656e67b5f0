"""Everything that can happen to cases and runs, in any order, against the real database.

Workers answer, die, lose their leases and come back late; people and the clock act in between. After every step the
database keeps its promises, and at the end every case can be brought to an end. MODEL_EXAMPLES=2000 makes it long;
`python -m benchmarks.mutants` shows what it catches.
"""

import os
from collections.abc import Callable

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django.fixtures import Settings

from builder.agents.agents import create_agent
from builder.agents.agents import save_agent as save
from builder.agents.connections import Consumes, connect
from cases.queues.queues import create_queue, create_team
from tests.fixtures import mention

from . import promises
from .model_base import CONCURRENCY, HOP_LIMIT, NAMES, SOMEONE, House
from .model_people import Model

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "15"))
STEPS = 40

type Walk = Callable[[Model], object]


@pytest.fixture
def house(db: None, settings: Settings) -> House:
    """Three agents that may hand over to each other, on one queue; and one that nobody works, for what they add."""
    settings.BATON_LEASE_SECONDS = 3600  # leases lapse when the model says so, however busy the machine is
    team = create_team("Model", "model")
    queue, outbox = create_queue(team, "Support", hop_limit=HOP_LIMIT), create_queue(team, "Outbox")
    agents = [create_agent(team, name, aop="Work.") for name in NAMES]
    for agent in agents:
        connect(agent, [Consumes(queue.pk, CONCURRENCY)], [outbox.pk])
        save(agent, aop=mention("Work.", *(other for other in agents if other != agent)))
    with connection.cursor() as cursor:
        # Its plan is kept, whatever becomes of the plans that psycopg keeps.
        cursor.execute(
            "create function pg_temp.promises() returns table (promise text, broken text) language plpgsql as"
            f" $$ #variable_conflict use_column\nbegin return query {promises.ALL}; end $$"
        )
    return House(team, queue, agents)


@pytest.fixture
def machine(house: House) -> type[Model]:
    class Here(Model):
        pass

    Here.house = house
    return Here


def test_whatever_happens_in_whatever_order(machine: type[Model]) -> None:
    machine.TestCase.settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        database=None,  # what failed with a mutant is no news
        # Finding the shortest way to a failure takes minutes.
        phases=set(Phase) - {Phase.shrink, Phase.explain} if EXAMPLES < 100 else set(Phase),
    )
    run_state_machine_as_test(machine, settings=machine.TestCase.settings)


SELDOM: dict[str, Walk] = {
    "two agents pass a case back and forth": lambda model: model.relay(0, "back and forth", [0] * 5),
    "a run loses worker after worker": lambda model: model.die("w/1", "noticed", 4, False),
    "an agent comes back to what waits for it": lambda model: model.agent(0, ["pause", "resume"]),
    "an agent is deleted with what waits for it": lambda model: (
        model.agent(0, ["pause", "delete"]),
        model.sweep(False),
    ),
    "a case is deleted while a person has it": lambda model: model.decide(
        0, [("take over", SOMEONE), ("delete", SOMEONE), ("undo", SOMEONE)]
    ),
}


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("walk", SELDOM.values(), ids=SELDOM)
def test_a_walk_that_chance_seldom_takes(machine: type[Model], walk: Walk, keeps: bool) -> None:
    model = machine()
    try:
        model.begin(2, keeps)
        model.judge.look()
        walk(model)
        model.judge.look()
    finally:
        model.teardown()
