"""Upgrading a database of a release, and refusing one of before 1.0.0."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from builder.models import Agent
from cases.models import Case, Queue
from data.secrets import unseal
from runs.models import Handover, HumanRequest, Run
from teams.models import User, Webhook
from tests.deploy.databases import address, connected_to, empty_database
from tests.deploy.record_release import OURS, RELEASES
from tests.fixtures import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

MANAGE = Path(settings.BASE_DIR) / "manage.py"
EVERY_RELEASE = sorted(path.stem for path in RELEASES.glob("*.sql"))

_NOTIFICATIONS = "notifications", "notification_settings"

type Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with empty_database("upgraded") as name:
        yield name


@pytest.fixture(params=EVERY_RELEASE)
def of_a_release(request: pytest.FixtureRequest, elsewhere: str) -> str:
    """The name of a database as this release left it."""
    with psycopg.connect(address(elsewhere), autocommit=True) as database:
        database.execute((RELEASES / f"{request.param}.sql").read_bytes())
    return elsewhere


def rows_of(name: str) -> Rows:
    """All rows of our tables, by table."""
    with psycopg.connect(address(name), autocommit=True) as database:
        tables = database.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        return {
            table: [row for [row] in database.execute(f"select to_jsonb(t) from {table} t")]
            for [table] in tables
            if table.startswith(OURS)
        }


def as_before(before: Rows, after: Rows) -> Rows:
    """The rows after an upgrade, with those columns only that there were before it."""
    return {
        table: [{name: value for name, value in row.items() if name in rows[0]} for row in after[table]]
        for table, rows in before.items()
    }


def in_order(rows: Rows) -> dict[str, list[str]]:
    return {table: sorted(str(sorted(row.items())) for row in found) for table, found in rows.items()}


def test_there_is_a_database_to_upgrade() -> None:
    assert "1.0.0" in EVERY_RELEASE


def test_an_upgrade_keeps_every_row(of_a_release: str) -> None:
    before = rows_of(of_a_release)
    assert before["cases_case"] and before["runs_run"]
    with connected_to(of_a_release):
        call_command("migrate", verbosity=0)
        call_command("migrate", check_unapplied=True, verbosity=0)
    assert in_order(as_before(before, rows_of(of_a_release))) == in_order(before)


def test_every_page_opens_on_an_upgraded_database(of_a_release: str) -> None:
    with connected_to(of_a_release):
        call_command("migrate", verbosity=0)
        client = Client()
        sign_in(client, User.objects.get(email="demo@example.com"))
        opened = {page: client.get(page, follow=True).status_code for page in pages()}
    assert {page: status for page, status in opened.items() if status != 200} == {}
    assert len(opened) > 30


def pages() -> Iterator[str]:
    lists = ["home", "agents", "runs", "queues", "cases", "inbox", "map", "reports", "corrections"]
    lists += ["usage", "schedules", "labels"]
    yield from (reverse(name) for name in [*lists, "settings", *_NOTIFICATIONS, "members", "webhooks", "audit_log"])
    kinds = [("agent", Agent), ("queue", Queue), ("case", Case), ("run", Run)]
    for name, model in kinds:
        yield from (reverse(name, args=[row.pk]) for row in model._base_manager.filter(team__slug="demo"))
    for model in admin.site._registry:
        if model._meta.app_label in OURS:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_an_upgraded_database_goes_on_where_it_was(of_a_release: str) -> None:
    with connected_to(of_a_release):
        call_command("migrate", verbosity=0)
        assert User.objects.get(email="demo@example.com").check_password("demo")
        assert unseal(Webhook.objects.get().secret)
        handover = Handover.objects.get(status="applied")
        assert (handover.source_agent.name, handover.target.name) == ("Triage", "Billing Specialist")
        assert HumanRequest.objects.open().filter(question="Shall it be paid back?").exists()
        with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
            cursor.execute("delete from cases_caseevent")


def test_the_record_has_rows_in_every_table_of_its_release() -> None:
    newest = (RELEASES / f"{EVERY_RELEASE[-1]}.sql").read_text()
    tables = [table for table in re.findall(r"CREATE TABLE public\.(\w+)", newest) if table.startswith(OURS)]
    tables = [table for table in tables if not table.startswith("teams_user_")]  # Django's own, of no use here
    assert len(tables) > 30
    assert [table for table in tables if f"INSERT INTO public.{table} " not in newest] == []


# --- Before 1.0.0 ----------------------------------------------------------------------------


@pytest.fixture
def too_old(elsewhere: str) -> str:
    """A database that a version before 1.0.0 has migrated."""
    with psycopg.connect(address(elsewhere), autocommit=True) as database:
        database.execute("""
            create table django_migrations (id bigserial primary key, app text, name text, applied timestamptz);
            insert into django_migrations (app, name, applied)
            values ('teams', '0001_initial', now()), ('teams', '0002_answer_hours', now());
            create table teams_team (id uuid primary key);
        """)
    return elsewhere


@pytest.mark.parametrize("command", ["migrate", "prepare"])
def test_a_database_of_before_1_0_is_refused_untouched_and_told_what_to_do(too_old: str, command: str) -> None:
    settled = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": address(too_old)}
    environment = os.environ | settled | {"REDIS_URL": settings.REDIS_URL}
    done = subprocess.run(
        [sys.executable, MANAGE, command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "before 1.0.0 and cannot be upgraded. Nothing was changed." in last
    assert "manage.py export_agents" in last and "docs/upgrading.md" in last
    with psycopg.connect(address(too_old)) as database:
        tables = database.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        assert sorted(tables) == [("django_migrations",), ("teams_team",)]
        assert database.execute("select count(*) from django_migrations").fetchone() == (2,)
