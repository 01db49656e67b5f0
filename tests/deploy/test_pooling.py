"""Everything works through PgBouncer with transaction pooling, and leaves nothing in the connections that all share."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.urls import reverse

from benchmarks.streams import open_page, web
from builder.models import Agent
from cases.models import Case
from ops.stack import processes
from ops.stack.home import Account
from runs.workers.clock import CLOCK
from tests.fixtures import Make, events
from tests.provider import provider
from tests.runs.workers.test_workers import desk, is_done, process, wait_for

from .test_migrating import change, has_column

__all__ = ["change", "desk", "process", "provider"]

pytestmark = pytest.mark.django_db(transaction=True)

CONNECTIONS = 6
BINARY = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
SETTINGS = """
[databases]
* = host={server} port=5432 user=postgres password={password}
[pgbouncer]
pool_mode = transaction
default_pool_size = {connections}
min_pool_size = {connections}
server_round_robin = 1
max_client_conn = 500
listen_addr =
unix_socket_dir = {sockets}
listen_port = 6432
auth_type = any
"""
# What PgBouncer keeps for each client is no harm: it sets it again when a connection changes hands.
LEFT_BEHIND = """
    select 'setting ' || name from pg_settings
        where source = 'session' and name not in ('client_encoding', 'DateStyle', 'TimeZone', 'application_name')
    union all select 'prepared ' || name from pg_prepared_statements
    union all select 'cursor ' || name from pg_cursors where is_holdable
    union all select 'channel ' || channel from pg_listening_channels() as channel
    union all select 'temporary table ' || relname from pg_class where relnamespace = pg_my_temp_schema()
    union all select 'lock ' || objid from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
"""


@pytest.fixture
def pooled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From here on this test, and every process that it starts, reaches the database through PgBouncer."""
    if not BINARY:
        pytest.skip("PgBouncer is not installed here")
    server = Path(connection.settings_dict["HOST"])
    sockets = server / "pooled"
    sockets.mkdir(mode=0o700)
    owner = server.stat()
    os.chown(sockets, owner.st_uid, owner.st_gid)
    written = sockets / "pgbouncer.ini"
    written.write_text(
        SETTINGS.format(
            server=server,
            sockets=sockets,
            connections=CONNECTIONS,
            password=connection.settings_dict["PASSWORD"],
        )
    )
    os.chown(written, owner.st_uid, owner.st_gid)
    written.chmod(0o600)
    account = Account(owner.st_uid, owner.st_gid) if os.geteuid() == 0 else None
    program = processes.Program("pgbouncer", [BINARY, "--quiet", str(written)], account=account)
    connections.close_all()
    with subprocess.Popen(program.command, **processes.options(program)) as bouncer:
        wait_for(lambda: bouncer.poll() is not None or (sockets / ".s.PGSQL.6432").exists())
        address = os.environ["TEST_DATABASE_URL"]
        through = address.replace(f"{server.name}:5432", f"{server.name}%2Fpooled:6432")
        assert through != address
        monkeypatch.setenv("TEST_DATABASE_URL", through)
        monkeypatch.setitem(connection.settings_dict, "HOST", str(sockets))
        monkeypatch.setitem(connection.settings_dict, "PORT", "6432")
        yield
        connections.close_all()
        bouncer.send_signal(signal.SIGTERM)
    shutil.rmtree(sockets)


def left_behind() -> list[str]:
    """In the connections of the pool, each of them held in the meantime by a transaction."""
    found: list[str] = []
    with ExitStack() as held:
        for _ in range(CONNECTIONS - 1):  # the clock holds one, by an open transaction
            other = held.enter_context(psycopg.connect(**connection.get_connection_params()))
            found += [row[0] for row in other.execute(LEFT_BEHIND)]
    return found


async def see_change(port: int, cookie: str, case: Case, act: Callable[[], object]) -> None:
    """Returns when an open page was told of the case, after `act`."""
    reader, writer = await open_page(port, cookie)
    act()
    async with asyncio.timeout(60):
        while f"data: {case.pk}".encode() not in await reader.readline():
            pass
    writer.close()


def test_all_works_through_pgbouncer_and_nothing_stays_in_its_connections(
    pooled: None, process, change: None, desk: Agent, make_case: Make[Case], signed_in, valkey
) -> None:
    call_command("migrate", "lucide", verbosity=0)
    assert has_column()
    case = make_case("I want a refund", assignee=desk)
    with web() as (port, _):
        process("clock")
        cookie = signed_in.cookies["sessionid"].value
        asyncio.run(see_change(port, cookie, case, act=lambda: process("rqworker", "default")))
        wait_for(lambda: is_done(case), 60)
        wait_for(lambda: valkey.get(CLOCK), 60)
        assert signed_in.get(reverse("case", args=[case.pk])).status_code == 200
        assert left_behind() == []
    assert events(case) == ["created", "started", "handed_over", "started", "completed"]
