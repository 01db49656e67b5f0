"""Everything that can happen to cases and runs, in any order, against the real database.

Workers answer, die, lose their leases and come back late; people and the clock act in between. After every step the
database keeps its promises, and at the end every case can be brought to an end. MODEL_EXAMPLES=2000 makes it long.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from builder.agents import Consumes, connect, create_agent, delete_agent, pause_agent, restore_agent, resume_agent
from builder.agents import save_agent as save
from builder.models import Agent
from cases.creation import NewCase, add_case
from cases.models import Case, CaseEvent, Queue
from cases.queues import create_queue
from cases.teams import create_team
from runs import claims, dispatcher, endings, human_requests, interventions, journal, opening, sweeper, turns
from runs.claims import Claim, LostRun
from runs.journal import Work
from runs.models import HumanRequest, Run, Status
from runs.starting import start_run
from teams.actors import Actor
from teams.errors import Refused
from tests.fixtures import mention
from tests.runs.promises import PROMISES
from tests.runs.walk import Event, faults

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "15"))
STEPS = 40
HOP_LIMIT = 3
SOMEBODY = Actor("Somebody")
WORKERS = ["w/1", "w/2"]

_NAMES = ["Ada", "Ben", "Cleo"]
_number = st.integers(0, 1000)
type Call = tuple[str, dict[str, Any]]
_end: st.SearchStrategy[Call] = st.sampled_from(
    [
        ("complete_case", {"summary": "Done"}),
        ("fail_case", {"reason": "Cannot"}),
        ("postpone_case", {"until": "2h", "reason": "Later"}),
        ("ask_person", {"question": "Which?"}),
        ("request_approval", {"title": "May I?", "details": "All of it"}),
    ]
)
_step: st.SearchStrategy[Call] = st.sampled_from(
    [
        ("update_case", {"labels": ["a"]}),
        ("update_case", {"data": {"b": 1}}),
        ("add_cases", {"queue": "Outbox", "cases": [{"title": "Made"}]}),
    ]
)
_nonsense: st.SearchStrategy[Call] = st.sampled_from(
    [
        ("request_handover", {"target": "Ada", "reason": "R"}),
        ("request_handover", {"target": "Ben", "reason": "R"}),
        ("request_handover", {"target": "Nobody", "reason": "R"}),
        ("withdraw_request", {}),
        ("update_case", {"title": ""}),
        ("no_such_tool", {}),
    ]
)


@dataclass
class Holder:
    """Somebody who thinks that they have a run. They may be right, or late."""

    worker: str
    claim: Claim
    work: Work | None = None


@dataclass
class House:
    queue: Queue
    outbox: Queue
    agents: list[Agent]


def _rows(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


_TABLES = ("cases_case", "cases_caseevent", "runs_run", "runs_step", "runs_handover", "runs_humanrequest")
_ALL = " union all ".join(f"select {table}::text as row from {table}" for table in _TABLES)


def _digest() -> str:
    """Changes with anything that is written about a case or a run."""
    return str(_rows(f"select md5(string_agg(row, '' order by row)) from ({_ALL}) everything")[0][0])


class Model(RuleBasedStateMachine):
    house: House

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.holders: list[Holder] = []
        self.ended: dict[Any, str] = {}
        self.agents = [Agent.objects.get(pk=agent.pk) for agent in self.house.agents]

    # --- New work ----------------------------------------------------------------------------

    @initialize(cases=st.integers(1, 3))
    def begin(self, cases: int) -> None:
        for _ in range(cases):
            self._add(NewCase("Work"))
        self.take("w/1", 2)

    @rule(kind=st.sampled_from(["plain", "later", "assigned", "again", "otherwise", "standalone"]), which=_number)
    def add(self, kind: str, which: int) -> None:
        agent = Agent.objects.get(pk=self.agents[which % 3].pk)
        match kind:
            case "plain":
                self._add(NewCase("Work", priority=which % 3))
            case "later":
                self._add(NewCase("Work", postpone_until=_in_an_hour()))
            case "assigned":
                self._add(NewCase("Work", assignee=agent))
            case "standalone":
                legal = Agent.objects.startable().filter(pk=agent.pk).exists()
                self._try(lambda: start_run(agent, by=SOMEBODY, trigger=Run.Trigger.API), legal)
            case _:  # the same request makes one case, and another one under its id makes none
                earlier = Case.objects.filter(external_id="id").first()
                self._try(lambda: self._add(NewCase(kind, external_id="id")), earlier is None or earlier.title == kind)

    def _add(self, new: NewCase) -> None:
        add_case(self.house.queue, new, by=SOMEBODY)

    # --- Workers -----------------------------------------------------------------------------

    @rule(worker=st.sampled_from(WORKERS), places=st.integers(1, 3))
    def take(self, worker: str, places: int) -> None:
        dispatcher.dispatch(places)
        taken = [Holder(worker, claim) for claim in claims.claim_runs(worker, places)]
        self.holders += taken
        for holder in taken:
            self._opened(holder)

    @rule(worker=st.sampled_from(WORKERS))
    def heartbeat(self, worker: str) -> None:
        """Those that it still has, and no others: who lost one is told so."""
        own = [holder for holder in self.holders if holder.worker == worker]
        mine = claims.renew(worker, [holder.claim for holder in own])
        assert {holder.claim for holder in own} & mine == {holder.claim for holder in own if self._has(holder)}

    @precondition(lambda self: self.holders)
    @rule(which=_number, to=st.sampled_from(_NAMES), note=st.sampled_from(["", "New", "Newer"]))
    def hand_over(self, which: int, to: str, note: str) -> None:
        self._work(which, ("request_handover", {"target": to, "reason": "R", "note": note}))

    @precondition(lambda self: self.holders)
    @rule(which=_number, call=_end)
    def end(self, which: int, call: Call) -> None:
        self._work(which, call)

    @precondition(lambda self: self.holders)
    @rule(which=_number, call=_step)
    def step(self, which: int, call: Call) -> None:
        self._work(which, call)

    def _work(self, which: int, call: Call) -> None:
        """A turn with one call; what that makes possible is taken up."""
        self.turn(which, [call], "", True)
        self.take("w/2", 1)

    @precondition(lambda self: self.holders)
    @rule(
        which=_number,
        turn=st.lists(_step | _end | _nonsense, max_size=3),
        text=st.sampled_from(["", "I will pass it on."]),
        is_acted_upon=st.booleans(),
    )
    def turn(self, which: int, turn: list[Call], text: str, is_acted_upon: bool) -> None:
        """The model's answer is written, and the worker may die before it acts on it."""
        holder = self._holder(which)
        self._answer(holder, turn, text)
        if is_acted_upon:
            self._act(holder)

    def _answer(self, holder: Holder, turn: list[Call], text: str = "") -> None:
        if not (work := self._opened(holder)) or journal.unsettled(work):
            return
        calls = [ToolCallPart(tool, arguments) for tool, arguments in turn]
        response = ModelResponse([TextPart(text), *calls], model_name="scripted")
        self._write(holder, lambda: journal.append_response(work, response, "openai-chat:scripted"))

    def _act(self, holder: Holder) -> None:
        if (work := self._opened(holder)) and (response := journal.unsettled(work)):
            self._write(holder, lambda: async_to_sync(turns.take_turn)(work, response))

    @precondition(lambda self: self.holders)
    @rule(which=_number, how=st.sampled_from(["give back", "later", "much later", "break"]))
    def leave(self, which: int, how: str) -> None:
        holder = self._holder(which)
        before = self._losses(holder.claim)
        self._leave(holder, how)
        assert self._losses(holder.claim) == before

    def _leave(self, holder: Holder, how: str) -> None:
        claim = holder.claim
        leave = {
            "give back": lambda: endings.give_back(claim),
            "later": lambda: endings.retry_later(claim, timedelta(), "Too busy"),
            "much later": lambda: endings.retry_later(claim, timedelta(hours=1), "Too busy"),
            "break": lambda: endings.finish(claim, endings.Broken("internal_error", "Oh")),
        }
        self._write(holder, leave[how])

    @precondition(lambda self: any(not self._has(holder) for holder in self.holders))
    @rule(which=_number, how=st.sampled_from(["give back", "much later", "break", "answer", "act", "complete"]))
    def come_late(self, which: int, how: str) -> None:
        """With any fence it ever had."""
        late = [holder for holder in self.holders if not self._has(holder)]
        holder = late[which % len(late)]
        if how == "answer":
            self._answer(holder, [("complete_case", {"summary": "Late"})])
        elif how == "act":
            self._act(holder)
        elif how == "complete" and (work := holder.work):
            call = ToolCallPart("complete_case", {"summary": "Late"})
            self._write(holder, lambda: async_to_sync(turns.take_turn)(work, ModelResponse([call])))
        elif how != "complete":
            self._leave(holder, how)

    # --- Time and loss -----------------------------------------------------------------------

    @rule(worker=st.sampled_from(WORKERS), how=st.sampled_from(["noticed", "in silence", "and another goes on"]))
    def die(self, worker: str, how: str) -> None:
        """Its parent sees it, or its leases lapse."""
        if how == "in silence":
            _rows("update runs_run set lease_until = now() - interval '1 s' where worker = %s returning id", worker)
        else:
            sweeper.take_back_from(worker)
        if how == "and another goes on":
            self.take("w/2" if worker == "w/1" else "w/1", 3)

    @rule(hours=st.booleans())
    def sweep(self, hours: bool) -> None:
        if hours:
            self._hours_pass()
        sweeper.sweep()
        assert not Run.objects.live().filter(agent__deleted_at__isnull=False)
        assert not claims.lapsed()

    def _hours_pass(self) -> None:
        _rows("update cases_case set due_at = now() - interval '1 s' where due_at is not null returning id")
        _rows("update runs_run set available_at = now() - interval '1 s' where status = 'queued' returning id")

    # --- People ------------------------------------------------------------------------------

    @rule(which=_number, approved=st.booleans())
    def answer_request(self, which: int, approved: bool) -> None:
        rows = list(HumanRequest.objects.order_by("-created_at", "call_id"))
        if rows:
            row = rows[which % len(rows)]
            self._try(lambda: _answer(row, approved), row.status == "open")

    @rule(
        which=_number,
        act=st.sampled_from(["stop", "complete", "fail", "postpone", "delete", "send again", "send to one"]),
    )
    def decide(self, which: int, act: str) -> None:
        rows = list(Case.objects.present().filter(queue=self.house.queue).order_by("number"))
        runs = list(Run.objects.order_by("-created_at", "id"))
        if not rows or not runs:
            return
        case, run = rows[which % len(rows)], runs[which % len(runs)]
        agent = Agent.objects.get(pk=self.agents[which % 3].pk)
        is_open = not case.is_closed
        acts: dict[str, tuple[Callable[[], object], bool]] = {
            "stop": (lambda: interventions.stop_run(run, SOMEBODY), run.is_live),
            "complete": (lambda: interventions.complete(case, "By hand", SOMEBODY), is_open),
            "fail": (lambda: interventions.fail(case, "By hand", SOMEBODY), is_open),
            "postpone": (lambda: interventions.postpone(case, _in_an_hour(), SOMEBODY), is_open),
            "delete": (lambda: interventions.delete(case, SOMEBODY), True),
            "send again": (lambda: interventions.reprocess(case, SOMEBODY), True),
            "send to one": (lambda: interventions.reprocess(case, SOMEBODY, agent), not agent.is_deleted),
        }
        self._try(*acts[act])

    # --- Agents ------------------------------------------------------------------------------

    @rule(which=st.sampled_from(range(3)), act=st.sampled_from(["pause", "resume", "restore", "delete", "replace"]))
    def agent(self, which: int, act: str) -> None:
        agent, other = (Agent.objects.get(pk=self.agents[at % 3].pk) for at in (which, which + 1))
        acts = {
            "pause": lambda: pause_agent(agent),
            "resume": lambda: resume_agent(agent),
            "restore": lambda: restore_agent(agent),
            "delete": lambda: delete_agent(agent),
            "replace": lambda: delete_agent(agent, other),
        }
        self._try(acts[act], act != "replace" or not other.is_deleted)

    # --- What always holds -------------------------------------------------------------------

    @invariant()
    def promises_are_kept(self) -> None:
        for promise, sql in PROMISES.items():
            assert not (found := _rows(sql)), f"{promise}: {found}"

    @invariant()
    def timelines_are_walks_and_rows_are_what_they_tell(self) -> None:
        told = CaseEvent.objects.order_by("case_id", "seq").values_list("case_id", "seq", "kind", "status", "run_id")
        cases = Case.objects.in_bulk()
        found = {key: [Event(*row[1:4], str(row[4] or "")) for row in rows] for key, rows in groupby(told, _first)}
        assert set(found) == set(cases)
        for key, events in found.items():
            wrong = list(faults(events))
            assert not wrong, (wrong, events)
            case = cases[key]
            assert (case.last_seq, case.status) == (events[-1].seq, events[-1].status)

    @invariant()
    def what_ended_stays_as_it_is(self) -> None:
        now = dict(_rows(f"select id, md5(runs_run::text) from runs_run where status in ('{"', '".join(_ENDED)}')"))
        assert self.ended.items() <= now.items()
        self.ended = now

    def teardown(self) -> None:
        """Whatever happened: with everybody back at work, every case comes to an end."""
        try:
            self._finish_everything()
        finally:
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)

    def _finish_everything(self) -> None:
        for agent in self.agents:
            restore_agent(Agent.objects.get(pk=agent.pk))
            resume_agent(agent)
        for worker in WORKERS:
            sweeper.take_back_from(worker)
        present = Case.objects.present().filter(queue=self.house.queue)
        for _ in range(30):
            self._hours_pass()
            sweeper.sweep()
            for row in HumanRequest.objects.open():
                _answer(row, True)
            for case in present.filter(status="needs_input").exclude(reason__in=["question", "approval"]):
                interventions.reprocess(case, SOMEBODY)
            self.take("w/1", 10)
            for holder in self.holders:
                self._finish(holder)
            if not (left := Run.objects.live().exists() or present.exclude(status__in=["completed", "failed"])):
                break
        assert not left
        assert not sweeper.has_due_work()
        self.promises_are_kept()
        self.timelines_are_walks_and_rows_are_what_they_tell()

    def _finish(self, holder: Holder) -> None:
        while self._has(holder):
            work = self._opened(holder)
            assert work
            parts = [ToolCallPart("complete_case", {"summary": "Done"})] if work.case else [TextPart("Done")]
            if not journal.unsettled(work):
                journal.append_response(work, ModelResponse(parts, model_name="scripted"), "openai-chat:scripted")
            response = journal.unsettled(work)
            assert response
            async_to_sync(turns.take_turn)(work, response)

    # --- What the rules are made of ----------------------------------------------------------

    def _holder(self, which: int) -> Holder:
        """One that has its run, or where there is none, anyone."""
        some = [holder for holder in self.holders if self._has(holder)] or self.holders
        return some[which % len(some)]

    def _has(self, holder: Holder) -> bool:
        claim = holder.claim
        return Run.objects.filter(pk=claim.run_id, status=Status.RUNNING, fence=claim.fence).exists()

    def _losses(self, claim: Claim) -> int:
        return Run.objects.values_list("losses", flat=True).get(pk=claim.run_id)

    def _opened(self, holder: Holder) -> Work | None:
        if holder.work is None:
            self._write(holder, lambda: setattr(holder, "work", opening.open_work(holder.claim)), always=False)
        return holder.work

    def _write(self, holder: Holder, write: Callable[[], object], *, always: bool = True) -> None:
        """Whoever has the run writes; whoever is late writes nothing, and learns of it."""
        has, before = self._has(holder), _digest()
        try:
            write()
        except LostRun:
            assert not has, "it was refused though it has the run"
            assert _digest() == before, "it was refused, and wrote something"
            endings.note_refusal(holder.claim, holder.work.intended if holder.work else None)
        else:
            assert has or (not always and _digest() == before), "a late write was accepted"

    def _try(self, act: Callable[[], object], legal: bool) -> None:
        """What a person may not do is refused and changes nothing."""
        before = _digest()
        try:
            act()
        except Refused as refused:
            note(refused.message)
            assert not legal, refused.message
            assert _digest() == before
        else:
            assert legal


