"""The bell: tells the workers that there is something to do, once it is committed.

Carries no data and may get lost: the rows say what there is to do, and the clock finds what nobody rang for.
"""

import logging

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
