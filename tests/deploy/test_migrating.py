"""Migrations on a database that is in use."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter
from pytest_django.fixtures import Settings

from ops.management.commands import migrate
from teams.models import Team

pytestmark = pytest.mark.django_db(transaction=True)

# The last migrations of the newest release: at the next one, its own take their place.
RELEASED = {"teams": 2, "builder": 3, "cases": 2, "runs": 2, "routes": 2}


@pytest.fixture
def change(settings: Settings) -> Iterator[None]:
    """A migration that is not applied yet, of an app that has none."""
    settings.MIGRATION_MODULES = {"lucide": "tests.deploy.busy_migrations"}
    settings.MIGRATION_LOCK_SECONDS = 0.2
    yield
    call_command("migrate", "lucide", "zero", verbosity=0)


@pytest.fixture
def reader(team: Team) -> Iterator[psycopg.Connection]:
    """A transaction that has read the table and goes on."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("select * from teams_team")
        yield other


def has_column() -> bool:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, "teams_team")
    return any(column.name == "tried_under_load" for column in columns)


def test_a_migration_lets_others_pass_and_goes_on_when_the_table_is_free(
    change: None, reader: psycopg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    def migrate_here() -> None:
        try:
            call_command("migrate", "lucide", verbosity=0)
        finally:
            connections.close_all()

    migration = threading.Thread(target=migrate_here)
    migration.start()
    waits: list[float] = []
    while migration.is_alive() and len(waits) < 30:
        began = time.monotonic()
        assert Team.objects.count() == 1
        waits.append(time.monotonic() - began)
        time.sleep(0.05)
    assert not has_column()
    reader.rollback()
    migration.join(30)
    assert has_column()
    assert max(waits) < 1, "who reads the table stood behind the migration"
    assert "A table was in use for more than 0.2 s (1 of 20 tries)." in capsys.readouterr().err


def test_a_migration_that_gets_no_lock_gives_up_and_leaves_nothing_half_done(
    change: None, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_TRIES", 2)
    monkeypatch.setattr(migrate, "_PAUSE_SECONDS", 0.01)
    with pytest.raises(CommandError, match="run this again"):
        call_command("migrate", "lucide", verbosity=0)
    assert not has_column()
    with connection.cursor() as cursor:
        cursor.execute("show lock_timeout")
        assert cursor.fetchone() == ("0",)
    reader.rollback()
    call_command("migrate", "lucide", verbosity=0)
    assert has_column()


def test_of_two_that_migrate_at_once_the_second_finds_nothing_left(change: None, team: Team) -> None:
    failed: list[BaseException] = []

    def migrate_here() -> None:
        try:
            call_command("migrate", "lucide", verbosity=0)
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    both = [threading.Thread(target=migrate_here) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(30)
    assert failed == []
    assert has_column()


def breaks_older_code(migration: Migration) -> bool:
    linter = MigrationLinter(no_cache=True, quiet=["ok", "warning"], analyser_string="postgresql")
    linter.lint_migration(migration)
    return linter.has_errors


def test_the_release_before_goes_on_working_after_each_migration() -> None:
    migrations = MigrationLoader(None).disk_migrations
    newer = [key for key in migrations if key[0] in RELEASED and int(key[1][:4]) > RELEASED[key[0]]]
    assert [key for key in newer if breaks_older_code(migrations[key])] == []


def test_a_migration_that_stops_older_code_is_seen(settings: Settings) -> None:
    settings.MIGRATION_MODULES = {"lucide": "tests.deploy.unfriendly_migrations"}
    assert breaks_older_code(MigrationLoader(None).disk_migrations["lucide", "0001_column"])
    settings.MIGRATION_MODULES = {"lucide": "tests.deploy.busy_migrations"}
    assert not breaks_older_code(MigrationLoader(None).disk_migrations["lucide", "0001_column"])
