"""How many requests an API key may send: a minute's worth at once, which then comes back evenly.

Counted in Redis, where all web processes share it, in one round trip. Without Redis requests go on, uncounted.
"""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from redis.exceptions import RedisError

from data.redis.redis_pool import quick_redis
from teams.models import ApiKey

logger = logging.getLogger(__name__)

# All that is kept of a key is when its bucket is full again, in microseconds of Redis' clock: each request moves that
# on by its share of the minute, and one that would move it beyond a minute from now is refused.
_TAKE = """
local minute, each = 60e6, 60e6 / tonumber(ARGV[1])
local clock = redis.call('time')
local now = clock[1] * 1e6 + clock[2]
local full = math.max(tonumber(redis.call('get', KEYS[1]) or 0), now)
local wait = full + each - minute - now
if wait > 1 then
  return {0, math.ceil(wait / 1e6), 1}
end
full = full + each
redis.call('set', KEYS[1], string.format('%.0f', full), 'px', math.ceil((full - now) / 1000))
return {math.floor((minute - full + now) / each + 0.001), math.ceil((full - now) / 1e6), 0}
"""
# So long nobody asks a Redis that did not answer: no request shall wait for one that is gone.
_LEFT_ALONE_SECONDS = 5
_ask_again_at = 0.0


@dataclass(frozen=True)
class Quota:
    """`reset`: in how many seconds the whole limit is there again; of a refused request, when to send it again."""

    limit: int
    remaining: int
    reset: int
    is_used_up: bool


class TooMany(Exception):
    def __init__(self, quota: Quota) -> None:
        seconds = "a second" if quota.reset == 1 else f"{quota.reset} seconds"
        super().__init__(f"This key may send {quota.limit} requests a minute. Please try again in {seconds}.")


def limit_of(key: ApiKey) -> int | None:
    """Return how many requests a key may send; None for any number."""
    return key.per_minute or settings.API_REQUESTS_PER_MINUTE or None


def count_request(key: ApiKey) -> Quota | None:
    """Count one more request. Return None if it is not counted."""
    global _ask_again_at  # noqa: PLW0603 - of this process
    limit = limit_of(key)
    if limit is None or time.monotonic() < _ask_again_at:
        return None
    try:
        take = quick_redis().register_script(_TAKE)
        remaining, reset, refused = take(keys=[f"baton:quota:{key.pk}"], args=[limit])
    except RedisError as error:
        _ask_again_at = time.monotonic() + _LEFT_ALONE_SECONDS
        logger.warning("Redis does not answer (%s): requests of API keys go on uncounted.", error)
        return None
    return Quota(limit, remaining, reset, bool(refused))


def add_quota_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """The headers that clients know: those of the drafts that are in use, and `Retry-After`."""
    quota: Quota | None = getattr(request, "quota", None)
    if quota is None:
        return
    response["RateLimit-Limit"] = str(quota.limit)
    response["RateLimit-Remaining"] = str(quota.remaining)
    response["RateLimit-Reset"] = str(quota.reset)
    if quota.is_used_up:
        response["Retry-After"] = str(quota.reset)
