"""Health checks of containers: `alive.py web`, `worker` or `clock` ends with status 0 if that part does its work.

Without Django, since it is asked twice a minute. What all parts say together is at /readyz.
"""

import http.client
import os
import socket
import sys

import redis
from rq.worker import Worker


def web() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    connection.request("GET", "/healthz", headers={"Host": "localhost"})
    return connection.getresponse().status == 200


def worker() -> bool:
    """Is one of this container known to Redis? Its entry lapses half a minute after its last sign of life."""
    return any(found.hostname == socket.gethostname() for found in Worker.all(connection=_redis()))


def clock() -> bool:
    """Does one tick, here or elsewhere? Of several only one works."""
    return _redis().exists("baton:clock") == 1


def _redis() -> redis.Redis:
    return redis.Redis.from_url(os.environ["REDIS_URL"], socket_connect_timeout=5, socket_timeout=5)


if __name__ == "__main__":
    try:
        sys.exit(0 if {"web": web, "worker": worker, "clock": clock}[sys.argv[1]]() else 1)
    except (OSError, redis.RedisError) as error:
        sys.exit(str(error))
