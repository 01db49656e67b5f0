"""The test processes of pytest-xdist copy one migrated database: migrating takes some 8 s of CPU, a copy 0.1 s."""

import os

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

_TEMPLATE = "baton_migrated"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    with django_db_blocker.unblock(), psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute("select pg_advisory_lock(1)")  # The first migrates, the others wait.
        if not server.execute("select from pg_database where datname = %s", [_TEMPLATE]).fetchone():
            _migrate_template()
    connection.settings_dict["TEST"]["TEMPLATE"] = _TEMPLATE


def _migrate_template() -> None:
    own = connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = _TEMPLATE
    old = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0)
    connection.creation.destroy_test_db(old, verbosity=0, keepdb=True)
    connection.settings_dict["TEST"]["NAME"] = own
