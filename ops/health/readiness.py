"""For load balancers and monitors: is this process alive, and has Baton all that it needs?"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError
from rq.worker import Worker

from data.redis.redis_pool import shared_redis
from runs.management.commands.clock import CLOCK

logger = logging.getLogger(__name__)


class Missing(Exception):
    """A part that does not do its work, in a sentence."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part as `{"ok": ..., ...}`; 503 when one is missing."""
    parts = {"database": _look(_database), "redis": _look(_redis), "clock": _look(clock), "workers": _look(workers)}
    is_ready = all(part["ok"] for part in parts.values())
    return JsonResponse({"status": "ready" if is_ready else "not ready", **parts}, status=200 if is_ready else 503)


def _look(part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return {"ok": True, **part()}
    except Missing as missing:
        return {"ok": False, "problem": str(missing)}
    except DatabaseError as error:
        logger.warning("not ready: %s", error)
        return {"ok": False, "problem": "The database does not answer."}
    except RedisError as error:
        logger.warning("not ready: %s", error)
        return {"ok": False, "problem": "Redis does not answer."}


def _database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return {}


def _redis() -> dict[str, Any]:
    shared_redis().ping()
    return {}


def clock() -> dict[str, Any]:
    ticked = shared_redis().get(CLOCK)
    if ticked is None:
        raise Missing("The clock does not tick. Start one: manage.py clock")
    return {"ticked_s_ago": max(0, int(time.time()) - int(ticked))}


def workers() -> dict[str, Any]:
    count = len(Worker.all(connection=shared_redis()))
    if not count:
        raise Missing("There is no worker. Start one: manage.py rqworker")
    return {"count": count}
