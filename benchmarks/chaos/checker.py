"""Was anything lost, done twice or written late? Judged from the database, the provider's log and what clients saw."""

import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.chaos.client import Client
from benchmarks.chaos.installation import Installation
from benchmarks.chaos.provider import ADD, case_in, plan
from tests.model import promises
from tests.model.walk import Event, faults

type Rows = list[tuple[Any, ...]]

_UNFINISHED = """
    select count(*) from cases_case item join cases_queue queue on queue.id = item.queue_id
    where queue.name = 'Support' and item.status <> 'completed'
"""
_EVENTS = """
    select item.id::text, seq, event.kind, event.status, coalesce(run_id::text, ''), event.actor,
        item.external_id
    from cases_caseevent event join cases_case item on item.id = case_id
    join cases_queue queue on queue.id = item.queue_id where queue.name = 'Support' order by item.id, seq
"""
_STEPS = """
    select step.run_id::text, item.title, agent.name, run.outcome, step.kind, step.data
    from runs_step step join runs_run run on run.id = step.run_id
    join cases_case item on item.id = run.case_id join builder_agent agent on agent.id = run.agent_id
    order by step.run_id, step.seq
"""


class Lists:
    """What a checker found, a list for each kind of fault."""

    def counts(self) -> dict[str, int]:
        return {name: len(found) for name, found in vars(self).items()}

    def first(self) -> dict[str, list[str]]:
        """A few of each, to look at."""
        return {name: found[:5] for name, found in vars(self).items() if found}


@dataclass
class Findings(Lists):
    """What is wanted of all of these is that they are empty. `not_done_yet`: still on its way when nothing moved any
    more, which says nothing of whether it would have come to its end.
    """

    not_done_yet: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    worked_twice_at_once: list[str] = field(default_factory=list)
    transitions_twice: list[str] = field(default_factory=list)
    effects_repeated: list[str] = field(default_factory=list)
    stale_writes_accepted: list[str] = field(default_factory=list)
    promises_broken: list[str] = field(default_factory=list)
    clients_surprised: list[str] = field(default_factory=list)


class Watch:
    """Looks all the time whether the database keeps its promises."""

    def __init__(self, house: Installation) -> None:
        self.house = house
        self.broken: list[str] = []
        self.looks = 0
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._leaving.wait(1):
            with suppress(psycopg.Error, OSError, ValueError), self.house.connect() as connection:
                self.broken += broken_promises(connection)
                self.looks += 1

    def stop(self) -> None:
        self._leaving.set()
        self._thread.join()


def broken_promises(connection: psycopg.Connection[Any]) -> Iterator[str]:
    for promise, row in connection.execute(promises.ALL.encode()).fetchall():
        yield f"{promise}: {row}"


def unfinished(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(_UNFINISHED).fetchone()
    return int(row[0]) if row else 0


@dataclass
class Trace:
    """What is left of a trial: rows of the database, the provider's log by id, and what clients were told."""

    events: Rows
    steps: Rows
    log: dict[str, dict[str, Any]]
    ids: dict[int, list[str]]
    seen: dict[str, list[Event]]


def check(connection: psycopg.Connection[Any], client: Client, watch: Watch, log: Path) -> Findings:
    """When everything is done."""
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    rows = [connection.execute(sql).fetchall() for sql in (_EVENTS, _STEPS)]
    found = judge(Trace(*rows, {entry["id"]: entry for entry in entries}, client.ids, client.seen))
    found.clients_surprised = client.wrong
    found.promises_broken = [*watch.broken, *broken_promises(connection)]
    return found


def judge(trace: Trace) -> Findings:
    found = Findings()
    timelines = {key: list(group) for key, group in groupby(trace.events, itemgetter(0))}
    made = Counter(group[0][6] for group in timelines.values())
    for number, ids in trace.ids.items():
        if set(ids) - set(timelines):
            found.lost.append(f"case {number} was acknowledged and is not there")
        if len(set(ids)) > 1 or made[f"id-{number}"] > 1:
            found.transitions_twice.append(f"case {number} was made {made[f'id-{number}']} times: {ids}")
    for key, group in timelines.items():
        events = [Event(*row[1:6]) for row in group]
        _judge_timeline(key, events, trace.seen.get(key, []), found)
    _judge_steps(trace.steps, trace.log, found)
    return found


def _judge_timeline(key: str, events: list[Event], seen: list[Event], found: Findings) -> None:
    """`seen`: what it once told a client."""
    if events[-1].status != "completed":
        found.not_done_yet.append(f"case {key} is {events[-1].status}")
    if events[: len(seen)] != seen:
        found.lost.append(f"case {key} forgot what it said")
    for wrong in faults(events):
        kind = found.worked_twice_at_once if "no longer has" in wrong else found.transitions_twice
        kind.append(f"case {key}: {wrong}")
    starts = Counter(event.run for event in events if event.kind == "started")
    ends = Counter(event.run for event in events if event.kind in ("handed_over", "completed"))
    found.transitions_twice += [f"run {run} ended {times} times" for run, times in ends.items() if times > 1]
    found.worked_twice_at_once += [f"run {run} started {times} times" for run, times in starts.items() if times > 1]


def _judge_steps(rows: Rows, log: dict[str, dict[str, Any]], found: Findings) -> None:
    used: Counter[str] = Counter()
    for run, group in groupby(rows, itemgetter(0)):
        steps = list(group)
        _, title, agent, outcome, *_ = steps[0]
        calls, done = [], 0
        for *_, kind, data in steps:
            if kind == "tool_result":
                done += 1
                calls += [data["tool"]] if data["ok"] else []
            if kind == "response":
                used[data["provider_response_id"]] += 1
                found.stale_writes_accepted += _compare(data, log, case_in(title), agent, done)
        if (repeated := calls.count(ADD)) > 1:
            found.effects_repeated.append(f"run {run} added its cases {repeated} times")
        if outcome and calls != plan(agent, case_in(title)):
            found.lost.append(f"run {run} of {agent} ended after {calls}")
    found.stale_writes_accepted += [f"{key} was written {times} times" for key, times in used.items() if times > 1]


def _compare(data: dict[str, Any], log: dict[str, Any], case: int, agent: str, done: int) -> Iterable[str]:
    """A step says what the provider answered to the request that this very state of the run makes."""
    entry = log.get(data["provider_response_id"], {})
    wanted = {"case": case, "agent": agent, "done": done, "failure": ""}
    if {name: entry.get(name) for name in wanted} != wanted:
        yield f"a step of {wanted} is the answer to {entry}"
