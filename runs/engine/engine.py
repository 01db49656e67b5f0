"""One run, step by step: ask the model, persist what it said, act on it, until the run ends.

The loop is our own over pydantic-ai's models: handover needs every turn in its hands, and a run costs a
twenty-eighth of the CPU that the same run takes through `Agent.iter` (docs/decisions.md).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model

from builder.models import Purpose
from runs.offline import answering, examples, offline
from runs.offline.similarity import Example
from runs.opening import opening, receiving
from runs.prompts import prompts
from runs.providers import model_requests
from runs.providers.providers import OFFLINE, Access, Models
from runs.record import steps
from runs.record.claims import Claim, LostRun
from runs.record.messages import messages
from runs.record.outcomes import Broken
from runs.record.steps import Work
from runs.telemetry import counters, logs, tracing
from runs.tools import brake, text_calls, tools
from runs.wire.problems import CUT, DECLINED, ModelProblem

from . import budgets, completion, turns
from .keeping import Keeping, Place

logger = logging.getLogger(__name__)

# Whose provider wants to be left alone for longer goes on with another model, if there is one.
_LONGEST_IN_PLACE = 60
# A call that was cut off costs as many tokens as there may be, each time.
_CUT_RETRIES = 2
# An answer that comes within this time is written together with the run's first step.
SOON_SECONDS = 0.03


async def work_on_run(
    claim: Claim,
    models: Models,
    is_over: Callable[[], bool],
    opened: Work | None = None,
    place: Place | None = None,
) -> None:
    """Works a claimed run, which may be `opened` already, until it ends, waits or must be given back (`is_over`). Where
    its case is handed over and may stay in its `place`, it goes on with the target's run. Never raises for what it can
    meet.
    """
    kept = await _work_on(_Part(claim, models, is_over, place), opened)
    while kept and kept.claim:
        kept = await _work_on(_Part(kept.claim, models, is_over, place), kept.work)


@dataclass(frozen=True)
class _Part:
    """One run, and what it is worked with."""

    claim: Claim
    models: Models
    is_over: Callable[[], bool]
    place: Place | None


async def _work_on(part: _Part, opened: Work | None) -> Keeping | None:
    """What goes on in its place, if anything does."""
    claim = part.claim
    with logs.about(run_id=claim.run_id, case_id=claim.case_id, team_id=claim.team_id):
        try:
            return await _work(part, opened)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database went away: %s", error)
            await _give_back_soon(claim)
    return None


async def _work(part: _Part, found: Work | None) -> Keeping | None:
    """Raises when the database goes away, also while something is told of what went wrong."""
    claim = part.claim
    try:
        found = found or await sync_to_async(opening.open_work)(claim)
        if part.place:
            part.place.begin()
        return await _steps(part, found)
    except LostRun:
        await sync_to_async(completion.note_refusal)(claim, found.intended if found else None)
    except ModelProblem as problem:
        await _problem(claim, found, problem)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("the run broke")
        broken = Broken("internal_error", f"Baton had an internal error: {type(error).__name__}: {error}")
        await _unless_lost(claim, partial(_break, claim, found, broken))
    return None


def _break(claim: Claim, work: Work | None, broken: Broken) -> None:
    if work:
        steps.flush(work)
    completion.fail(claim, broken)


async def _steps(part: _Part, work: Work) -> Keeping | None:
    while True:
        response = steps.unsettled(work)
        if response is None:
            if part.is_over():
                await sync_to_async(completion.give_back)(work.claim)
                return None
            if over := brake.pulled(work.steps) or budgets.over(work.run, work.agent):
                await _finish(work.claim, over)
                return None
            try:
                response = await _ask_model(work, part.models)
            except ModelProblem as problem:
                if not _may_fall_back(work, problem):
                    raise
                await sync_to_async(steps.fall_back)(work, problem.message)
                continue
        what_follows = await turns.take_turn(work, response, part.place)
        if what_follows is not False:
            return what_follows if isinstance(what_follows, Keeping) else None


async def _ask_model(work: Work, models: Models) -> ModelResponse:
    name = work.model
    try:
        model, access = await _reach(work, name, models)
    except ModelProblem:
        await sync_to_async(steps.flush)(work)
        raise
    # Only a tool call moves a case, so providers that can demand one are told to.
    must_call = work.case is not None and name != OFFLINE
    # The stand-in reads no instructions, so it needs no marks.
    said = messages(work, are_marked=name != OFFLINE)
    by_schema = name in work.by_schema
    answer = model_requests.request(
        model, name, said, tools.offered(work), access, must_call=must_call, by_schema=by_schema
    )
    handed_over_at = None if work.run.requests else work.handed_over_at
    try:
        response = await _while_kept(work, counters.request(name, tracing.chat(work, answer), handed_over_at))
    except ModelProblem as problem:
        if problem.dropped:
            await sync_to_async(steps.count_dropped)(work, problem.dropped, name)
        raise
    return steps.receive(work, text_calls.as_call(work, response), name)


async def _while_kept(work: Work, answer: Awaitable[ModelResponse]) -> ModelResponse:
    """The answer. The request does not wait until the run's first step is written; all that follows does. If the answer
    comes soon, the step is written together with it.
    """
    if not work.unwritten:
        return await answer
    writing: list[asyncio.Task[None]] = []

    def write() -> None:
        writing.append(asyncio.create_task(sync_to_async(steps.flush)(work)))

    later = asyncio.get_running_loop().call_later(SOON_SECONDS, write)
    try:
        return await answer
    except ModelProblem:
        if not writing:
            write()
        raise
    finally:
        later.cancel()
        for task in writing:
            await task


async def _reach(work: Work, name: str, models: Models) -> tuple[Model, Access | None]:
    if name == OFFLINE:
        return offline.offline_model(await sync_to_async(_brief)(work)), None
    keys, work.keys = work.keys, None
    return await models.reach(work.run.team_id, name, keys)


def _brief(work: Work) -> offline.Brief:
    text = prompts.case_text(work.run, work.case)
    return offline.Brief(
        aop=work.revision.aop,
        case_text=text,
        targets=[
            offline.Target(
                UUID(row["agent_id"]),
                row["key"],
                row["name"],
                row["description"],
                receiving.found_in(work.case, row.get("needs", ())),
            )
            for row in work.targets
        ],
        own=offline.Target(work.agent.pk, "", work.agent.name, work.agent.description),
        examples=_examples(work, text),
        is_kept=not work.run.has_no_effect,
        values=_values(work),
    )


def _values(work: Work) -> dict[str, str]:
    case = work.case
    return answering.values_of(case.data, title=case.title, number=case.number) if case else {}


def _examples(work: Work, text: str) -> list[Example]:
    """A replay is not its own example, and in a check no test is one: else whatever is changed would pass."""
    if not work.run.is_test:
        return examples.of(work.agent)
    return examples.of(work.agent, but=text, with_tests=(work.run.sample or {}).get("purpose") == Purpose.IMPACT)


def _may_fall_back(work: Work, problem: ModelProblem) -> bool:
    """Return whether the run goes on with its other model. It does so once, and not when the model declines the
    subject: no other model is to be talked into it.
    """
    other = work.revision.fallback
    if not other or work.model == other or problem.code == DECLINED:
        return False
    return not _passes_soon(problem, work.run.retries) or (problem.retry_after or 0) > _LONGEST_IN_PLACE


def _passes_soon(problem: ModelProblem, retries: int) -> bool:
    is_too_long = (problem.retry_after or 0) > settings.MODEL_WAIT_SECONDS
    most = min(_CUT_RETRIES, settings.MODEL_RETRIES) if problem.code == CUT else settings.MODEL_RETRIES
    return problem.passes and retries < most and not is_too_long


async def _problem(claim: Claim, work: Work | None, problem: ModelProblem) -> None:
    retries = work.run.retries if work else 0
    if _passes_soon(problem, retries):
        delay = timedelta(seconds=model_requests.wait_before_retry(problem, retries))
        logger.warning("the model is asked again in %.0f s: %s", delay.total_seconds(), problem.message)
        await _unless_lost(claim, lambda: completion.retry_later(claim, delay, problem.message))
    else:
        before = work.notes(steps.FALLBACK) if work else []
        await _finish(claim, Broken(problem.code, " ".join([*(note.data["text"] for note in before), problem.message])))


async def _give_back_soon(claim: Claim) -> None:
    """The database is away for a moment: the run goes on from its last step when it is back, or its lease lapses."""
    # After that the run is taken from this worker anyway.
    ends = time.monotonic() + settings.BATON_LEASE_SECONDS
    while time.monotonic() < ends:
        await asyncio.sleep(0.5)
        try:
            await sync_to_async(close_old_connections)()
            await _unless_lost(claim, lambda: completion.give_back(claim))
        except (OperationalError, InterfaceError):
            continue
        return


async def _finish(claim: Claim, broken: Broken) -> None:
    await _unless_lost(claim, lambda: completion.fail(claim, broken))


async def _unless_lost(claim: Claim, write: Callable[[], None]) -> None:
    try:
        await sync_to_async(write)()
    except LostRun:
        await sync_to_async(completion.note_refusal)(claim)
