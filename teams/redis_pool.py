"""The connections of this process to Redis."""

from functools import cache

from django.conf import settings
from redis import Redis


def shared_redis() -> Redis:
    return _client(settings.REDIS_URL)


# A pool that is used after a fork opens connections of its own.
@cache
def _client(url: str) -> Redis:
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5, health_check_interval=30)
