"""A shift: one asyncio loop that works many runs at once, and ends when nothing is left to do.

It looks for work when it starts, when a run of its own ends, and when the bell rings. A run that waits for its model
costs a few kilobytes. Database work goes through one thread, so through one connection.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError  # of psycopg's InterfaceError, too
from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections

from data import pipelines
from data.redis.bell import answer_with, ring_now
from runs.engine import completion, engine
from runs.engine.keeping import Place
from runs.opening import opening
from runs.providers.providers import Models
from runs.record import claims
from runs.record.claims import Claim, LostRun
from runs.record.steps import Work
from runs.telemetry import counters, logs, tracing
from teams.access import live
from teams.settings import pausing

from . import dispatcher
from .lane import lane
from .leases import Renewing
from .waking import Bell

logger = logging.getLogger(__name__)

# How long a shift without work waits for the bell: a fork costs more than this wait.
LINGER_SECONDS = 5.0
# A shift that was told to leave gives its runs this long to reach their next step.
LEAVE_SECONDS = 18.0
# Tests that a shift works at a time when it has had no case for some seconds; and how often it looks for one beside
# cases: seldom as long as there is none, since each look is a round trip that no case needs.
_TEST_PLACES = 8
_QUIET_SECONDS = 3.0
_TEST_SECONDS, _NO_TEST_SECONDS = 0.4, 2.0
# How long a pause may take to reach the runs in hand.
_PAUSE_SECONDS = 0.5
# At most so many runs are claimed beyond those that have been opened: a busy machine has no use for more, and what is
# lost with this process would be charged to them. When half of them are opened more are claimed, several at a time.
_AHEAD = 16
# So many runs are opened where they are claimed, before the first of them is worked.
_OPENED_AT_ONCE = 4


class Shift:
    """The runs in hand: each is a task, which may go on with the run of the agent to which its case is handed over.

    `keeps` says whether it may do so here.
    """

    keeps = True

    def __init__(self, worker: str, places: int, linger: float = LINGER_SECONDS) -> None:
        self.worker = worker
        self.places = places
        self.linger = linger
        self.tasks: dict[asyncio.Task[None], Place] = {}
        self.tests: dict[asyncio.Task[None], Place] = {}  # in places of their own
        self.worked_at = float("-inf")  # by the loop's clock, when it last had a case
        self.tested: list[UUID] = []  # runs of tests whose answers nobody has heard yet
        self.paused: set[UUID] = set()  # the teams, as far as this shift has runs of them in hand
        self.leaving = asyncio.Event()
        self.look = asyncio.Event()  # there may be work, or a free place for it
        self.models = Models()

    async def run(self) -> None:
        self.loop = asyncio.get_running_loop()
        bell = Bell()
        answer_with(self._looks_by_itself)
        leases = Renewing(self.worker, self._claims, self._ask_again)
        leases.start()
        chores = [self._move(leases), self._look_for_pauses(), self._look_for_tests(), self._listen(bell)]
        chores.append(counters.add_each_second())
        helpers = [asyncio.create_task(chore) for chore in chores]
        self._leave_on_sigterm()
        try:
            while not self.leaving.is_set():
                self.look.clear()
                took = await self._take()
                await self._settle_tests()
                if not self._is_beside_cases:
                    await self._take_tests()
                if self.tasks or self.tests:
                    await self.look.wait()
                elif not took and not await self._is_called_within(self.linger):
                    break
            await self._hand_in()
            await self._settle_tests()
        finally:
            answer_with(None)
            for helper in helpers:
                helper.cancel()
            await asyncio.to_thread(leases.stop)
            # Off the loop, as each of these may wait for the network.
            await asyncio.to_thread(counters.add)
            await asyncio.to_thread(tracing.send)
            await asyncio.to_thread(live.send)
            await bell.close()
            await self.models.close()
            await sync_to_async(connections.close_all)()

    def _looks_by_itself(self) -> bool:
        """Return whether the shift looks for work by itself, so that nobody has to ring: its only run has just ended,
        and nothing else keeps it from taking another.
        """
        return len(self.tasks) <= 1 and not self.leaving.is_set()

    async def _is_called_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self.look.wait()
        except TimeoutError:
            return False

    async def _listen(self, bell: Bell) -> None:
        while True:
            await bell.rings()
            self.look.set()

    async def _take(self) -> int:
        begun = sum(place.has_begun for place in self.tasks.values())
        ahead = len(self.tasks) - begun
        free = min(self.places - len(self.tasks), _AHEAD - ahead)
        if free <= 0 or ahead > _AHEAD // 2:
            return 0
        try:
            taken = await sync_to_async(_take)(self.worker, free)
        except DatabaseError as error:
            logger.warning("no work could be taken: %s", error)
            await asyncio.sleep(1)
            return 0
        for claim, work in taken:
            self.paused.discard(claim.team_id)  # or there would be nothing to claim of it
            is_over = partial(self._is_over_for, claim)
            place = self._place(claim)
            task = asyncio.create_task(engine.work_on_run(claim, self.models, is_over, work, place))
            self.tasks[task] = place
            task.add_done_callback(self._ended)
        if len(taken) == free > 1:
            await asyncio.to_thread(ring_now)  # many cases may have come with one ring: there may be more for others
        return len(taken)

    def _begins(self) -> None:
        """A run was opened: when it was one of the last that are claimed ahead, there is use for more."""
        if sum(not place.has_begun for place in self.tasks.values()) == _AHEAD // 2:
            self.look.set()

    def _place(self, claim: Claim) -> Place:
        """Return the place of a run. What it is asked is asked on the database's thread."""

        def look() -> None:
            if len(self.tasks) < self.places:
                self.loop.call_soon_threadsafe(self.look.set)
            else:
                ring_now()

        return Place(
            self.worker,
            claim,
            may_keep=lambda: self.keeps and not self.leaving.is_set(),
            has_spare=lambda: len(self.tasks) < self.places,
            look=look,
            begins=self._begins,
        )

    async def _look_for_tests(self) -> None:
        """Look for tests now and then beside cases, which do not wait for that look."""
        took = 0
        while True:
            await asyncio.sleep(_TEST_SECONDS if took or self.tests else _NO_TEST_SECONDS)
            took = 0 if self.leaving.is_set() else await self._take_tests()
            if took:
                self.look.set()  # it is not over while there are tests

    @property
    def _is_beside_cases(self) -> bool:
        """A case that comes in a moment would wait for what the database's thread does for eight tests."""
        if self.tasks:
            self.worked_at = self.loop.time()
        return self.loop.time() - self.worked_at < _QUIET_SECONDS

    async def _take_tests(self) -> int:
        """Routing tests are polite: beside cases this shift works one at a time."""
        free = (1 if self._is_beside_cases else _TEST_PLACES) - len(self.tests)
        try:
            taken = await sync_to_async(_take_tests)(self.worker, free) if free > 0 else []
        except DatabaseError as error:
            logger.warning("no tests could be taken: %s", error)
            return 0
        for claim in taken:
            self.paused.discard(claim.team_id)
            task = asyncio.create_task(self._test(claim))
            self.tests[task] = self._place(claim)
            task.add_done_callback(self._ended)
        return len(taken)

    async def _test(self, claim: Claim) -> None:
        await engine.work_on_run(claim, self.models, partial(self._is_over_for, claim))
        self.tested.append(claim.run_id)

    async def _settle_tests(self) -> None:
        """Together those that ended since: a check is judged once for all of them, and outside of their tasks, which
        would be cancelled as soon as the leases are renewed, since what has ended has none.
        """
        if self.tested:
            ended, self.tested = self.tested, []
            try:
                await sync_to_async(_settle_tests)(ended)
            except DatabaseError as error:  # the clock will
                logger.warning("answers of tests could not be kept yet: %s", error)

    @property
    def _in_hand(self) -> dict[asyncio.Task[None], Place]:
        return {**self.tasks, **self.tests}

    def _claims(self) -> list[Claim]:
        """Asked on the thread that renews them."""
        return [place.claim for place in [*self.tasks.values(), *self.tests.values()]]

    def _ended(self, task: asyncio.Task[None]) -> None:
        claim = (self.tasks.pop(task, None) or self.tests.pop(task)).claim
        self.look.set()
        if not task.cancelled() and (error := task.exception()):
            with logs.about(run_id=claim.run_id, case_id=claim.case_id, team_id=claim.team_id):
                logger.error("the run was left behind; its lease will lapse", exc_info=error)

    async def _move(self, leases: Renewing) -> None:
        """Shows that the loop is not stuck."""
        while True:
            leases.moves()
            await asyncio.sleep(settings.BATON_LEASE_SECONDS / 4)

    def _ask_again(self, gone: set[Claim]) -> None:
        """Called by what renews leases: the database's thread may just be writing what ends these claims."""
        asyncio.run_coroutine_threadsafe(self._drop(gone), self.loop)

    async def _drop(self, gone: set[Claim]) -> None:
        """Drop runs that are no longer this worker's."""
        before = {task: place.claim for task, place in self._in_hand.items() if place.claim in gone}
        try:
            mine = await sync_to_async(_renew)(self.worker, before.values()) if before else set()
        except DatabaseError as error:
            logger.warning("the leases could not be renewed: %s", error)
            return
        for task, claim in before.items():
            # Its claim may have ended in the meantime, and it has gone on with another.
            if claim not in mine and (place := self._in_hand.get(task)) and place.claim == claim:
                task.cancel()

    def _is_over_for(self, claim: Claim) -> bool:
        return self.leaving.is_set() or claim.team_id in self.paused

    async def _look_for_pauses(self) -> None:
        """Look which teams are paused. Their runs are given back where they would ask their model again."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                teams = {place.claim.team_id for place in self._in_hand.values()}
                self.paused = await sync_to_async(pausing.paused)(teams) if teams else set()
            except DatabaseError as error:
                logger.warning("pauses could not be looked for: %s", error)

    def _leave_on_sigterm(self) -> None:
        # Elsewhere than on the main thread there are no signals: the code that runs the shift there calls `leave`.
        with suppress(RuntimeError, ValueError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.leave)

    def leave(self) -> None:
        """Take no new runs. Those in hand go on to their next step and are given back."""
        self.leaving.set()
        self.look.set()

    async def _hand_in(self) -> None:
        """Let the runs reach their next step, where they are given back, and cut off those whose model takes longer."""
        if not self._in_hand:
            return
        await asyncio.wait(self._in_hand, timeout=LEAVE_SECONDS)
        late = self._in_hand
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for place in late.values():
            await sync_to_async(_give_back)(place)


def _take(worker: str, limit: int) -> list[tuple[Claim, Work | None]]:
    """Claim work, and open the first of it at once: each hop between threads costs its model's request some time."""
    taken = _with_connection(lambda: dispatcher.dispatch_and_claim(worker, limit))
    return [(claim, _open(claim) if number < _OPENED_AT_ONCE else None) for number, claim in enumerate(taken)]


