"""What people do to cases, runs, agents, queues and teams, as rules that hypothesis plays in any order."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from builder.agents.agents import delete_agent, pause_agent, restore_agent, resume_agent
from builder.models import Agent
from builder.usage.limits import change_budget
from cases.models import UNMOVING, Case
from cases.queues.queues import pause_queue, resume_queue
from cases.work import lifecycle
from cases.work.changes import change_case
from cases.work.creation import NewCase
from runs.bulk import bulk, processing
from runs.engine import human_requests
from runs.models import BulkAction, BulkItem, HumanRequest, Run
from runs.people import moves
from runs.workers import clock
from teams.audit.actors import Actor
from teams.settings import pausing
from teams.settings.budgets import Budget

from .holders import Call, Holder
from .model_base import ANOTHER, SOMEONE, WORKERS, in_an_hour, let_hours_pass, number
from .model_workers import Workers, ending

_of_agents = st.sampled_from(["pause", "resume", "restore", "delete", "replace", "limit", "unlimit"])
_ask: st.SearchStrategy[Call] = ending.filter(lambda call: call[0] in ("ask_person", "request_approval"))
_decisions = st.tuples(
    st.sampled_from(
        [
            *("complete", "fail", "postpone", "delete", "take over", "take from another"),
            *("hand back", "hand back to one", "reassign", "reopen", "try again", "undo", "relabel"),
        ]
    ),
    st.sampled_from([SOMEONE, ANOTHER]),
)
# What seldom comes about by chance.
_STORIES = [
    [
        *(("take over", SOMEONE), ("take over", ANOTHER), ("postpone", SOMEONE), ("hours pass", SOMEONE)),
        *(("take from another", ANOTHER), ("hand back", ANOTHER)),
    ],
    [
        *(("postpone", SOMEONE), ("complete", SOMEONE), ("undo", SOMEONE), ("undo", SOMEONE)),
        *(("fail", SOMEONE), ("try again", ANOTHER)),
    ],
    [("take over", SOMEONE), ("complete", SOMEONE), ("undo", ANOTHER), ("delete", SOMEONE), ("undo", SOMEONE)],
]
_UNDOABLE = {"completed", "failed", "postponed", "reassigned", "reopened", "taken_over", "handed_back", "deleted"}


class Model(Workers):
    @rule(
        which=number,
        calls=st.tuples(_ask, _ask) | st.tuples(_ask),
        then=st.sampled_from(["answer", "answer", "answer", "stop", "stop", "complete", "take over", "nothing"]),
    )
    def ask(self, which: int, calls: tuple[Call, ...], then: str) -> None:
        """Each request is answered once, and none is left open when its run ends."""
        holder = self._holder(which)
        self._turn(holder, [*calls], "", True)
        self.judge.look()
        run = Run.objects.get(pk=holder.claim.run_id)
        requests = list(run.human_requests.order_by("created_at", "call_id"))
        if then == "answer":
            for row in [request for request in requests for _ in range(2)]:
                row.refresh_from_db()
                self._try(partial(_answer, row, True), row.status == "open")
                self.judge.look()
        elif then == "stop":
            self._try(lambda: moves.stop_run(run, SOMEONE), run.is_live)
        elif then != "nothing" and run.case:
            self._try(*self._decision(Case.objects.get(runs=run), then, SOMEONE, run.agent))

    # --- People ------------------------------------------------------------------------------

    @precondition(lambda self: HumanRequest.objects.exists())
    @rule(which=number, approved=st.booleans())
    def answer_request(self, which: int, approved: bool) -> None:
        requests = list(HumanRequest.objects.order_by("-created_at", "call_id"))
        row = requests[which % len(requests)]
        self._try(lambda: _answer(row, approved), row.status == "open")

    @precondition(lambda self: Run.objects.exists())
    @rule(which=number)
    def stop(self, which: int) -> None:
        run = self._run(which)
        self._try(lambda: moves.stop_run(run, SOMEONE), run.is_live)

    @rule(which=number, acts=st.lists(_decisions, min_size=1, max_size=4) | st.sampled_from(_STORIES))
    def decide(self, which: int, acts: list[tuple[str, Actor]]) -> None:
        """About one case, one thing after another."""
        cases = list(Case.objects.filter(queue=self.house.queue).order_by("number"))
        key, agent = cases[which % len(cases)].pk, self._agent(which)
        self._decide_in_vain(key, agent)
        for act, by in acts:
            case = Case.objects.get(pk=key)
            if act == "hours pass":
                self.sweep(True)
            elif not case.deleted_at or act in ("undo", "take over", "complete"):
                self._try(*self._decision(case, act, by, agent))
                self.judge.look()
                self._decide_in_vain(key, agent)

    def _decide_in_vain(self, key: UUID, agent: Agent) -> None:
        """What is closed is not closed again, and what one took over another does not take without saying so."""
        case = Case.objects.get(pk=key)
        vain = [("complete", SOMEONE), ("fail", SOMEONE)] if case.is_closed else []
        vain += [("take over", by) for by in (SOMEONE, ANOTHER) if case.taken_by not in ("", by.label)]
        for act, by in vain:
            self._try(*self._decision(Case.objects.get(pk=key), act, by, agent))

    def _decision(self, case: Case, act: str, by: Actor, agent: Agent) -> tuple[Callable[[], object], bool]:
        """What is to be done, and whether it may be."""
        is_open = not case.is_closed and not case.deleted_at
        is_free = case.taken_by in ("", by.label)
        last = case.events.exclude(kind__in=UNMOVING).order_by("-seq").first()
        assert last
        is_undoable = bool(last.kind in _UNDOABLE and last.actor)
        retried = case.worked_by is None or not case.worked_by.is_deleted
        one = {
            "complete": (lambda: moves.complete(case, "By hand", by), is_open),
            "fail": (lambda: moves.fail(case, "By hand", by), is_open),
            "postpone": (lambda: moves.postpone(case, in_an_hour(), by), is_open),
            "delete": (lambda: moves.delete(case, by), True),
            "take over": (lambda: moves.take_over(case, by), is_open and is_free),
            "take from another": (lambda: moves.take_over(case, by, from_another=True), is_open),
            "hand back": (lambda: moves.hand_back(case, by), is_open and bool(case.taken_by)),
            "hand back to one": (
                lambda: moves.hand_back(case, by, agent, "Go on"),
                is_open and bool(case.taken_by) and not agent.is_deleted,
            ),
            "reassign": (lambda: moves.reassign(case, by, agent), is_open and not agent.is_deleted),
            "reopen": (lambda: moves.reopen(case, by), case.is_closed),
            "try again": (
                lambda: moves.retry(case, by),
                case.status in ("needs_input", "failed") and retried,
            ),
            "undo": (lambda: moves.undo(case, last.seq, by), is_undoable),
            "relabel": (lambda: change_case(lifecycle.lock(case.pk), labels=[by.label], by=by), True),
        }
        return one[act]

    @rule(
        verb=st.sampled_from(["retry", "assign", "priority", "add_label", "postpone", "complete", "fail"]),
        which=number,
        undone=st.booleans(),
    )
    def do_to_all(self, verb: str, which: int, undone: bool) -> None:
        """Of a bulk action each case is done, or left alone; and what was done can be undone."""
        arguments = {"agent": str(self._agent(which).pk), "priority": which % 3, "label": "bulk", "text": "By hand"}
        arguments["until"] = in_an_hour().isoformat()
        action = bulk.start(self.house.team, verb, arguments, self.house.queue.cases.present(), SOMEONE)
        self._work_off(action)
        if undone:
            self._work_off(bulk.undo(action, SOMEONE))

    def _work_off(self, action: BulkAction) -> None:
        processing.process(action.pk, 60)
        processing.process(action.pk, 60)  # another one comes to do it too
        left = action.items.exclude(state__in=[BulkItem.State.DONE, BulkItem.State.SKIPPED])
        assert all(item.state == BulkItem.State.FAILED and "went wrong" not in item.text for item in left)
        assert not BulkAction.objects.running()

    # --- Agents, queues, teams ---------------------------------------------------------------

    @rule(
        which=st.integers(0, 2),
        acts=st.lists(_of_agents, min_size=1, max_size=2)
        | st.sampled_from([["pause", "resume"], ["delete", "restore"]]),
    )
    def agent(self, which: int, acts: list[str]) -> None:
        """What waits for it in the meantime is taken up when it may work again."""
        for act in acts:
            agent, other = self._agent(which), self._agent(which + 1)
            self._try(partial(_do_to_agent, agent, act, other), act != "replace" or not other.is_deleted)
            self.judge.look()
            self._add(NewCase("Work", assignee=agent))
            self.take("w/1", 2)
            self.judge.look()

    @rule(which=number)
    def stand_still(self, which: int) -> None:
        """For a while: nothing begins, and what was begun is given back."""
        team, queue = self.house.team, self.house.queue
        for stop, go_on in (
            (partial(pause_queue, queue), partial(resume_queue, queue)),
            (partial(pausing.pause_team, team), partial(pausing.resume_team, team)),
            (pausing.pause_everything, pausing.resume_everything),
        ):
            stop()
            if self._busy():
                self._leave(self._holder(which), "give back")
            self.take("w/1", 2)
            self.judge.look()
            go_on()
            self.judge.look()

    # --- What always holds -------------------------------------------------------------------

    @invariant()
    def everything_is_as_it_should_be(self) -> None:
        self.judge.look()

    def teardown(self) -> None:
        """Whatever happened: with everybody back at work, every case comes to an end."""
        try:
            self._finish_everything()
        finally:
            transaction.set_rollback(True)
            self.point.__exit__(None, None, None)

    def _finish_everything(self) -> None:
        self._everybody_comes_to_work()
        for agent in self.house.agents:
            change_budget(agent, Budget())
        for worker in WORKERS:
            self.die(worker, "noticed", 1, False)
        present = Case.objects.present().filter(queue=self.house.queue)
        for _ in range(30):
            let_hours_pass()
            self.sweep(False)
            for row in HumanRequest.objects.open():
                _answer(row, True)
            for case in present.filter(status="needs_input").exclude(reason__in=["question", "approval"]):
                (moves.hand_back if case.taken_by else moves.reassign)(case, SOMEONE)
            self.take("w/1", 10)
            for holder in self.holders:
                self._finish(holder)
            if not (left := Run.objects.live().exists() or present.exclude(status__in=["completed", "failed"])):
                break
        assert not left
        assert not clock.has_due_work()
        self.judge.look()

    def _finish(self, holder: Holder) -> None:
        while holder.has_it:
            work = holder.opened()
            assert work
            holder.answer([("complete_case", {"summary": "Done"})] if work.case else [], "Done")
            holder.act()


def _do_to_agent(agent: Agent, act: str, other: Agent) -> None:
    match act:
        case "pause":
            pause_agent(agent)
        case "resume":
            resume_agent(agent)
        case "restore":
            restore_agent(agent)
        case "delete":
            delete_agent(agent)
        case "replace":
            delete_agent(agent, other)
        case "limit":
            change_budget(agent, Budget(requests=2))
        case "unlimit":
            change_budget(agent, Budget())


def _answer(row: HumanRequest, approved: bool) -> None:
    if row.kind == HumanRequest.Kind.QUESTION:
        human_requests.answer(row, "This one", SOMEONE)
    else:
        human_requests.decide(row, approved, "", SOMEONE)
