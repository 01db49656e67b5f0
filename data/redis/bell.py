"""The bell: tells the workers that there is something to do, once it is committed.

Carries no data and may get lost: the rows say what there is to do, and the clock finds what nobody rang for.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar

from django.db import transaction
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from .redis_pool import shared_redis

logger = logging.getLogger(__name__)

# Running shifts wait on this list; one entry wakes one of them.
BELL = "baton:bell"
_ENTRIES = 64
_SHIFT = "runs.jobs.shift"


def ring() -> None:
    """Wakes a running shift, or has a free worker start one, when the transaction commits."""
    transaction.on_commit(ring_now, robust=True)


# Of a process that works runs: whether it will look for work by itself.
_looks: ContextVar[Callable[[], bool] | None] = ContextVar("looks", default=None)


def answer_with(looks: Callable[[], bool] | None) -> None:
    """The shift of this context finds one piece of new work itself while it `looks`, until None is given."""
    _looks.set(looks)


def ring_for_one() -> None:
    """As `ring`, for one piece of work, which the shift that leaves it takes up by itself when it is idle otherwise."""
    transaction.on_commit(ring_unless_looked_for, robust=True)


def ring_unless_looked_for() -> None:
    if not ((looks := _looks.get()) and looks()):
        ring_now()


def ring_now() -> bool:
    """False when Redis does not answer, so that nobody heard it."""
    try:
        connection = shared_redis()
        queue = Queue("default", connection=connection, serializer=JSONSerializer)
        with connection.pipeline(transaction=False) as pipe:
            pipe.lpush(BELL, 1)
            pipe.ltrim(BELL, 0, _ENTRIES - 1)
            pipe.llen(queue.key)
            waiting = pipe.execute()[-1]
        if not waiting:
            queue.enqueue(_SHIFT, job_timeout=-1, result_ttl=0, failure_ttl=60)
    except RedisError as error:
        logger.warning("The bell was not rung (%s); the clock will find the work.", error)
        return False
    return True
