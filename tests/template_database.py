"""The test processes of pytest-xdist copy one migrated database: migrating takes some 8 s of CPU, a copy 0.1 s."""

import os

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

_TEMPLATE, _UNFINISHED = "baton_migrated", "baton_migrating"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    with django_db_blocker.unblock(), psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute("select pg_advisory_lock(1)")  # The first migrates, the others wait.
        if not server.execute("select 1 from pg_database where datname = %s", [_TEMPLATE]).fetchone():
            _migrate()
            server.execute(f"alter database {_UNFINISHED} rename to {_TEMPLATE}")
    connection.settings_dict["TEST"]["TEMPLATE"] = _TEMPLATE


def _migrate() -> None:
    own, before = connection.settings_dict["TEST"]["NAME"], connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = _UNFINISHED
    try:
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        connection.creation.destroy_test_db(before, verbosity=0, keepdb=True)
    finally:
        connection.settings_dict["TEST"]["NAME"] = own
