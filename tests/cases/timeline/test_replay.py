"""Replaying the events of a case gives its row, whatever was done to it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from builder.agents.agents import delete_agent
from builder.models import Agent
from cases.collaboration.comments import comment
from cases.models import Case, Queue, Reason
from cases.timeline.replay import replay
from cases.work import lifecycle
from cases.work.changes import change_case
from data.errors import Refused
from runs.models import LIVE, Run
from runs.people import moves
from runs.record import claims, outcomes
from runs.workers import dispatcher
from runs.workers.clock import sweep
from teams.audit.actors import Actor, person
from teams.models import Member
from tests.driving import finish
from tests.fixtures import Make

pytestmark = pytest.mark.django_db

FIELDS = (
    *("title", "priority", "labels", "status", "reason", "detail", "assignee_id", "worked_by_id"),
    *("taken_by", "owner_id", "due_at", "rank", "hops", "last_seq"),
)

type Act = Callable[[Case, Actor, list[Agent]], object]


def _work(case: Case, finish: Callable[[claims.Claim, Run], None]) -> None:
    """An agent takes the case up and ends its run."""
    dispatcher.dispatch(1)
    for claim in claims.claim_runs("test/1", 1):
        finish(claim, Run.objects.get(pk=claim.run_id))


def _hand_over(claim: claims.Claim, run: Run, agents: list[Agent]) -> None:
    target = next(agent for agent in agents if agent.pk != run.agent_id)
    finish(claim, outcomes.HandedOver(target, "Not mine", "Look at it"))


def _ask(case: Case, by: Actor, agents: list[Agent]) -> None:
    run = Run.objects.filter(case=case, status__in=LIVE).first()
    if run is not None:
        with transaction.atomic():
            row = lifecycle.lock(case.pk)
            lifecycle.ask(row, Reason.QUESTION, "Which?", agent_id=run.agent_id, run_id=run.pk)
            Run.objects.filter(pk=run.pk).update(case_fence=row.fence)


def _answer(case: Case, by: Actor, agents: list[Agent]) -> None:
    run = Run.objects.filter(case=case, status__in=LIVE).first()
    with transaction.atomic():
        row = lifecycle.lock(case.pk)
        if run is not None and row.reason == Reason.QUESTION:
            lifecycle.resume(row, "That one", by=by, agent_id=run.agent_id, run_id=run.pk)
            Run.objects.filter(pk=run.pk).update(case_fence=row.fence)


def _stop(case: Case, by: Actor, agents: list[Agent]) -> None:
    for run in Run.objects.filter(case=case, status__in=LIVE):
        moves.stop_run(run, by)


def _time_passes(case: Case, by: Actor, agents: list[Agent]) -> None:
    """The time that it is postponed to is over; the row and its event are what is compared, so only the clock moves."""
    row = Case.objects.get(pk=case.pk)
    if row.due_at:
        with transaction.atomic():
            lifecycle.due(lifecycle.lock(case.pk))


def _delete_agent(case: Case, by: Actor, agents: list[Agent]) -> None:
    row = Case.objects.get(pk=case.pk)
    if row.assignee and not row.assignee.is_deleted and Agent.objects.live().filter(team=case.team_id).count() > 2:
        delete_agent(row.assignee)
    sweep()


def _change(case: Case, **fields: object) -> None:
    with transaction.atomic():
        change_case(lifecycle.lock(case.pk), **fields)  # type: ignore[arg-type]


def _comment(case: Case, by: Actor) -> None:
    assert by.user
    comment(case, "Well", by.user)


def _undo(case: Case, by: Actor, agents: list[Agent]) -> None:
    moves.undo(case, Case.objects.get(pk=case.pk).last_seq, by)


ACTS: dict[str, Act] = {
    "dispatch": lambda case, by, agents: dispatcher.dispatch(1),
    "agent completes": lambda case, by, agents: _work(
        case, lambda claim, run: finish(claim, outcomes.CaseCompleted("Done"))
    ),
    "agent fails it": lambda case, by, agents: _work(
        case, lambda claim, run: finish(claim, outcomes.CaseFailed("Cannot"))
    ),
    "agent postpones": lambda case, by, agents: _work(
        case, lambda claim, run: finish(claim, outcomes.CasePostponed(timezone.now(), "Later"))
    ),
    "run breaks": lambda case, by, agents: _work(
        case, lambda claim, run: finish(claim, outcomes.Broken("no_outcome", "Said nothing"))
    ),
    "hand over": lambda case, by, agents: _work(case, lambda claim, run: _hand_over(claim, run, agents)),
    "ask": _ask,
    "answer": _answer,
    "stop": _stop,
    "time passes": _time_passes,
    "delete agent": _delete_agent,
    "title": lambda case, by, agents: _change(case, title="Another title"),
    "data": lambda case, by, agents: _change(case, data={"sum": 12}),
    "labels": lambda case, by, agents: _change(case, labels=["vip"], priority=2),
    "comment": lambda case, by, agents: _comment(case, by),
    "take over": lambda case, by, agents: moves.take_over(case, by, from_another=True),
    "hand back": lambda case, by, agents: moves.hand_back(case, by, agents[0], "Go on"),
    "reassign": lambda case, by, agents: moves.reassign(case, by, agents[1]),
    "reassign to any": lambda case, by, agents: moves.reassign(case, by),
    "retry": lambda case, by, agents: moves.retry(case, by),
    "postpone": lambda case, by, agents: moves.postpone(case, timezone.now() + timedelta(hours=2), by),
    "complete": lambda case, by, agents: moves.complete(case, "By hand", by),
    "fail": lambda case, by, agents: moves.fail(case, "By hand", by),
    "reopen": lambda case, by, agents: moves.reopen(case, by, agents[0]),
    "delete": lambda case, by, agents: moves.delete(case, by),
    "undo": _undo,
}


@given(
    acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=14),
    kept=st.booleans(),
    waits=st.booleans(),
)
@example(
    acts=["take over", "postpone", "time passes", "hand back", "dispatch", "take over", "undo"], kept=True, waits=True
)
@example(
    acts=["hand over", "hand over", "complete", "undo", "run breaks", "retry", "delete", "undo"],
    kept=False,
    waits=False,
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_replaying_the_events_of_a_case_gives_its_row(
    make_agent: Make[Agent],
    make_queue: Make[Queue],
    make_case: Make[Case],
    make_member: Make[Member],
    acts: list[str],
    kept: bool,
    waits: bool,
) -> None:
    queue = make_queue()
    agents = [make_agent(queue=queue) for _ in range(3)]
    someone = person(make_member().user)
    fields = {"assignee": agents[0]} if kept else {}
    if waits:
        fields["postpone_until"] = timezone.now() + timedelta(hours=1)  # type: ignore[assignment]
    case = make_case(in_queue=queue, labels=["mail"], priority=1, data={"sum": 11}, **fields)
    for name in acts:
        try:
            with transaction.atomic():
                ACTS[name](case, someone, agents)
        except Refused:
            continue
    row = Case.objects.get(pk=case.pk)
    told = replay(row.events.order_by("seq"))
    assert {name: told[name] for name in FIELDS} == {name: getattr(row, name) for name in FIELDS}
    assert told["is_deleted"] == bool(row.deleted_at)
    assert told.get("data", {"sum": 11}) == row.data
