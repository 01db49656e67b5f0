"""What workers and time do to cases and runs, as rules that hypothesis plays in any order."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from builder.agents.agents import delete_agent
from builder.models import Agent
from builder.usage.limits import change_budget
from cases.models import Case
from runs.engine import budgets, completion
from runs.models import Handover, Run, Status
from runs.people import moves
from runs.record import claims, outcomes
from runs.workers import clock, lost_runs
from teams.settings.budgets import Budget

from .holders import Call, Holder
from .judge import held, rows
from .model_base import NAMES, WORKERS, Machine, let_hours_pass, number

ending: st.SearchStrategy[Call] = st.sampled_from(
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


class Workers(Machine):
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
        which=number,
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
        which=number, way=st.sampled_from(["back and forth", "round"]), texts=st.lists(number, min_size=4, max_size=5)
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

    @rule(which=number, call=ending)
    def end(self, which: int, call: Call) -> None:
        self._work(self._holder(which), call)

    @rule(which=number, calls=st.tuples(_step, _step, _step), most=st.integers(1, 2))
    def spend(self, which: int, calls: tuple[Call, ...], most: int) -> None:
        """A run asks its model as often as its agent may, and not once more."""
        holder = self._holder(which)
        if work := holder.opened():
            change_budget(work.agent, Budget(requests=most))
        for call in calls:
            self._turn(holder, [call], "", True)
            self.judge.look()

    @rule(which=number, call=_step)
    def step(self, which: int, call: Call) -> None:
        self._work(self._holder(which), call)

    def _work(self, holder: Holder, call: Call, places: int = 1) -> None:
        """A turn with one call; what that makes possible is taken up."""
        self._turn(holder, [call], "", True)
        self.take("w/2", places)

    @rule(
        which=number,
        turn=st.lists(_step | ending | _nonsense, max_size=3),
        text=st.sampled_from(["", "I will pass it on."]),
        is_acted_upon=st.booleans(),
    )
    def turn(self, which: int, turn: list[Call], text: str, is_acted_upon: bool) -> None:
        """The model's answer is written, and the worker may die before it acts on it."""
        self._turn(self._holder(which), turn, text, is_acted_upon)

    def _turn(self, holder: Holder, turn: list[Call], text: str, is_acted_upon: bool) -> None:
        if (work := holder.opened()) and holder.has_it:
            most = work.agent.budget.get("requests") or settings.RUN_REQUEST_LIMIT
            over = budgets.over(work.run, work.agent)
            assert bool(over) == (work.run.requests >= most)
            if over:
                completion.fail(holder.claim, over)
                return
        if is_acted_upon:
            holder.take_turn(turn, text)
            self.holders += [holder.followed] if holder.followed else []
            holder.followed = None
        else:
            holder.answer(turn, text)

    @rule(
        which=number,
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
                "give back": partial(completion.give_back, holder.claim),
                "later": partial(completion.retry_later, holder.claim, timedelta(), "Too busy"),
                "much later": partial(completion.retry_later, holder.claim, timedelta(hours=1), "Too busy"),
                "break": partial(completion.fail, holder.claim, outcomes.Broken("internal_error", "Oh")),
            }[how]
        )

    @precondition(lambda self: self._late())
    @rule(which=number, how=st.sampled_from(["everything", "answer", "act"]))
    def come_late(self, which: int, how: str) -> None:
        """With any fence that anyone ever had."""
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
        """Its parent sees it, or its leases lapse. Someone may go on, and die too."""
        for time in range(times):
            if time:
                self.take(worker, 3)
            if how == "in silence":
                _let_lapse(worker)
                continue
            self._lost(Run.objects.running().filter(worker=worker))
            lost_runs.take_back_from(worker)
            lost_runs.take_back_from(worker)  # nobody is lost twice
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
            let_hours_pass()
        self._lost(Run.objects.filter(status=Status.RUNNING, lease_until__lt=Now()))
        clock.sweep()
        assert not Run.objects.live().filter(agent__deleted_at__isnull=False)
        assert claims.next_lapse() > 0
        assert not Case.objects.present().filter(
            status__in=["pending", "postponed"], assignee__deleted_at__isnull=False
        )
        assert not Case.objects.present().filter(status="postponed", due_at__lt=timezone.now())

    @precondition(lambda self: Run.objects.exists())
    @rule(which=number)
    def requeue(self, which: int) -> None:
        """An operator takes a run from its worker."""
        run = self._run(which)
        self._try(lambda: moves.requeue(run), run.status in (Status.QUEUED, Status.RUNNING))


def _let_lapse(worker: str) -> None:
    rows("update runs_run set lease_until = now() - interval '1 s' where worker = %s returning id", worker)
