"""That those who judge the chaos, and each step of the model, see what is wrong."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from benchmarks.chaos.checker import Trace, judge
from runs.models import Run
from tests.fixtures import take
from tests.model.judge import rows, wrongs
from tests.model.promises import ALL
from tests.model.walk import Event

_EVENTS = [
    (1, "created", "pending", ""),
    (2, "started", "in_progress", "a"),
    (3, "handed_over", "pending", "a"),
    (4, "started", "in_progress", "b"),
    (5, "completed", "completed", "b"),
]
_CALLS = {"a": ("Triage", ["add_cases", "request_handover"]), "b": ("Billing", ["add_cases", "complete_case"])}


@pytest.fixture
def trace() -> Trace:
    """Of one case, from the first agent by handover to its end: everything went well."""
    steps: list[tuple[Any, ...]] = []
    log = {}
    for run, (agent, calls) in _CALLS.items():
        for done, tool in enumerate(calls):
            id = f"{run}{done}"
            log[id] = {"id": id, "case": 1, "agent": agent, "done": done, "failure": ""}
            about = (run, "Chaos 1", agent, "ended")
            steps += [(*about, "response", {"provider_response_id": id})]
            steps += [(*about, "tool_result", {"tool": tool, "ok": True})]
    events = [("case", *event, "", "id-1") for event in _EVENTS]
    return Trace(events, steps, log, {1: ["case", "case"]}, {"case": [Event(1, "created", "pending")]})


def _insert(rows: list[tuple[object, ...]], at: int) -> None:
    """Once more what is there."""
    rows.insert(at + 1, deepcopy(rows[at]))


def _change(rows: list[tuple[object, ...]], at: int, **places: object) -> None:
    row = list(rows[at])
    for place, value in places.items():
        row[int(place[1:])] = value
    rows[at] = tuple(row)


DOCTORED: list[tuple[str, Callable[[Trace], object]]] = [
    ("lost", lambda trace: trace.ids.update({2: ["another"]})),
    ("not_done_yet", lambda trace: trace.events.pop()),
    ("lost", lambda trace: trace.seen.update({"case": [Event(1, "created", "postponed")]})),
    ("lost", lambda trace: trace.steps.pop()),
    ("worked_twice_at_once", lambda trace: _change(trace.events, 3, _4="a")),
    ("worked_twice_at_once", lambda trace: _change(trace.events, 4, _4="a")),
    ("transitions_twice", lambda trace: _insert(trace.events, 4)),
    ("transitions_twice", lambda trace: _change(trace.events, 2, _2="completed", _3="completed")),
    ("transitions_twice", lambda trace: trace.events.pop(2)),
    ("transitions_twice", lambda trace: trace.ids.update({1: ["case", "another"]})),
    ("transitions_twice", lambda trace: trace.events.append(("another", *_EVENTS[0], "", "id-1"))),
    ("effects_repeated", lambda trace: _insert(trace.steps, 1)),
    ("stale_writes_accepted", lambda trace: _insert(trace.steps, 2)),
    ("stale_writes_accepted", lambda trace: trace.log.pop("a1")),
    ("stale_writes_accepted", lambda trace: trace.log["a1"].update(done=0)),
    ("stale_writes_accepted", lambda trace: trace.log["b0"].update(agent="Triage")),
    ("stale_writes_accepted", lambda trace: trace.log["b1"].update(failure="half")),
]


def test_what_went_well_is_not_found_fault_with(trace: Trace) -> None:
    assert not any(judge(trace).counts().values())


@pytest.mark.parametrize(("kind", "doctor"), DOCTORED)
def test_the_checker_of_the_chaos_sees(trace: Trace, kind: str, doctor: Callable[[Trace], object]) -> None:
    doctor(trace)
    assert judge(trace).counts()[kind]


# What is done to the rows of a case and its run, and the promise that this breaks.
BROKEN = [
    ("update runs_run set losses = 4", "losses are bounded"),
    ("update runs_run set losses = 3", "who was lost too often has failed"),
    ("update cases_case set hops = 99", "hops are bounded"),
    ("update runs_run set hop = 9", "standalone hops are counted, and bounded"),
    ("update runs_run set case_fence = case_fence + 1", "who works a case has its fence"),
    ("update cases_case set deleted_at = now()", "who works a case has its fence"),
    ("update cases_case set status = 'pending'", "a case in progress has a run that goes on"),
    ("update cases_case set last_seq = last_seq + 1", "Cases with events missing from their timeline"),
    ("update cases_case set status = 'completed'", "Cases whose status is not what their timeline says"),
    ("update runs_run set worker = ''", "running means leased"),
    ("update runs_run set fence = 0", "running means leased"),
    ("update runs_run set ended_at = now()", "who is not live any more ended"),
    ("update runs_run set status = 'waiting', lease_until = null, worker = ''", "Runs that wait for a person, and"),
    (
        "update runs_run set status = 'completed', outcome = 'handed_over', lease_until = null, worker = ''",
        "a handover is applied if and only if its run ended with it",
    ),
    (
        "insert into runs_step (id, team_id, run_id, seq, kind, data, at)"
        " select -1, team_id, id, 7, 'note', '{}', now() from runs_run",
        "steps have no gaps",
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("sql", "promise"), BROKEN)
def test_a_broken_promise_is_seen(make_agent, make_case, queue, sql: str, promise: str) -> None:
    make_case(assignee=make_agent(queue=queue))
    take()
    assert not rows(ALL)
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert any(found.startswith(promise) for found, _ in rows(ALL))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "update runs_run set lease_until = null",
        "update cases_case set status = 'postponed'",
        "update cases_case set taken_by = 'Ada'",
        "insert into runs_run select (jsonb_populate_record(run, jsonb_build_object('id', gen_random_uuid()))).*"
        " from runs_run run",
    ],
)
def test_and_some_the_database_does_not_let_anyone_break(make_agent, make_case, queue, sql: str) -> None:
    make_case(assignee=make_agent(queue=queue))
    take()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Other"),
        ("priority", 2),
        ("labels", ["x"]),
        ("status", "pending"),
        ("assignee_id", None),
        ("worked_by_id", None),
        ("taken_by", "Ada"),
        ("rank", 0),
        ("hops", 1),
        ("last_seq", 9),
        ("fence", 9),
        ("deleted_at", True),
    ],
)
def test_a_row_that_is_not_what_its_events_tell_is_seen(make_agent, make_case, queue, name: str, value: object) -> None:
    case = make_case(assignee=make_agent(queue=queue))
    take()
    case.refresh_from_db()
    events = list(case.events.order_by("seq"))
    assert not list(wrongs(case, events))
    setattr(case, name, value)
    assert list(wrongs(case, events))
    assert Run.objects.running().count() == 1
