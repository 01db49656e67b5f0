"""Health checks for load balancers and monitors: whether this process lives, and whether all parts of Baton work."""

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
from runs.workers.clock import CLOCK

logger = logging.getLogger(__name__)


class Missing(Exception):
    """A part of Baton that does not work; the message is a sentence."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer without checking anything else, so that a slow database takes no web server out of service."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Return each part as `{"ok": ..., ...}`, with status 503 if one does not work."""
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
