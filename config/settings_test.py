"""The settings of the tests. They neither read nor change the developer's own installation.

TEST_DATABASE_URL and TEST_REDIS_URL name servers to use; without them a pair is started for this test run. The
test processes of pytest-xdist inherit the variables, and so share it.
"""

import os
import tempfile

from ops.stack import throwaway

if "TEST_DATABASE_URL" not in os.environ:
    os.environ["TEST_DATABASE_URL"] = throwaway.start_postgres()
if "TEST_REDIS_URL" not in os.environ:
    os.environ["TEST_REDIS_URL"] = throwaway.start_valkey()

_redis = os.environ["TEST_REDIS_URL"]
# One Redis database per test process: gw0 has 1. (Channels are shared: they know no databases.)
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
os.environ |= {
    "DATABASE_URL": os.environ["TEST_DATABASE_URL"],
    "REDIS_URL": f"{_redis}{'&' if '?' in _redis else '?'}db={_number}",
    "BATON_HOME": f"{tempfile.gettempdir()}/baton-tests-make-nothing",
    "SECRET_KEY": "tests",
    "EMAIL_URL": "",
    # Importing config.asgi would set it, for every process that a later test starts.
    "BATON_DATABASE_POOL": "0",
}

from .settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
