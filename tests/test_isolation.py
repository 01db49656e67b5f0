"""No row of a team can name a row of another one: the database says so, no matter who writes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import ForeignKey

from builder.models import Agent, Mention, PeopleMention, ToolConnection, Usage
from cases.models import CaseMessage, Notification, Queue, Watch
from routes.models import CheckResult, ImpactCase, RoutingTest, Trial
from runs.models import BulkItem, Handover, RequestEmail, Run, Step
from teams.models import GroupMember, Member, SavedView, Team

from .fixtures import Make
from .test_permissions import Things, make_things

__all__ = ["make_things"]

pytestmark = pytest.mark.django_db

# Rows that say no team of their own are their owner's.
OWNED = {
    "CaseWords": "case",
    "RunWords": "run",
    "UploadRow": "upload",
    "BulkItem": "action",
    "KeptAnswer": "api_key",
}


APPS = ("teams", "builder", "cases", "channels", "runs", "routes")


def _keys() -> Iterator[Any]:
    """All that lead from a row of a team to another row of a team. People belong to no team."""
    for model in filter(_is_of_a_team, apps.get_models()):
        for field in model._meta.concrete_fields:
            leads = isinstance(field, ForeignKey) and _is_of_a_team(field.related_model)
            if leads and OWNED.get(model.__name__) != field.name:
                yield field


def _is_of_a_team(model: Any) -> bool:
    return model.__name__ in OWNED or any(
        isinstance(field, ForeignKey) and field.related_model is Team for field in model._meta.concrete_fields
    )


KEYS = [pytest.param(field, id=f"{field.model.__name__}.{field.name}") for field in _keys()]


def test_every_table_belongs_to_a_team_or_to_none() -> None:
    of_no_team = {
        model.__name__ for model in apps.get_models() if model._meta.app_label in APPS and not _is_of_a_team(model)
    }
    assert of_no_team == {"Team", "User", "Installation"}


@pytest.mark.parametrize("field", KEYS)
def test_every_foreign_key_between_rows_of_teams_includes_the_team(field: ForeignKey[Any, Any]) -> None:
    table, column = field.model._meta.db_table, field.column
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select conrelid::regclass || ' (team_id, ' || %(column)s || ') to ' || confrelid::regclass
            from pg_constraint where contype = 'f' and convalidated and conrelid = %(table)s::regclass
            and conkey = array[
              (select attnum from pg_attribute where attrelid = conrelid and attname = 'team_id'),
              (select attnum from pg_attribute where attrelid = conrelid and attname = %(column)s)]
            union all
            select tgname from pg_trigger where tgrelid = %(table)s::regclass and tgenabled = 'O'
            and tgname in (%(column)s || '_same_team', %(column)s || '_same_team_still')
            """,
            {"table": table, "column": column},
        )
        found = sorted(row[0] for row in cursor)
    wanted = [f"{table} (team_id, {column}) to {field.related_model._meta.db_table}"]
    if field.model.__name__ in OWNED:
        wanted = [f"{column}_same_team", f"{column}_same_team_still"]
    assert found == wanted, f"Add same_team(…) of data/constraints.py for {table}.{column} to the migration"


def test_no_foreign_key_crosses_teams(
    team: Team, make_team: Make[Team], make_things: Callable[[Team], Things], make_run: Make[Run]
) -> None:
    """Each is tried, by the row of ours that has it and a row of the other team that it could name."""
    for owner in (team, make_team()):
        fill(owner, make_things(owner), make_run)
    crossed = []
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        for field in _keys():
            table, named = field.model._meta.db_table, field.related_model
            [[pk]] = _of(team, field.model, field.model._meta.pk.column)
            [[their]] = _of(owner, named, "id")
            try:
                with transaction.atomic():
                    _drop_other_promises(table)
                    own = field.model._meta.pk.column
                    cursor.execute(f"update {table} set {field.column} = %s where {own} = %s", [their, pk])
                    assert cursor.rowcount == 1
                    crossed.append(f"{table}.{field.column}")
            except DatabaseError as error:
                assert "_same_team" in str(error), f"{table}.{field.column}: {error}"
    assert not crossed


def fill(team: Team, things: Things, make_run: Make[Run]) -> None:
    """Adds what `things` has none of."""
    of = things.ids
    agent, run = Agent.objects.get(pk=of["agent"]), Run.objects.get(pk=of["run"])
    again = make_run(agent)
    Mention.objects.create(team=team, revision=agent.live_revision, target=agent, position=0)
    ToolConnection.objects.create(team=team, agent=agent, tool_id=of["server_tool"])
    zero = dict.fromkeys(["slot", "runs", "requests", "input_tokens", "output_tokens", "cached_tokens"], 0)
    zero |= dict.fromkeys(["cost_usd", "unpriced_runs", "unpriced_requests"], 0)
    Usage.objects.create(team=team, agent=agent, day="2026-01-01", model="offline", **zero)
    Watch.objects.create(team=team, case_id=of["case"], user=Member.objects.get(pk=of["member"]).user)
    SavedView.objects.create(team=team, owner_id=of["member"], list="runs", name="Failed", query="state=failed")
    GroupMember.objects.create(team=team, group_id=of["group"], member_id=of["member"])
    Queue.objects.filter(pk=of["queue"]).update(hours_of_id=of["group"])
    Step.objects.create(team=team, run=run, seq=1, kind="note", data={})
    Handover.objects.create(team=team, source=run, source_agent=agent, target=agent, next_run=again, reason="r")
    notification = Notification.objects.get(pk=of["notification"])
    RequestEmail.objects.create(team=team, notification=notification, member_id=of["member"], why="news")
    RequestEmail.objects.create(team=team, request_id=of["human_request"], member_id=of["member"], why="asked")
    PeopleMention.objects.create(team=team, revision=agent.live_revision, group_id=of["group"], position=0)
    RoutingTest.objects.filter(pk=of["test"]).update(correction=of["correction"], run=run)
    CheckResult.objects.create(team=team, check_of_id=of["check"], test_id=of["test"], before_times=1, after_times=1)
    Trial.objects.create(team=team, agent=agent, run=run, key="k", number=1, question={})
    ImpactCase.objects.create(team=team, impact_id=of["impact"], run=run, key="k", before={})
    CaseMessage.objects.create(team=team, case_id=of["case"], agent=agent, direction="in", message_id="<1@example.org>")
    BulkItem.objects.create(action_id=of["bulk"], case_id=of["case"], state="waiting")


def _of(team: Team, model: Any, column: str) -> list[tuple[Any]]:
    """One row of the team."""
    owner = OWNED.get(model.__name__)
    rows = model._base_manager.filter(**{f"{owner}__team" if owner else "team": team})
    found = list(rows.order_by("pk").values_list(column)[:1])
    assert found, f"Add a {model.__name__} to fill of {__file__}"
    return found


def _drop_other_promises(table: str) -> None:
    """They would refuse the change too, which is not the question here."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select format('alter table %%s disable trigger %%I', tgrelid::regclass, tgname) from pg_trigger
            where tgrelid = %(table)s::regclass and not tgisinternal and tgname not like '%%_same_team%%'
            union all
            select format('alter table %%s drop constraint %%I', conrelid::regclass, conname) from pg_constraint
            where conrelid = %(table)s::regclass and contype in ('u', 'c') and conname not like '%%_team_key'
            union all
            select format('drop index if exists %%s', indexrelid::regclass) from pg_index
            where indrelid = %(table)s::regclass and indisunique
            and not exists (select from pg_constraint where conindid = indexrelid)
            """,
            {"table": table},
        )
        for [statement] in cursor.fetchall():
            cursor.execute(statement)
