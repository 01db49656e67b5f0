"""All the moves of cases and runs, as rules that hypothesis plays in any order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from builder.agents import delete_agent, pause_agent, restore_agent, resume_agent
from builder.limits import change_budget
from builder.models import Agent
from cases import lifecycle
from cases.changes import change_case
from cases.creation import NewCase, add_case
from cases.models import UNMOVING, Case, Queue
from cases.queues import pause_queue, resume_queue
from runs import budgets, bulk, claims, dispatcher, endings, human_requests, interventions, sweeper
from runs.models import BulkAction, BulkItem, Handover, HumanRequest, Run, Status
from runs.starting import start_run
from teams import pausing
from teams.actors import Actor
from teams.budgets import Budget
from teams.errors import Refused
from teams.models import Team
from tests.runs.holders import Call, Holder
from tests.runs.judge import Judge, digest, due_runs, held, is_paused, loads, rows, startable, takeable

HOP_LIMIT = 3
CONCURRENCY = 2
NAMES = ["Ada", "Ben", "Cleo"]
WORKERS = ["w/1", "w/2"]
SOMEBODY, ANOTHER = Actor("Somebody"), Actor("Another")

_number = st.integers(0, 1000)
_of_agents = st.sampled_from(["pause", "resume", "restore", "delete", "replace", "limit", "unlimit"])
_end: st.SearchStrategy[Call] = st.sampled_from(
    [
        ("complete_case", {"summary": "Done"}),
        ("fail_case", {"reason": "Cannot"}),
        ("postpone_case", {"until": "2h", "reason": "Later"}),
        ("ask_person", {"question": "Which?"}),
        ("request_approval", {"title": "May I?", "details": "All of it"}),
    ]
)
_ask: st.SearchStrategy[Call] = _end.filter(lambda call: call[0] in ("ask_person", "request_approval"))
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
_decisions = st.tuples(
    st.sampled_from(
        [
            *("complete", "fail", "postpone", "delete", "send again", "send to one", "take over", "take from another"),
            *("hand back", "hand back to one", "reassign", "reopen", "try again", "undo", "relabel"),
        ]
    ),
    st.sampled_from([SOMEBODY, ANOTHER]),
)
# What seldom comes about by chance.
_STORIES = [
    [
        *(("take over", SOMEBODY), ("take over", ANOTHER), ("postpone", SOMEBODY), ("hours pass", SOMEBODY)),
        *(("take from another", ANOTHER), ("hand back", ANOTHER)),
    ],
    [
        *(("postpone", SOMEBODY), ("complete", SOMEBODY), ("undo", SOMEBODY), ("undo", SOMEBODY)),
        *(("fail", SOMEBODY), ("try again", ANOTHER)),
    ],
    [("take over", SOMEBODY), ("complete", SOMEBODY), ("undo", ANOTHER), ("delete", SOMEBODY), ("undo", SOMEBODY)],
]
_UNDOABLE = {"completed", "failed", "postponed", "reopened", "taken_over", "handed_back", "deleted"}


@dataclass
class House:
    team: Team
    queue: Queue
    agents: list[Agent]


class Model(RuleBasedStateMachine):
    house: House

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.holders: list[Holder] = []
        self.judge = Judge()

    # --- New work ----------------------------------------------------------------------------

    @initialize(cases=st.integers(1, 3))
    def begin(self, cases: int) -> None:
        for _ in range(cases):
            self._add(NewCase("Work"))
        self.take("w/1", 2)

    @rule(kind=st.sampled_from(["plain", "later", "assigned", "again", "otherwise", "standalone"]), which=_number)
    def add(self, kind: str, which: int) -> None:
        agent = self._agent(which)
        match kind:
            case "plain":
                self._add(NewCase("Work", priority=which % 3))
            case "later":
                self._add(NewCase("Work", postpone_until=_in_an_hour()))
            case "assigned":
                self._add(NewCase("Work", assignee=agent))
            case "standalone":
                legal = agent.pk in startable() and not is_paused()
                self._try(lambda: start_run(agent, by=SOMEBODY, trigger=Run.Trigger.API), legal)
            case _:  # the same request makes one case, and another one under its id makes none
                for _ in range(2):
                    earlier = Case.objects.filter(external_id="id").first()
                    legal = earlier is None or earlier.title == kind
                    self._try(lambda: self._add(NewCase(kind, external_id="id")), legal)

    def _add(self, new: NewCase) -> None:
        add_case(self.house.queue, new, by=SOMEBODY)

    # --- Workers -----------------------------------------------------------------------------

    @rule(worker=st.sampled_from(WORKERS), places=st.integers(1, 3))
    def take(self, worker: str, places: int) -> None:
        """As a shift does when the bell rings, be it for nothing."""
        if due_runs():
            self._dispatch(places)
            due, before = due_runs(), dict(rows("select id, fence from runs_run"))
            taken = claims.claim_runs(worker, places)
            assert {claim.run_id for claim in taken} <= due
            assert len(taken) == min(places, len(due))
            assert all(claim.fence == before[claim.run_id] + 1 for claim in taken)
        else:
            taken = self._dispatch(places, worker)
            assert {(claim.run_id, claim.fence) for claim in taken} <= held()
        self.holders += [Holder(worker, claim) for claim in taken]
        for holder in self.holders[-len(taken) :] if taken else []:
            holder.opened()

    def _dispatch(self, places: int, worker: str = "") -> list[claims.Claim]:
        """Whoever may take cases is given some while there are any, and nobody else, and not too many. What the worker
        has claimed of it, if there is one."""
        may, had, known = startable(), loads(), set(Run.objects.values_list("pk", flat=True))
        could, meant = takeable(may), dict(Case.objects.values_list("pk", "assignee"))
        taken = dispatcher.take(worker, places) if worker else []
        given = len(taken) if worker else dispatcher.dispatch(places)
        began = Run.objects.exclude(pk__in=known)
        assert len(began) == given <= places
        assert {run.case_id for run in began} <= could
        assert all(run.case_id and meant[run.case_id] in (None, run.agent_id) for run in began)
        has = loads()
        assert all(has[run.agent_id] <= CONCURRENCY and run.agent_id in may for run in began), (had, has)
        free = {agent for agent in may if has.get(agent, 0) < CONCURRENCY}
        assert given == places or not takeable(free)
        return taken

    @rule(worker=st.sampled_from(WORKERS))
    def heartbeat(self, worker: str) -> None:
        """Those that it still has, and no others: who lost one is told so, and nobody else's lease is touched."""
        own = {holder.claim for holder in self.holders if holder.worker == worker}
        others = "select id, lease_until from runs_run where worker <> %s order by id"
        before = rows(others, worker)
        assert own & claims.renew(worker, own) == {claim for claim in own if (claim.run_id, claim.fence) in held()}
        assert rows(others, worker) == before
        assert claims.next_lapse() > 0 or rows(
            "select from runs_run where lease_until < statement_timestamp() and worker <> %s", worker
        )

    @rule(
        which=_number,
        to=st.sampled_from(NAMES),
        text=st.sampled_from(["", "New", "Newer"]),
        is_gone=st.sampled_from([False, False, True]),
    )
    def hand_over(self, which: int, to: str, text: str, is_gone: bool) -> None:
        """To one that was deleted since the run began, too: that gets nothing."""
        holder = self._holder(which)
        holder.opened()
        if is_gone:
            delete_agent(Agent.objects.get(name=to))
        to_deleted = Handover.objects.filter(status="applied", target__deleted_at__isnull=False)
        before = to_deleted.count()
        self._work(holder, ("request_handover", {"target": to, "reason": "R", "note": text}))
        assert to_deleted.count() == before

    @rule(
        which=_number, way=st.sampled_from(["back and forth", "round"]), texts=st.lists(_number, min_size=4, max_size=5)
    )
    def relay(self, which: int, way: str, texts: list[int]) -> None:
        """One case from agent to agent, until it is kept from going on."""
        case_id = self._holder(which, on_case=True).claim.case_id
        for turn, text in enumerate(texts):
            holder = next((one for one in self.holders if one.has_it and one.claim.case_id == case_id), None)
            if holder is None:
                return
            names = NAMES[:2] if way == "back and forth" else NAMES
            said = str(turn) if text % 2 else ""
            own = holder.work.agent.name if holder.work else ""
            to = names[(names.index(own) + 1) % len(names)] if own in names else names[0]
            self._work(holder, ("request_handover", {"target": to, "reason": "R", "note": said}), 3)

    @rule(which=_number, call=_end)
    def end(self, which: int, call: Call) -> None:
        self._work(self._holder(which), call)

    @rule(
        which=_number,
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
                self._try(lambda row=row: _answer(row, True), row.status == "open")
                self.judge.look()
        elif then == "stop":
            self._try(lambda: interventions.stop_run(run, SOMEBODY), run.is_live)
        elif then != "nothing" and run.case:
            self._try(*self._decision(Case.objects.get(pk=run.case_id), then, SOMEBODY, run.agent))

    @rule(which=_number, calls=st.tuples(_step, _step, _step), most=st.integers(1, 2))
    def spend(self, which: int, calls: tuple[Call, ...], most: int) -> None:
        """A run asks its model as often as its agent may, and not once more."""
        holder = self._holder(which)
        if work := holder.opened():
            change_budget(work.agent, Budget(requests=most))
        for call in calls:
            self._turn(holder, [call], "", True)
            self.judge.look()

    @rule(which=_number, call=_step)
    def step(self, which: int, call: Call) -> None:
        self._work(self._holder(which), call)

    def _work(self, holder: Holder, call: Call, places: int = 1) -> None:
        """A turn with one call; what that makes possible is taken up."""
        self._turn(holder, [call], "", True)
        self.take("w/2", places)

    @rule(
        which=_number,
        turn=st.lists(_step | _end | _nonsense, max_size=3),
        text=st.sampled_from(["", "I will pass it on."]),
        is_acted_upon=st.booleans(),
    )
    def turn(self, which: int, turn: list[Call], text: str, is_acted_upon: bool) -> None:
        """The model's answer is written, and the worker may die before it acts on it."""
        self._turn(self._holder(which), turn, text, is_acted_upon)

    def _turn(self, holder: Holder, turn: list[Call], text: str, is_acted_upon: bool) -> None:
        if (work := holder.opened()) and holder.has_it:
            most = work.agent.budget.get("requests")
            over = budgets.over(work.run, work.agent)
            assert bool(over) == bool(most and work.run.requests >= most)
            if over:
                endings.finish(holder.claim, over)
                return
        if is_acted_upon:
            holder.take_turn(turn, text)
        else:
            holder.answer(turn, text)

    @rule(
        which=_number,
        hows=st.lists(st.sampled_from(["give back", "later", "much later", "break"]), min_size=1, max_size=3),
    )
    def leave(self, which: int, hows: list[str]) -> None:
        for how in hows:
            self._leave(self._holder(which), how)
            self.judge.look()

    def _leave(self, holder: Holder, how: str) -> None:
        """That counts as no loss."""
        if how == "later":
            self.judge.time_passes()
        holder.write(
            {
                "give back": partial(endings.give_back, holder.claim),
                "later": partial(endings.retry_later, holder.claim, timedelta(), "Too busy"),
                "much later": partial(endings.retry_later, holder.claim, timedelta(hours=1), "Too busy"),
                "break": partial(endings.finish, holder.claim, endings.Broken("internal_error", "Oh")),
            }[how]
        )

    @precondition(lambda self: self._late())
    @rule(which=_number, how=st.sampled_from(["everything", "answer", "act"]))
    def come_late(self, which: int, how: str) -> None:
        """With any fence that anybody ever had."""
        late = self._late()
        working = {run_id for run_id, _ in held()}
        in_other_hands = [holder for holder in late if holder.claim.run_id in working]
        late = in_other_hands if in_other_hands and which % 2 else late
        holder = late[which // 2 % len(late)]
        match how:
            case "answer":
                holder.answer([("complete_case", {"summary": "Late"})])
            case "act":
                holder.act()
            case _:
                holder.write_all_late()
        for worker in WORKERS:
            self.heartbeat(worker)

    # --- Time and loss -----------------------------------------------------------------------

    @rule(
        worker=st.sampled_from(WORKERS),
        how=st.sampled_from(["noticed", "in silence"]),
        times=st.integers(1, 3),
        goes_on=st.booleans(),
    )
    def die(self, worker: str, how: str, times: int, goes_on: bool) -> None:
        """Its parent sees it, or its leases lapse. Somebody may go on, and die too."""
        for time in range(times):
            if time:
                self.take(worker, 3)
            if how == "in silence":
                _let_lapse(worker)
                continue
            self._lost(Run.objects.running().filter(worker=worker))
            sweeper.take_back_from(worker)
            sweeper.take_back_from(worker)  # nobody is lost twice
            assert not Run.objects.running().filter(worker=worker)
        if goes_on:
            self.take("w/2" if worker == "w/1" else "w/1", 3)
            if self._late():
                self.come_late(1, "everything")

    def _lost(self, runs: Iterable[Run]) -> None:
        for run in runs:
            self.judge.losses[run.pk] += 1

    @rule(hours=st.booleans())
    def sweep(self, hours: bool) -> None:
        self.judge.time_passes()
        if hours:
            _let_hours_pass()
        self._lost(Run.objects.filter(status=Status.RUNNING, lease_until__lt=Now()))
        sweeper.sweep()
        assert not Run.objects.live().filter(agent__deleted_at__isnull=False)
        assert claims.next_lapse() > 0
        assert not Case.objects.present().filter(
            status__in=["pending", "postponed"], assignee__deleted_at__isnull=False
        )
        assert not Case.objects.present().filter(status="postponed", due_at__lt=timezone.now())

    @precondition(lambda self: Run.objects.exists())
    @rule(which=_number)
    def requeue(self, which: int) -> None:
        """An operator takes a run from its worker."""
        run = self._run(which)
        self._try(lambda: interventions.requeue(run), run.status in (Status.QUEUED, Status.RUNNING))

    # --- People ------------------------------------------------------------------------------

    @precondition(lambda self: HumanRequest.objects.exists())
    @rule(which=_number, approved=st.booleans())
    def answer_request(self, which: int, approved: bool) -> None:
        requests = list(HumanRequest.objects.order_by("-created_at", "call_id"))
        row = requests[which % len(requests)]
        self._try(lambda: _answer(row, approved), row.status == "open")

    @precondition(lambda self: Run.objects.exists())
    @rule(which=_number)
    def stop(self, which: int) -> None:
        run = self._run(which)
        self._try(lambda: interventions.stop_run(run, SOMEBODY), run.is_live)

    @rule(which=_number, acts=st.lists(_decisions, min_size=1, max_size=4) | st.sampled_from(_STORIES))
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
        vain = [("complete", SOMEBODY), ("fail", SOMEBODY)] if case.is_closed else []
        vain += [("take over", by) for by in (SOMEBODY, ANOTHER) if case.taken_by not in ("", by.label)]
        for act, by in vain:
            self._try(*self._decision(Case.objects.get(pk=key), act, by, agent))

    def _decision(self, case: Case, act: str, by: Actor, agent: Agent) -> tuple[Callable[[], object], bool]:
        """What is to be done, and whether it may be."""
        is_open = not case.is_closed and not case.deleted_at
        is_free = case.taken_by in ("", by.label)
        can_take = agent.pk in startable()
        last = case.events.exclude(kind__in=UNMOVING).order_by("-seq").first()
        assert last
        is_undoable = bool(last.kind in _UNDOABLE and last.actor)
        retried = case.worked_by_id is None or case.worked_by_id in startable()
        one = {
            "complete": (lambda: interventions.complete(case, "By hand", by), is_open),
            "fail": (lambda: interventions.fail(case, "By hand", by), is_open),
            "postpone": (lambda: interventions.postpone(case, _in_an_hour(), by), is_open),
            "delete": (lambda: interventions.delete(case, by), True),
            "send again": (lambda: interventions.reprocess(case, by), True),
            "send to one": (lambda: interventions.reprocess(case, by, agent), not agent.is_deleted),
            "take over": (lambda: interventions.take_over(case, by), is_open and is_free),
            "take from another": (lambda: interventions.take_over(case, by, from_another=True), is_open),
            "hand back": (lambda: interventions.hand_back(case, by), is_open and bool(case.taken_by)),
            "hand back to one": (
                lambda: interventions.hand_back(case, by, agent, "Go on"),
                is_open and bool(case.taken_by) and can_take,
            ),
            "reassign": (lambda: interventions.reassign(case, by, agent), is_open and can_take),
            "reopen": (lambda: interventions.reopen(case, by), case.is_closed),
            "try again": (
                lambda: interventions.retry(case, by),
                case.status in ("needs_input", "failed") and retried,
            ),
            "undo": (lambda: interventions.undo(case, last.seq, by), is_undoable),
            "relabel": (lambda: change_case(lifecycle.lock(case.pk), labels=[by.label], by=by), True),
        }
        return one[act]

    @rule(
        verb=st.sampled_from(["retry", "assign", "priority", "add_label", "postpone", "complete", "fail"]),
        which=_number,
        undone=st.booleans(),
    )
    def do_to_all(self, verb: str, which: int, undone: bool) -> None:
        """Of a bulk action each case is done, or left alone; and what was done can be undone."""
        arguments = {"agent": str(self._agent(which).pk), "priority": which % 3, "label": "bulk", "text": "By hand"}
        arguments["until"] = _in_an_hour().isoformat()
        action = bulk.start(self.house.team, verb, arguments, self.house.queue.cases.present(), SOMEBODY)
        self._work_off(action)
        if undone:
            self._work_off(bulk.undo(action, SOMEBODY))

    def _work_off(self, action: BulkAction) -> None:
        bulk.work(action.pk, 60)
        bulk.work(action.pk, 60)  # another one comes to do it too
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
        """What waits for it meanwhile is taken up when it may work again."""
        for act in acts:
            agent, other = self._agent(which), self._agent(which + 1)
            self._try(partial(_do_to_agent, agent, act, other), act != "replace" or not other.is_deleted)
            self.judge.look()
            self._add(NewCase("Work", assignee=agent))
            self.take("w/1", 2)
            self.judge.look()

    @rule(which=_number)
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
            _let_hours_pass()
            self.sweep(False)
            for row in HumanRequest.objects.open():
                _answer(row, True)
            for case in present.filter(status="needs_input").exclude(reason__in=["question", "approval"]):
                (interventions.hand_back if case.taken_by else interventions.reprocess)(case, SOMEBODY)
            self.take("w/1", 10)
            for holder in self.holders:
                self._finish(holder)
            if not (left := Run.objects.live().exists() or present.exclude(status__in=["completed", "failed"])):
                break
        assert not left
        assert not sweeper.has_due_work()
        self.judge.look()

    def _finish(self, holder: Holder) -> None:
        while holder.has_it:
            work = holder.opened()
            assert work
            holder.answer([("complete_case", {"summary": "Done"})] if work.case else [], "Done")
            holder.act()

    # --- What the rules are made of ----------------------------------------------------------

    def _agent(self, which: int) -> Agent:
        return Agent.objects.get(pk=self.house.agents[which % 3].pk)

    def _run(self, which: int) -> Run:
        runs = list(Run.objects.order_by("-created_at", "id"))
        return runs[which % len(runs)]

    def _holder(self, which: int, *, on_case: bool = False) -> Holder:
        """One that has its run."""
        some = self._busy() or self._everybody_comes_to_work()
        if on_case:
            some = [one for one in some if one.claim.case_id] or some
        return some[which % len(some)]

    def _busy(self) -> list[Holder]:
        now = held()
        return [one for one in self.holders if (one.claim.run_id, one.claim.fence) in now]

    def _everybody_comes_to_work(self) -> list[Holder]:
        for agent in self.house.agents:
            restore_agent(Agent.objects.get(pk=agent.pk))
            resume_agent(agent)
        _let_retries_be_due()  # or they keep all places
        self.judge.time_passes()
        self._add(NewCase("Work"))
        self.take("w/1", 3)
        self.judge.look()  # that the bell rang for these says nothing of what comes next
        return self._busy()

    def _late(self) -> list[Holder]:
        now = held()
        return [one for one in self.holders if (one.claim.run_id, one.claim.fence) not in now]

    def _try(self, act: Callable[[], object], legal: bool) -> None:
        """What a person may not do is refused and changes nothing."""
        before = digest()
        try:
            act()
        except Refused as refused:
            assert not legal, refused.message
            assert digest() == before
        else:
            assert legal


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


def _let_lapse(worker: str) -> None:
    rows("update runs_run set lease_until = now() - interval '1 s' where worker = %s returning id", worker)


def _let_hours_pass() -> None:
    rows("update cases_case set due_at = now() - interval '1 s' where due_at is not null returning id")
    _let_retries_be_due()


def _let_retries_be_due() -> None:
    rows("update runs_run set available_at = now() - interval '1 s' where status = 'queued' returning id")


def _answer(row: HumanRequest, approved: bool) -> None:
    if row.kind == HumanRequest.Kind.QUESTION:
        human_requests.answer(row, "This one", SOMEBODY)
    else:
        human_requests.decide(row, approved, "", SOMEBODY)


def _in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)
