"""Rows by plain statements: what comes of them is what Django's own ways make of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.proxy import counting
from builder.models import STARTABLE, Agent
from cases.models import Case, Kind
from cases.timeline.timeline import event
from data import pipelines, rows
from runs.models import Run, Step
from tests.fixtures import Make

_TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


def columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def make_run(agent: Agent, **more: Any) -> Run:
    return Run(team_id=agent.team_id, agent=agent, revision=agent.live_revision, trigger=Run.Trigger.API, **more)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    input=_TEXTS,
    targets=_JSON,
    worked=st.timedeltas(timedelta(0), timedelta(days=900)),
    started_at=st.none() | st.integers(0, 4_000_000_000_000).map(lambda ms: datetime.fromtimestamp(ms / 1000, UTC)),
    cost=st.none() | st.decimals(0, 9999, places=8),
    tokens=st.integers(0, 2**40),
)
def test_a_row_inserted_so_is_the_one_that_django_would_have_saved(
    make_agent: Make, input: str, targets: Any, worked: timedelta, started_at: datetime | None, cost: Any, tokens: int
) -> None:
    agent = Agent.objects.first() or make_agent()
    values = {
        "input": input,
        "targets": targets,
        "worked": worked,
        "started_at": started_at,
        "cost_usd": cost,
        "input_tokens": tokens,
    }
    ours, djangos = make_run(agent, **values), make_run(agent, **values)
    rows.insert([ours])
    djangos.save(force_insert=True)
    left_out = ("id", "created_at", "available_at")
    kept = [columns(Run.objects.get(pk=run.pk)) for run in (ours, djangos)]
    assert [{name: row[name] for name in row if name not in left_out} for row in kept[:1]] == [
        {name: row[name] for name in row if name not in left_out} for row in kept[1:]
    ]
    [(read,)] = rows.join("from runs_run run where id = %s", [ours.pk], run=Run)
    assert columns(read) == kept[0]
    assert not read._state.adding


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=_TEXTS,
    data=_JSON.filter(lambda data: data is not None),
    labels=st.lists(_TEXTS, max_size=3),
    priority=st.sampled_from(Case.Priority),
)
def test_a_row_updated_so_is_the_one_that_django_would_have_saved(
    make_case: Make, title: str, data: Any, labels: list[str], priority: int
) -> None:
    cases = list(Case.objects.order_by("number")[:2])
    ours, djangos = cases if len(cases) == 2 else (make_case(), make_case())
    for case in (ours, djangos):
        case.title, case.data, case.labels, case.priority = title, data, labels, priority
    rows.update(ours, ["title", "data", "labels", "priority"])
    djangos.save(update_fields=["title", "data", "labels", "priority"])
    ours.refresh_from_db()
    djangos.refresh_from_db()
    names = ("title", "data", "labels", "priority", "status", "last_seq")
    assert [getattr(ours, name) for name in names] == [getattr(djangos, name) for name in names]


def test_rows_are_found_as_django_finds_them(make_case: Make[Case]) -> None:
    made = [make_case() for _ in range(3)]
    found = rows.fetch_all(Case, "where id = any(%s) order by number desc limit 2", [[case.pk for case in made]])
    assert [columns(case) for case in found] == [columns(case) for case in Case.objects.order_by("-number")[:2]]
    assert rows.fetch_first(Case, "where number = %s", [-1]) is None


def test_rows_of_several_tables_come_together(make_case: Make[Case], make_agent: Make[Agent]) -> None:
    case, agent = make_case(), make_agent()
    found = rows.join(
        "from cases_case the_case left join builder_agent agent on agent.id = assignee_id where the_case.id = %s",
        [case.pk],
        **{"the_case": Case, "agent": Agent},
        is_new="the_case.fence = 0",
    )
    assert found == [(case, None, True)]
    assert rows.fetch_all(Agent, "where id = %s", [agent.pk])[0].team_id == agent.team_id


@pytest.fixture
def without_pipelines(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind a pooler."""
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)


