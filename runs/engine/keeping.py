"""Whether a case that is handed over stays with the worker that has it, so that the target's run begins at once.

It does where the dispatcher would give it to the target next, and this worker would be free to take it: nobody is
passed over. Everything else goes through the dispatcher. What decides is read together with the locks of the handover,
and the run is written with it.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cases.models import Case
from data import rows
from runs.models import Handover, Run
from runs.opening import giving, opening
from runs.opening.giving import Consumer
from runs.opening.opening import Surroundings, surroundings
from runs.record import claims
from runs.record.claims import Claim
from runs.record.steps import Work
from teams.settings import pausing

logger = logging.getLogger(__name__)

type Answers = Sequence[list[tuple[Any, ...]]]


@dataclass(eq=False)
class Place:
    """Where a run is worked, and the claim on it.

    When the run's case is handed over and stays here, the claim on the target's run takes the place of the first one,
    on the database's thread. What is asked on that thread later is asked of the new claim.

    `may_keep`: whether a case may stay. `has_spare`: whether another place is free beside this one. `look`: called when
    an agent has room again for a case that waits for it. `begins`: called on the loop when the first run was opened.
    """

    worker: str
    claim: Claim
    may_keep: Callable[[], bool]
    has_spare: Callable[[], bool]
    look: Callable[[], None]
    begins: Callable[[], None] = lambda: None
    has_begun: bool = False

    def begin(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self.begins()


@dataclass
class Keeping:
    """The plan that the target begins at once. `is_awaited`: a case waits for the room that the source leaves."""

    place: Place
    target: Consumer
    is_awaited: bool
    around: Surroundings
    run: Run | None = None
    claim: Claim | None = None
    work: Work | None = None

    def start(self, case: Case, handover: Handover) -> None:
        """Give the case, which was just handed over, to the target, and write its run."""
        self.around.earlier.append(handover)
        self.run = giving.make_run(case, self.target)
        giving.write_runs([self.run], [self.target], self.place.worker)

    def open(self, source: Work) -> None:
        """Open the target's run after it was committed. `work` stays None where the run has to be read again first."""
        assert self.run
        self.claim = self.place.claim = Claim.of(self.run)
        if self.is_awaited:
            self.place.look()
        self.around.earlier[-1].source_agent = source.agent
        try:
            self.work = opening.work_of(self.claim, self.run, self.around)
        except Exception:
            logger.info("the run could not be opened at once", exc_info=True)


def questions(work: Work, place: Place, target_id: UUID) -> tuple[list[rows.Selected], list[rows.Selected]]:
    """Return what to read before the case and the run are locked, and what to read after that. See `judge`."""
    case = work.case
    if case is None or work.claim.case_id is None:  # the case of a sample stays nowhere
        return [], []
    first: list[rows.Selected] = [pausing.TRY_TO_HOLD_OFF, giving.hold(case.queue_id, waits=False)]
    # With another free place the case competes for nothing but the target's room.
    takers, others = ([target_id], []) if place.has_spare() else (None, [giving.QUEUES_WITH_WORK])
    return first, [
        claims.DUE,
        giving.first_case(case.queue_id, takers, None),
        giving.is_awaited(case.queue_id, work.agent.pk),
        giving.consumers(case.queue_id, target_id),
        *surroundings(target_id, work.run.team_id, case.pk, case.queue_id),
        *others,
    ]


_SURROUNDINGS = 4


def judge(case: Case, place: Place, first: Answers, then: Answers, earlier: list[Handover]) -> Keeping | None:
    """Return how the case can stay here, or None.

    It cannot stay when someone else holds the queue or is pausing the team, when work is paused, when the target has no
    room or nothing left to spend, when a run waits for a worker, when another team's case waits for the only place, and
    when another case goes first.
    """
    [(is_held_off,)], held = first
    [(is_due,)], ahead, [(is_awaited,)], found, *rest = then
    around, others = Surroundings.of(rest[:_SURROUNDINGS], earlier), rest[_SURROUNDINGS:]
    # A run that waits for a worker goes first, as it would if this case went through the dispatcher.
    if not is_held_off or not held or is_due:
        return None
    if any(team_id != case.team_id for waiting in others for team_id, _ in waiting):
        return None
    target = next(iter(giving.able(found).values()), None)
    # What surrounds the run was read after the target, and must be of the same revision.
    if target is None or target.room <= 0 or around.live_revision_id != target.revision.pk:
        return None
    if not giving.goes_first(case, Case.Rank.HANDED_OVER, ahead):
        return None
    return Keeping(place, target, is_awaited, around)
