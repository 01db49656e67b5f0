"""The workers as RQ knows them, and how many runs each of them works on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django_rq
from django.conf import settings
from django.db.models import Count
from redis.exceptions import RedisError
from rq.worker import Worker

from runs.models import Run


@dataclass(frozen=True)
class WorkerState:
    name: str
    state: str
    load: int
    places: int


def worker_states() -> list[WorkerState]:
    """Return all workers, and those that runs name although RQ does not know them."""
    running = Run.objects.running().values_list("worker").annotate(Count("pk")).order_by()
    loads: dict[str, int] = {}
    for horse, number in running:
        name = horse.rpartition("/")[0]
        loads[name] = loads.get(name, 0) + number
    nobody: list[Any] = []
    found = without_redis(lambda: list(Worker.all(connection=django_rq.get_connection("default"))), nobody)
    states = [
        WorkerState(item.name, str(item.get_state()), loads.pop(item.name[:80], 0), settings.RUNS_PER_WORKER)
        for item in found
    ]
    return states + [
        WorkerState(name, "not registered", load, settings.RUNS_PER_WORKER) for name, load in loads.items()
    ]


def without_redis[T](ask: Callable[[], T], otherwise: T) -> T:
    """Return `otherwise` if Redis is away, so that a page shows the rest."""
    try:
        return ask()
    except RedisError:
        return otherwise
