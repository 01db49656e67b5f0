import asyncio
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from pytest_django.fixtures import Settings

from data import rows
from runs.engine import completion, engine, handovers
from runs.engine.handovers import Held
from runs.engine.keeping import Place
from runs.models import Handover, Run
from runs.providers.providers import Models
from runs.record.claims import Claim, lock_both
from runs.record.outcomes import Ending, HandedOver, HandedToPeople

from .fixtures import take
from .provider import Provider, Reply, provider

__all__ = ["provider"]


@pytest.fixture
def scripted(provider: Provider, settings: Settings) -> Provider:
    """Agents made from here on ask the scripted provider."""
    settings.BATON_DEFAULT_MODEL = "openai-chat:scripted"
    return provider


# Whether a case that is handed over stays with the one who drives it, where that may be.
keeps: ContextVar[bool] = ContextVar("keeps", default=False)


def drive(claim: Claim, is_over: Callable[[], bool] = lambda: False) -> Run:
    """Works a claimed run, on this thread and in this test's transaction, and says what became of it. If its case stays
    here when it is handed over, the target's run is given back before it asks its model.
    """
    place = Place("test/1", claim, keeps.get, lambda: True, lambda: None)

    async def work() -> None:
        models = Models()
        try:
            await engine.work_on_run(claim, models, lambda: is_over() or place.claim != claim, None, place)
        finally:
            await models.close()

    async_to_sync(work)()
    return Run.objects.get(pk=claim.run_id)


def drive_all(claims: Iterable[Claim]) -> None:
    """Works claimed runs one after the other. Each on its own would take half as long again to reach its model."""

    async def work() -> None:
        models = Models()
        try:
            for claim in claims:
                await engine.work_on_run(claim, models, lambda: False)
        finally:
            await models.close()

    async_to_sync(work)()


def drive_while(claim: Claim, provider: Provider, act: Callable[[], object], answer: Reply) -> Run:
    """Like `drive`, with `act` done while the model is being asked; then it answers."""
    held = threading.Event()
    asked = len(provider.requests)
    later = provider.script
    provider.script = lambda request: replace(answer, after=held) if request.number == asked + 1 else later(request)

    async def work() -> None:
        models = Models()
        task = asyncio.create_task(engine.work_on_run(claim, models, lambda: False))
        try:
            await asyncio.to_thread(provider.wait_for_requests, asked + 1)
            await sync_to_async(act)()
        finally:
            held.set()
            await task
            await models.close()

    async_to_sync(work)()
    return Run.objects.get(pk=claim.run_id)


def work_next() -> Run:
    """The next due run, dispatched, claimed and worked."""
    [claim] = take()
    return drive(claim)


@transaction.atomic
def finish(claim: Claim, ending: Ending) -> None:
    """Ends a claimed run as the turn does that decides so."""
    run, case = lock_both(claim)
    on_case = Handover.applied(*rows.read(Handover.applied_on(case.pk))) if case else []
    held = Held([(run, case)], {}, {}, on_case[-case.hops :] if case and case.hops else [])
    with rows.at_once(commits=True):
        left = handovers.apply(run, case, ending, held) if isinstance(ending, HandedOver | HandedToPeople) else ending
        if left:
            completion.apply(run, case, left)