def _with_connection[T](act: Callable[[], T]) -> T:
    """Do it again if the connection turns out to be gone. To ask before each act would take longer than the act."""
    try:
        return act()
    except (OperationalError, InterfaceError):
        close_old_connections()
        if connection.connection is not None:
            raise
    return act()


def _open(claim: Claim) -> Work | None:
    """Return None when the opening is left to the engine, which knows what to do about what goes wrong."""
    try:
        return opening.open_work(claim, claim.made)
    except Exception:
        logger.info("the run could not be opened at once", exc_info=True)
        return None


def _take_tests(worker: str, limit: int) -> list[Claim]:
    close_old_connections()
    return lane().claim(worker, limit) if lane().has_due() else []


def _settle_tests(run_ids: list[UUID]) -> None:
    close_old_connections()
    lane().settle(run_ids)


def _renew(worker: str, held: Iterable[Claim]) -> set[Claim]:
    close_old_connections()  # a broken one would stay broken for as long as nothing else is done
    return claims.renew(worker, held)


def _give_back(place: Place) -> None:
    """Give back the run that is in this place now. On the database's thread it may just have gone on with another
    one.
    """
    with suppress(LostRun):  # it has ended or belongs to another worker
        completion.give_back(place.claim)


def run_shift(worker: str, places: int | None = None, linger: float = LINGER_SECONDS) -> None:
    """Work until nothing is left, in an event loop of its own."""
    pipelines.keep_plans()

    async def shift() -> None:
        await Shift(worker, places or settings.RUNS_PER_WORKER, linger).run()

    asyncio.run(shift())
