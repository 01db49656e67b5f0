"""A web process of Baton on the test's database: one for all tests of this test process that ask for it."""

import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from . import children
from .paths import ROOT


@pytest.fixture(scope="session")
def web_process(django_db_setup: None) -> Iterator[int]:
    """Its port. Tests that use it commit what they make."""
    database = os.environ["TEST_DATABASE_URL"].rpartition("/")[0] + "/" + connection.settings_dict["NAME"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": database}
    environment |= {"REDIS_URL": settings.REDIS_URL, "BATON_DATABASE_POOL": "1"}
    # It listens from here on: who asks before the process is up waits in the socket's backlog.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", str(listener.fileno())]
        command += ["--log-level", "warning", "--timeout-graceful-shutdown", "1"]
        process = children.start(command, cwd=ROOT, env=environment, pass_fds=[listener.fileno()])
        port = listener.getsockname()[1]
    yield port
    process.terminate()
    process.wait(60)


def wait_until_quiet() -> None:
    """Return when what was asked last is answered: it would get in the way of emptying the database."""
    # Between two statements of a request its connection is idle, too.
    asked = """
        select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
            and backend_type = 'client backend'
            and (state <> 'idle' or state_change > clock_timestamp() - interval '100 ms')
    """
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(asked)
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.05)
