"""Records a small database of this version, with a row in every table, which the tests of later versions upgrade.

At a release: .venv/bin/python -m pytest -n 0 tests/deploy/record_release.py
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from cases.queues.queues import create_team
from data.network.identity import VERSION
from data.secrets import seal
from ops.demo.seeding import seed_demo
from runs.models import Run, ToolCalling
from teams.models import ApiKey, Installation, KeptAnswer, Team
from tests.deploy.databases import address, postgres
from tests.driving import provider, scripted, work_next
from tests.fixtures import Make
from tests.provider import Provider, call
from tests.test_isolation import fill
from tests.test_permissions import Things, make_things

__all__ = ["make_things", "provider", "scripted"]

RELEASES = Path(__file__).parent / "releases"
OURS = ("teams", "builder", "cases", "runs", "routes")
# What only psql understands, and settings that older servers do not know.
_NOT_SQL = re.compile(r"^(\\|SET transaction_timeout|--).*\n", re.MULTILINE)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team(db: None, scripted: Provider) -> Team:
    """A team beside that of the demo."""
    seed_demo()
    return create_team("Beside", "beside")


def test_record(team: Team, scripted: Provider, make_things: Callable[[Team], Things], make_run: Make[Run]) -> None:
    _work(scripted)
    fill(team, make_things(team), make_run)
    Installation.objects.create()
    ToolCalling.objects.create(team=team, model="openai-chat:scripted")
    KeptAnswer.objects.create(api_key=ApiKey.objects.get(), name="1", request="2", status=200, body=seal("{}"))
    empty = [
        model.__name__
        for model in apps.get_models()
        if model._meta.app_label in OURS and not model._base_manager.exists()
    ]
    assert not empty, f"No row to upgrade in {empty}"
    path = RELEASES / f"{VERSION}.sql"
    database = address(connection.settings_dict["NAME"])
    form = ["--no-owner", "--no-privileges", "--rows-per-insert=100"]
    postgres("pg_dump", *form, f"--file={path}", f"--dbname={database}")
    path.write_text(re.sub(r"\n{3,}", "\n\n", _NOT_SQL.sub("", path.read_text())).strip() + "\n")


def _work(scripted: Provider) -> None:
    """A case of the demo is handed over, and its second agent waits for an answer."""
    scripted.answers(
        call("request_handover", target="billing-specialist", reason="It is about money."),
        call("ask_person", question="Shall it be paid back?"),
    )
    work_next()
    waiting = work_next()
    assert waiting.status == "waiting", list(waiting.steps.values_list("data", flat=True))
