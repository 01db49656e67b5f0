"""How a shift that waits for work is woken."""

import asyncio

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from data.redis.bell import BELL

# How long one read waits for a ring before the next one does.
_BLOCK_SECONDS = 4


class Bell:
    """Waits on the bell. Without Redis it rings every second: work is found, only later."""

    def __init__(self) -> None:
        self._client: redis.asyncio.Redis = redis.asyncio.from_url(settings.REDIS_URL)

    async def rings(self) -> None:
        """Return when the bell has rung."""
        try:
            while not await self._client.blpop([BELL], timeout=_BLOCK_SECONDS):
                pass
        except (RedisError, OSError):
            await asyncio.sleep(1)

    async def close(self) -> None:
        await self._client.aclose()
