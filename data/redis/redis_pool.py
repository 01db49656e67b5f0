"""The connections of this process to Redis."""

from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def shared_redis() -> Redis:
    return _client(settings.REDIS_URL)


def quick_redis() -> Redis:
    """For what can do without: it gives up at once when Redis does not answer."""
    return _quick_client(settings.REDIS_URL)


# A pool that is used after a fork opens connections of its own.
@cache
def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5, health_check_interval=30)


@cache
def _quick_client(url: str) -> Redis:
    # One retry is needed when an idle connection has been closed in the meantime.
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(url, socket_connect_timeout=0.25, socket_timeout=0.25, retry=retry)