def test_all_writes_of_a_block_go_to_the_database_together(
    without_pipelines: None, make_case: Make[Case], make_agent: Make[Agent]
) -> None:
    case, run = make_case(), make_run(make_agent())
    with CaptureQueriesContext(connection) as asked, rows.at_once():
        rows.insert([run])
        rows.insert([Step(team_id=run.team_id, run=run, seq=1, kind="note", data={"text": "100 %s; it's so"})])
        case.title = "Another; one"
        rows.update(case, ["title"])
        rows.insert([event(case, Kind.UPDATED)])
        assert not Run.objects.filter(pk=run.pk).exists()
    assert len(asked) == 2
    case.refresh_from_db()
    assert case.title == "Another; one"
    assert run.steps.get().data == {"text": "100 %s; it's so"}
    assert case.events.last().kind == Kind.UPDATED


def test_updates_of_one_row_become_one_with_what_was_said_last(without_pipelines: None, make_case: Make[Case]) -> None:
    case, other = make_case(), make_case()
    with CaptureQueriesContext(connection) as asked, rows.at_once():
        case.title, case.assignee_id = "First", None
        rows.update(case, ["title", "assignee"])
        other.title = "Other"
        rows.update(other, ["title"])
        case.title, case.priority = "Last", 2
        rows.update(case, ["title", "priority", "assignee_id"])
    [statements] = asked
    assert statements["sql"].count("update") == 2
    for row in (case, other):
        row.refresh_from_db()
    assert (case.title, case.priority, other.title) == ("Last", 2, "Other")


def test_nothing_is_written_by_a_block_that_breaks_off(make_case: Make[Case]) -> None:
    case = make_case()
    with pytest.raises(ZeroDivisionError), rows.at_once():
        rows.update(case, ["title"])
        case.number //= 0
    with CaptureQueriesContext(connection) as asked, rows.at_once():
        pass
    assert len(asked) == 0


def test_a_row_that_is_gone_cannot_be_updated(make_case: Make[Case], make_agent: Make[Agent]) -> None:
    run = make_run(make_agent())
    with pytest.raises(DatabaseError, match="not there"):
        rows.update(run, ["input"])
    with pytest.raises(DatabaseError, match="not there"), rows.at_once():
        rows.update(make_case(), ["title"])
        rows.update(run, ["input"])
    assert rows.update_where(Run, {"input": "a"}, "id = %s", [run.pk]) == 0


def test_amounts_are_kept_to_the_last_digit(make_agent: Make[Agent]) -> None:
    run = make_run(make_agent(), cost_usd=Decimal("0.123456789"))
    rows.insert([run])
    assert Run.objects.get(pk=run.pk).cost_usd == Decimal("0.12345679")


def test_who_may_start_is_the_same_in_sql(make_agent: Make[Agent]) -> None:
    plain, paused, deleted = make_agent(), make_agent(), make_agent()
    Agent.objects.filter(pk=paused.pk).update(paused_at=datetime.now(UTC))
    Agent.objects.filter(pk=deleted.pk).update(deleted_at=datetime.now(UTC))
    blocked, fine = make_agent(mentions=[deleted]), make_agent(mentions=[plain])
    found = rows.join(f"from builder_agent where {STARTABLE}", [], id="builder_agent.id")
    assert {pk for (pk,) in found} == set(Agent.objects.startable().values_list("pk", flat=True))
    assert {pk for (pk,) in found} == {plain.pk, fine.pk} - {blocked.pk}


@pytest.fixture
def other_connection() -> Iterator[Any]:
    """One that was opened after someone said `keep_plans`, as a worker's are."""
    pipelines.keep_plans()
    connection.close()
    yield connection
    connection_created.disconnect(pipelines._keep_plans)
    connection.close()


