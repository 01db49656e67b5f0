"""Where an installation keeps its data, and its own servers, addresses and keys.

Without DATABASE_URL and REDIS_URL, Baton uses the embedded servers of BATON_HOME: `script/server`
starts them and writes their addresses to BATON_HOME/servers.json, where every other command finds them.
"""

import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import dj_database_url

from .environment import listed, number, switch

BASE_DIR = Path(__file__).resolve().parents[2]


BATON_HOME = Path(os.environ.get("BATON_HOME") or BASE_DIR / ".baton").absolute()


def embedded(key: str) -> str:
    try:
        return str(json.loads((BATON_HOME / "servers.json").read_text())[key])
    except (OSError, ValueError, KeyError):
        return ""


def _secret_key() -> str:
    """Return SECRET_KEY, or a key that was created once beside the embedded data, readable by its owner only."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    path = BATON_HOME / "secret_key"
    if not path.exists():
        BATON_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            os.link(fresh, path)  # if two first starts run at once, one creates the key and both read it
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()


try:
    SECRET_KEY = _secret_key()
except OSError as error:
    sys.exit(f"BATON_HOME {BATON_HOME} cannot be read and written: {error.strerror}.")
DEBUG = switch("DEBUG", False)
# Requests for this machine itself are always allowed: health checks send them.
ALLOWED_HOSTS = [*listed("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS")

# No server has these addresses: a command that needs one says how to start it.
DATABASE_URL = (
    os.environ.get("DATABASE_URL") or embedded("database_url") or "postgresql://%2Fbaton-is-not-running/baton"
)
REDIS_URL = os.environ.get("REDIS_URL") or embedded("redis_url") or "unix:///baton-is-not-running"

_database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL))
_database["CONN_HEALTH_CHECKS"] = True
_database.setdefault("OPTIONS", {})
# A pool keeps threads, which do not survive a fork: only the web process (config/asgi.py) asks for one.
if switch("BATON_DATABASE_POOL", False):
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 20, "timeout": 10}
    _database["CONN_MAX_AGE"] = 0
else:
    _database["CONN_MAX_AGE"] = None
# PgBouncer would lose a cursor that outlives its transaction.
_database["DISABLE_SERVER_SIDE_CURSORS"] = True
DATABASES = {"default": _database}
# How long a migration waits for a table that is in use before it lets others go first and tries again.
MIGRATION_LOCK_SECONDS = number("MIGRATION_LOCK_SECONDS", 3)

RQ_QUEUES = {
    "default": {
        "URL": REDIS_URL,
        "SERIALIZER": "rq.serializers.JSONSerializer",
        "REDIS_CLIENT_KWARGS": {"socket_connect_timeout": 2, "health_check_interval": 30},
    }
}
RQ = {"WORKER_CLASS": "runs.workers.worker.ShiftWorker"}
CACHES = {
    "default": {
        "BACKEND": "data.redis.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "baton",
        "OPTIONS": {"serializer": "data.redis.shared_cache.Json", "socket_connect_timeout": 2, "socket_timeout": 5},
    }
}
