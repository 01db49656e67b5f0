"""The drill of docs/backup.md: a dump while everybody works, restored elsewhere, with an empty Redis."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from cases.models import Case
from tests.deploy.databases import address, empty_database, postgres
from tests.provider import Provider, Request, provider, router
from tests.runs.workers.test_workers import desk, process, wait_for

__all__ = ["desk", "process", "provider"]

pytestmark = pytest.mark.django_db(transaction=True)

CASES = 16


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of an empty database."""
    with empty_database("restored_elsewhere") as name:
        yield address(name)


@pytest.fixture
def empty_redis() -> str:
    """A database of the test's Valkey that nobody has used."""
    start, _, number = settings.REDIS_URL.rpartition("db=")
    return f"{start}db={int(number) + 128}"


def _is_late(request: Request) -> bool:
    """Of a case of the second half: the dump falls into the midst of these."""
    return any(f"refund {number}" in request.user_text for number in range(CASES // 2, CASES))


def test_what_was_dumped_under_load_is_restored_elsewhere_and_every_case_ends(
    process, desk, make_case, provider: Provider, elsewhere: str, empty_redis: str, tmp_path: Path
) -> None:
    dumped, route = threading.Event(), router({"refund": "billing-specialist"})
    provider.script = lambda request: replace(route(request), after=dumped if _is_late(request) else None)
    parts = [process("rqworker", "default"), process("clock")]
    for number in range(CASES):
        make_case(f"refund {number}", assignee=desk)
    wait_for(lambda: Case.objects.filter(status="completed").count() >= 2)
    dump = tmp_path / "baton.dump"
    postgres("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={address(connection.settings_dict['NAME'])}")
    for part in parts:
        part.kill()
        part.wait()
    dumped.set()
    postgres("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={elsewhere}", dump)

    with psycopg.connect(elsewhere, autocommit=True) as restored:

        def count(where: str) -> int:
            [[found]] = restored.execute(f"select count(*) from {where}")
            return int(found)

        assert count("cases_case") == CASES
        assert 0 < count("cases_case where status <> 'completed'") < CASES, "the dump fell into the midst of the work"
        process("rqworker", "default", DATABASE_URL=elsewhere, REDIS_URL=empty_redis)
        process("clock", DATABASE_URL=elsewhere, REDIS_URL=empty_redis)
        wait_for(lambda: count("cases_case where status = 'completed'") == CASES)
        assert count("cases_caseevent where kind = 'completed'") == CASES, "none ended twice"
        assert count("cases_caseevent where kind = 'handed_over'") == CASES
        with pytest.raises(psycopg.errors.RaiseException):
            restored.execute("delete from cases_caseevent")
