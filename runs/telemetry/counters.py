"""Counts of what happened in all processes together, for `/metrics`: one Redis hash that every process adds to.

Counts are kept in memory and added each second by a shift, at once elsewhere, and never wait for Redis: what it does
not take is added the next time. Prometheus understands a lost Redis as a counter that starts again.
"""

import asyncio
import json
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from pydantic_ai.messages import ModelResponse
from redis.exceptions import RedisError

from data.redis.redis_pool import shared_redis

logger = logging.getLogger(__name__)

_HASH = "baton:counters"
_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


@dataclass(frozen=True)
class Counter:
    title: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def is_histogram(self) -> bool:
        return bool(self.bounds)


COUNTERS = {
    "runs_ended": Counter("Runs that ended", ("status", "outcome", "error")),
    "handovers": Counter("Handovers that were applied"),
    "lease_losses": Counter("Runs whose worker was lost"),
    "model_requests": Counter("Requests to models, those that failed too", ("provider",)),
    "provider_errors": Counter("Requests to models that gave no answer", ("provider", "error")),
    "model_tokens": Counter("Tokens that models read and wrote", ("provider", "direction")),
    "model_request_seconds": Counter("How long models took to answer or fail", ("provider",), _BOUNDS),
    "handover_seconds": Counter("From the end of a run that hands over to the next one's first request", (), _BOUNDS),
}

# --- Counting --------------------------------------------------------------------------------

_lock = threading.Lock()
_waiting: dict[str, float] = defaultdict(float)
_adds_each_second = False


def _forget() -> None:
    """A child has nothing to count of what its parent did."""
    global _lock, _adds_each_second
    _lock, _adds_each_second = threading.Lock(), False
    _waiting.clear()


os.register_at_fork(after_in_child=_forget)


def count(name: str, *labels: str, by: float = 1) -> None:
    _note({_field(name, *labels): by})


def observe(name: str, seconds: float, *labels: str) -> None:
    bound = next((bound for bound in COUNTERS[name].bounds if seconds <= bound), float("inf"))
    _note({_field(name, *labels, str(bound)): 1, _field(name, *labels, "sum"): max(0.0, seconds)})


def _field(*parts: str) -> str:
    return json.dumps(parts, ensure_ascii=False)


def _note(amounts: Mapping[str, float]) -> None:
    with _lock:
        for field, amount in amounts.items():
            _waiting[field] += amount
    if not _adds_each_second:
        add()


def add() -> None:
    """Add what was counted to the counts of other processes."""
    with _lock:
        amounts = dict(_waiting)
        _waiting.clear()
    if not amounts:
        return
    try:
        with shared_redis().pipeline() as pipe:
            for field, amount in amounts.items():
                pipe.hincrbyfloat(_HASH, field, amount)
            pipe.execute()
    except RedisError as error:
        logger.debug("the counters wait for Redis: %s", error)
        with _lock:
            for field, amount in amounts.items():
                _waiting[field] += amount


async def add_each_second() -> None:
    """Add the counts each second from a loop that must never wait. Call `add` once more after cancelling it."""
    global _adds_each_second  # noqa: PLW0603
    _adds_each_second = True
    try:
        while True:
            await asyncio.sleep(1)
            try:
                await asyncio.to_thread(add)
            except Exception:  # whatever it was, later counts must still be added
                logger.exception("counts were lost")
    finally:
        _adds_each_second = False


# --- What is measured around a request -------------------------------------------------------


async def request(
    model: str, answer: Awaitable[ModelResponse], handed_over_at: datetime | None = None
) -> ModelResponse:
    """Count and time the answer of a run's model; the first one also since the work was handed over."""
    provider, began, asked_at = model.partition(":")[0], time.monotonic(), timezone.now()
    count("model_requests", provider)
    try:
        response = await answer
    except Exception as problem:
        count("provider_errors", provider, getattr(problem, "code", type(problem).__name__))
        raise
    finally:
        observe("model_request_seconds", time.monotonic() - began, provider)
    count("model_tokens", provider, "input", by=response.usage.input_tokens)
    count("model_tokens", provider, "output", by=response.usage.output_tokens)
    if handed_over_at:
        observe("handover_seconds", (asked_at - handed_over_at).total_seconds())
    return response


# --- Reading ---------------------------------------------------------------------------------

type Amounts = dict[tuple[str, ...], float]


def read() -> dict[str, Amounts]:
    """Return each counter's counts by labels; a histogram's end with the bound or `sum`. Raises RedisError."""
    found: dict[str, Amounts] = {name: {} for name in COUNTERS}
    for field, amount in _everything():
        name, *labels = json.loads(field)
        if name in found:
            found[name][tuple(labels)] = float(amount)
    return found


def _everything() -> Iterable[tuple[bytes, bytes]]:
    rows: dict[bytes, bytes] = shared_redis().hgetall(_HASH)  # type: ignore[assignment]
    return rows.items()