def round_trips(act: Callable[[], object]) -> int:
    """Of what is done through a new connection."""
    parameters = connection.settings_dict
    host, port = parameters["HOST"], parameters["PORT"] or 5432
    connection.close()
    with counting(f"{host}/.s.PGSQL.{port}") as proxy:
        parameters["HOST"] = proxy.folder
        try:
            connection.ensure_connection()
            before = proxy.trips
            act()
            return proxy.trips - before
        finally:
            parameters["HOST"] = host
            connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_reads_and_writes_takes_two_round_trips(
    other_connection: Any, make_case: Make[Case], make_agent: Make[Agent]
) -> None:
    case, run = make_case(), make_run(make_agent())

    def move() -> None:
        with transaction.atomic():
            locked, others = rows.read(
                rows.Joined("from cases_case the_case where id = %s for update", [case.pk], {"the_case": Case}),
                rows.Selected("select count(*) from runs_run"),
            )
            assert (locked, others) == ([(case,)], [(0,)])
            with rows.at_once(commits=True):
                case.title = "Another"
                rows.update(case, ["title"])
                rows.insert([run])
                rows.insert([Step(team_id=run.team_id, run=run, seq=1, kind="note", data={})])

    assert round_trips(move) == 2
    case.refresh_from_db()
    assert (case.title, run.steps.count()) == ("Another", 1)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_committed_when_a_statement_of_the_last_batch_fails(
    other_connection: Any, make_case: Make[Case], make_agent: Make[Agent]
) -> None:
    case, run = make_case(), make_run(make_agent())
    rows.insert([run])
    told: list[str] = []
    with pytest.raises(IntegrityError), transaction.atomic():
        transaction.on_commit(lambda: told.append("committed"))
        with rows.at_once(commits=True):
            case.title = "Another"
            rows.update(case, ["title"])
            rows.insert([run])  # once more
    case.refresh_from_db()
    assert case.title != "Another" and not told
    assert connection.get_autocommit() and not connection.in_atomic_block
    rows.update(case, ["title"])  # the connection goes on


@pytest.mark.django_db(transaction=True)
def test_an_inner_transaction_commits_nothing_by_itself(other_connection: Any, make_case: Make[Case]) -> None:
    case = make_case("As it was")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with transaction.atomic(), rows.at_once(commits=True):
            case.title = "Another"
            rows.update(case, ["title"])
        case.number //= 0
    case.refresh_from_db()
    assert case.title == "As it was"


def test_a_row_is_told_what_the_database_worked_out(make_case: Make[Case], make_agent: Make[Agent]) -> None:
    case, runs = make_case(), [make_run(make_agent()) for _ in range(2)]
    with rows.at_once():
        rows.insert(runs)
        case.moved_at = rows.NOW
        rows.update(case, ["moved_at"])
    with CaptureQueriesContext(connection) as asked:
        told = [run.created_at for run in runs], case.moved_at
    assert not asked.captured_queries
    for run in runs:
        run.refresh_from_db()
    case.refresh_from_db()
    assert told == ([run.created_at for run in runs], case.moved_at)


def kept() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("select statement from pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_planned_once_for_all_its_values(other_connection: Any, make_case: Make[Case]) -> None:
    made = [make_case() for _ in range(4)]
    found = [rows.fetch_first(Case, "where number = %s", [case.number]) for case in made]
    assert found == made
    assert sum("where number = $1" in statement for statement in kept()) == 1


@pytest.mark.django_db(transaction=True)
def test_behind_a_pooler_no_plan_is_kept(other_connection: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # A pooler tells a number of its own; `tests/deploy/test_pooling.py` does it with a real one.
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", -1)
    assert [rows.select("select %s::int", [number]) for number in range(4)] == [[(number,)] for number in range(4)]
    assert not kept()


@pytest.mark.django_db(transaction=True)
def test_a_plan_that_a_migration_has_put_out_of_date_is_made_again(other_connection: Any) -> None:
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as migration:
        migration.execute("create table gauge (level smallint)")
        try:
            for _ in range(4):
                assert rows.select("select level from gauge where level > %s", [1]) == []
            migration.execute("alter table gauge alter level type bigint")
            with pytest.raises(OperationalError, match="out of date"):
                rows.select("select level from gauge where level > %s", [1])
            assert rows.select("select level from gauge where level > %s", [1]) == []
        finally:
            connection.close()
            migration.execute("drop table gauge")
