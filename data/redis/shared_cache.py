"""What all web processes count together, in Redis: tries to sign in, codes that were used.

Without Redis nothing is counted and people still sign in, as work goes on too.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

logger = logging.getLogger(__name__)


class Json:
    """JSON instead of pickles, which would let anyone who can write to Redis run code here."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class SharedCache(RedisCache):
    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(_ask(super().add, True, *args, **kwargs))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _ask(super().get, default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        _ask(super().set, None, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(_ask(super().delete, False, *args, **kwargs))


def _ask(act: Callable[..., Any], otherwise: object, *args: Any, **kwargs: Any) -> Any:
    try:
        return act(*args, **kwargs)
    except (NoConnection, NoAnswer) as error:
        logger.warning("Redis cannot be reached, so tries to sign in are not counted: %s", error)
        return otherwise
