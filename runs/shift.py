"""A shift: one asyncio loop that works many runs at once, and ends when nothing is left to do.

It looks for work when it starts, when a run of its own ends, and when the bell rings. A run that waits for its model
costs a few kilobytes. Database work goes through one thread, so through one connection.
"""

import asyncio
import logging
import signal
from contextlib import suppress

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from redis.exceptions import RedisError

from teams.bell import BELL

from . import claims, dispatcher, endings, engine
from .claims import Claim, LostRun
from .llm import Models

logger = logging.getLogger(__name__)

# How long a shift without work waits for the bell: a fork costs more than this wait.
LINGER_SECONDS = 5.0
# A shift that was told to leave gives its runs this long to reach their next step.
LEAVE_SECONDS = 18.0


class Shift:
    """The runs in hand, by claim, and whether the shift is leaving."""

    def __init__(self, worker: str, places: int, linger: float = LINGER_SECONDS) -> None:
        self.worker = worker
        self.places = places
        self.linger = linger
        self.tasks: dict[Claim, asyncio.Task[None]] = {}
        self.leaving = asyncio.Event()
        self.models = Models()

    async def work(self) -> None:
        helpers = [asyncio.create_task(self._renew()), asyncio.create_task(self._leave_when_told())]
        bell = Bell()
        try:
            while not self.leaving.is_set():
                took = await self._take()
                if not self.tasks and not took and not await bell.rings(self.linger):
                    break
                await self._until_something_happens(bell)
            await self._hand_in()
        finally:
            for helper in helpers:
                helper.cancel()
            await bell.close()
            await self.models.close()
            await sync_to_async(connections.close_all)()

    async def _take(self) -> int:
        free = self.places - len(self.tasks)
        if free <= 0:
            return 0
        try:
            taken = await sync_to_async(_dispatch_and_claim)(self.worker, free)
        except DatabaseError as error:
            logger.warning("no work could be taken: %s", error)
            await asyncio.sleep(1)
            return 0
        for claim in taken:
            self.tasks[claim] = asyncio.create_task(engine.work(claim, self.models, self.leaving.is_set))
        return len(taken)

    async def _until_something_happens(self, bell: "Bell") -> None:
        """A run ends, the bell rings while places are free, or it is time to leave."""
        if not self.tasks:
            return
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self.leaving.wait())]
        if len(self.tasks) < self.places:
            waits.append(asyncio.create_task(bell.rings(self.linger)))
        await asyncio.wait([*self.tasks.values(), *waits], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self._drop_finished()

    def _drop_finished(self) -> None:
        for claim, task in list(self.tasks.items()):
            if task.done():
                del self.tasks[claim]
                if not task.cancelled() and (error := task.exception()):
                    logger.error("run %s was left behind; its lease will lapse", claim.run_id, exc_info=error)

    async def _renew(self) -> None:
        """Renews all leases in one statement, and drops runs that are no longer this worker's."""
        while True:
            await asyncio.sleep(settings.BATON_LEASE_SECONDS * 4 / 15)
            if not self.tasks:
                continue
            before = dict(self.tasks)
            try:
                mine = await sync_to_async(claims.renew)(self.worker)
            except DatabaseError as error:
                logger.warning("the leases could not be renewed: %s", error)
                continue
            for claim, task in before.items():
                if claim not in mine:
                    task.cancel()

    async def _leave_when_told(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGTERM, self.leaving.set)
        except (RuntimeError, ValueError):
            return  # not the main thread: whoever runs the shift there sets `leaving`
        await self.leaving.wait()

    async def _hand_in(self) -> None:
        """Lets the runs reach their next step, where they are given back; cuts off those whose model takes longer."""
        if self.tasks:
            await asyncio.wait(self.tasks.values(), timeout=LEAVE_SECONDS)
        late = [claim for claim, task in self.tasks.items() if not task.done()]
        for claim in late:
            self.tasks[claim].cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        for claim in late:
            await sync_to_async(_give_back)(claim)


def _dispatch_and_claim(worker: str, limit: int) -> list[Claim]:
    close_old_connections()
    dispatcher.dispatch(limit)
    return claims.claim_runs(worker, limit)


def _give_back(claim: Claim) -> None:
    with suppress(LostRun):  # it ended or went elsewhere meanwhile
        endings.give_back(claim)


class Bell:
    """Waits on the bell. Without Redis it rings every second: work is found, only later."""

    def __init__(self) -> None:
        self._client: redis.asyncio.Redis = redis.asyncio.from_url(settings.REDIS_URL)

    async def rings(self, seconds: float) -> bool:
        try:
            return await self._client.blpop([BELL], timeout=seconds) is not None
        except (RedisError, OSError):
            await asyncio.sleep(min(1, seconds))
            return False

    async def close(self) -> None:
        await self._client.aclose()


def run_shift(worker: str, places: int | None = None, linger: float = LINGER_SECONDS) -> None:
    """Works until nothing is left, in an event loop of its own."""

    async def shift() -> None:
        await Shift(worker, places or settings.RUNS_PER_WORKER, linger).work()

    asyncio.run(shift())
