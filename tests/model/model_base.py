"""What the rules of the model test stand on: the house, new work, and who takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from builder.agents.agents import restore_agent, resume_agent
from builder.models import Agent
from cases.models import Case, Queue
from cases.work.creation import NewCase, add_case
from data.errors import Refused
from runs.models import Run
from runs.people.starting import start_run
from runs.record import claims
from runs.workers import dispatcher
from teams.audit.actors import Actor
from teams.models import Team

from .holders import Holder
from .judge import Judge, digest, due_runs, held, is_paused, loads, rows, startable, takeable

HOP_LIMIT = 3
CONCURRENCY = 2
NAMES = ["Ada", "Ben", "Cleo"]
WORKERS = ["w/1", "w/2"]
SOMEONE, ANOTHER = Actor("Someone"), Actor("Another")

number = st.integers(0, 1000)


@dataclass
class House:
    team: Team
    queue: Queue
    agents: list[Agent]


class Machine(RuleBasedStateMachine):
    house: House

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.holders: list[Holder] = []
        self.judge = Judge()

    # --- New work ----------------------------------------------------------------------------

    @initialize(cases=st.integers(1, 3), keeps=st.booleans())
    def begin(self, cases: int, keeps: bool = False) -> None:
        """`keeps`: whether workers go on with what they hand over, where that may be."""
        self.keeps = keeps
        for _ in range(cases):
            self._add(NewCase("Work"))
        self.take("w/1", 2)

    @rule(kind=st.sampled_from(["plain", "later", "assigned", "again", "otherwise", "standalone"]), which=number)
    def add(self, kind: str, which: int) -> None:
        agent = self._agent(which)
        match kind:
            case "plain":
                self._add(NewCase("Work", priority=which % 3))
            case "later":
                self._add(NewCase("Work", postpone_until=in_an_hour()))
            case "assigned":
                self._add(NewCase("Work", assignee=agent))
            case "standalone":
                legal = agent.pk in startable() and not is_paused()
                self._try(lambda: start_run(agent, by=SOMEONE, trigger=Run.Trigger.API), legal)
            case _:  # the same request makes one case, and another one under its id makes none
                for _ in range(2):
                    earlier = Case.objects.filter(external_id="id").first()
                    legal = earlier is None or earlier.title == kind
                    self._try(lambda: self._add(NewCase(kind, external_id="id")), legal)

    def _add(self, new: NewCase) -> None:
        add_case(self.house.queue, new, by=SOMEONE)

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
        self.holders += [Holder(worker, claim, keeps=self.keeps) for claim in taken]
        for holder in self.holders[-len(taken) :] if taken else []:
            holder.opened()

    def _dispatch(self, places: int, worker: str = "") -> list[claims.Claim]:
        """Agents that may take cases get some while there are any, other agents get none, and no agent gets too many.

        Return what the worker has claimed, if there is one."""
        may, had, known = startable(), loads(), set(Run.objects.values_list("pk", flat=True))
        could, meant = takeable(may), dict(Case.objects.values_list("pk", "assignee"))
        taken = dispatcher.dispatch_and_claim(worker, places) if worker else []
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
        let_retries_be_due()  # or they keep all places
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


def let_hours_pass() -> None:
    """Postponed cases come due. A deleted one stays as its events tell: nobody takes it up."""
    past = "now() - interval '1 s'"
    rows(f"update cases_case set due_at = {past} where due_at is not null and deleted_at is null returning id")
    let_retries_be_due()


def let_retries_be_due() -> None:
    rows("update runs_run set available_at = now() - interval '1 s' where status = 'queued' returning id")


def in_an_hour() -> datetime:
    return timezone.now() + timedelta(hours=1)