_ENDED = ("completed", "failed", "stopped")


def _answer(row: HumanRequest, approved: bool) -> None:
    if row.kind == HumanRequest.Kind.QUESTION:
        human_requests.answer(row, "This one", SOMEBODY)
    else:
        human_requests.decide(row, approved, "", SOMEBODY)


def _in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)


def _first(row: tuple[Any, ...]) -> Any:
    return row[0]


@pytest.fixture
def house(db: None) -> House:
    """Three agents that may hand over to each other, on one queue; and one that nobody works, for what they add."""
    team = create_team("Model", "model")
    queue, outbox = create_queue(team, "Support", hop_limit=HOP_LIMIT), create_queue(team, "Outbox")
    agents = [create_agent(team, name, aop="Work.") for name in _NAMES]
    for agent in agents:
        connect(agent, [Consumes(queue.pk, 2)], [outbox.pk])
        save(agent, aop=mention("Work.", *(other for other in agents if other != agent)))
    return House(queue, outbox, agents)


def test_whatever_happens_in_whatever_order(house: House) -> None:
    class Here(Model):
        pass

    Here.house = house
    Here.TestCase.settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        # Finding the shortest way to a failure takes minutes.
        phases=set(Phase) - {Phase.shrink, Phase.explain} if EXAMPLES < 100 else set(Phase),
    )
    run_state_machine_as_test(Here, settings=Here.TestCase.settings)
