"""Reports: how many cases are resolved, how soon, and how often a handover was right."""

import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from builder.models import Agent
from cases.models import Case, Queue
from cases.timeline.shares import shares
from cases.work.people import People
from routes.corrections import corrections
from routes.reports.charts import charts, share
from routes.reports.figures import ALL, Figures, Weeks, figures, last_weeks
from routes.reports.holders import times
from runs.models import Run
from runs.people import moves
from runs.record import outcomes
from teams.audit.actors import Actor, person
from teams.groups import groups
from teams.groups.groups import GroupFields
from teams.models import AuditEntry, Member, Team
from tests.driving import finish
from tests.fixtures import Make, take

pytestmark = pytest.mark.django_db

HOUR = 3600.0


@pytest.fixture
def triage(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Triage", queue=queue)


@pytest.fixture
def billing(make_agent: Make[Agent], queue: Queue) -> Agent:
    return make_agent("Billing", queue=queue)


@pytest.fixture
def weeks(team: Team) -> Weeks:
    return last_weeks(team, 4)


def created(case: Case, at: datetime, *, looked: float | None = None, done: float | None = None) -> Case:
    """The case as if it had been created then, looked at and completed so many hours later."""
    Case.objects.filter(pk=case.pk).update(created_at=at)
    if looked is not None:
        with connection.cursor() as cursor:
            # A timeline is never changed, so its trigger has to look away.
            cursor.execute("set local session_replication_role = replica")
            moment = at + timedelta(hours=looked)
            cursor.execute(
                "update cases_caseevent set at = %s where case_id = %s and kind = 'started'", [moment, case.pk]
            )
            cursor.execute("set local session_replication_role = origin")
    if done is not None:
        Case.objects.filter(pk=case.pk).update(moved_at=at + timedelta(hours=done))
    return case


def work(how: outcomes.HandedOver | outcomes.CaseCompleted | outcomes.CaseFailed) -> None:
    claim = take()[0]
    finish(claim, how)


def test_weeks_begin_on_monday_at_midnight_of_the_team(team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(time_zone="Pacific/Auckland")
    team.refresh_from_db()
    found = last_weeks(team, 60)
    assert {first.weekday() for first in found.firsts} == {0}
    assert {(start.hour, start.date()) for start in found.starts} == {(0, first) for first in found.firsts}
    # In a year the clocks there change twice, so two weeks are an hour longer or shorter.
    lengths = [(b.astimezone(UTC) - a.astimezone(UTC)) for a, b in zip(found.starts, found.starts[1:], strict=False)]
    assert {timedelta(hours=167), timedelta(hours=168), timedelta(hours=169)} == set(lengths)


def test_a_case_counts_in_the_week_it_was_created_and_for_who_worked_on_it_last(
    triage: Agent, billing: Agent, make_case: Make[Case], team: Team, weeks: Weeks, queue: Queue
) -> None:
    first = make_case("One", assignee=triage)
    work(outcomes.CaseCompleted("Done"))
    second = make_case("Two", assignee=billing)
    work(outcomes.CaseCompleted("Done"))
    third = make_case("Three", assignee=billing)
    work(outcomes.CaseFailed("Did not work"))
    waiting = make_case("Four")
    Case.objects.filter(pk=waiting.pk).update(created_at=weeks.starts[0] - timedelta(minutes=1))
    created(first, weeks.starts[1], looked=1, done=3)
    created(second, weeks.starts[1], looked=3, done=5)
    created(third, weeks.starts[2], looked=5)
    found = figures(team, weeks)
    assert found[ALL] == Figures(3, 2, 1, 3 * HOUR, 4 * HOUR, 4.8 * HOUR)
    assert found["week", 1] == Figures(2, 2, 0, 2 * HOUR, 4 * HOUR, 4.8 * HOUR)
    assert found["week", 2] == Figures(1, 0, 1, 5 * HOUR)
    assert found["queue", queue.pk] == found[ALL]
    assert found["agent", triage.pk].resolved == 1
    assert found["agent", billing.pk].resolved == 0.5
    assert ("week", 0) not in found


def test_a_handover_is_right_until_someone_corrects_it(
    triage: Agent, billing: Agent, make_case: Make[Case], team: Team, weeks: Weeks
) -> None:
    for _ in range(4):
        make_case(assignee=triage)
        work(outcomes.HandedOver(billing, "An invoice", ""))
        work(outcomes.CaseCompleted("Done"))
    assert figures(team, weeks)["agent", triage.pk].accuracy == 1
    wrong = Run.objects.filter(agent=billing).first()
    assert wrong is not None
    made = corrections.correct(corrections.of_run(wrong), None, "", Actor("Ada"), send=False)
    found = figures(team, weeks)
    assert (found["agent", triage.pk].handovers, found["agent", triage.pk].corrected) == (4, 1)
    assert found[ALL].accuracy == found["week", 3].accuracy == 0.75
    assert found["agent", billing.pk].accuracy is None
    corrections.undo(made, Actor("Ada"))
    assert figures(team, weeks)[ALL].accuracy == 1


def test_only_cases_of_the_team_and_of_the_queue_count(
    make_case: Make[Case], make_team: Make[Team], team: Team, weeks: Weeks, queue: Queue
) -> None:
    make_case("Ours")
    other = make_team()
    assert figures(other, weeks) == {ALL: Figures()}
    assert figures(team, weeks, queue.pk)[ALL].cases == 1
    assert figures(team, weeks, other.queues.get().pk)[ALL].cases == 0


def test_a_share_is_whole_only_if_nothing_is_missing() -> None:
    assert [share(value) for value in (None, 0.0, 0.001, 0.994, 0.9999, 1.0)] == [
        "–",
        "0%",
        "<1%",
        "99%",
        "99%",
        "100%",
    ]


def test_a_bar_is_as_high_as_its_week() -> None:
    firsts = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    weeks = [Figures(4, 1, done=60.0), Figures(), Figures(2, 2, done=120.0)]
    resolved, look, done, _ = charts(firsts, weeks, Figures(6, 3, done=100.0))
    assert [(bar.x, bar.height, bar.words) for bar in resolved.bars] == [
        (0, 25.0, "25%"),
        (10, 0.0, ""),
        (20, 100.0, "100%"),
    ]
    assert [(bar.y, bar.words) for bar in done.bars] == [(50.0, "1 min"), (100.0, ""), (0.0, "2 min")]
    assert (resolved.now, done.now, look.is_empty) == ("50%", "1 min 40 s", True)


def test_the_page_leads_to_the_cases_behind_a_row(
    signed_in: Client, triage: Agent, make_case: Make[Case], queue: Queue
) -> None:
    assert "No cases in these weeks" in signed_in.get(reverse("reports")).content.decode()
    make_case(assignee=triage)
    work(outcomes.CaseCompleted("Done"))
    page = signed_in.get(reverse("reports"), {"weeks": "4", "queue": str(queue.pk)}).content.decode()
    assert f"{reverse('cases')}?worked={triage.pk}" in page
    assert f"{reverse('cases')}?queue={queue.pk}" in page
    assert "100%" in page
    assert signed_in.get(reverse("reports"), {"weeks": "x", "queue": "x"}).status_code == 200


def test_queues_and_agents_are_found_by_their_words(
    signed_in: Client, triage: Agent, billing: Agent, make_case: Make[Case]
) -> None:
    for agent in (triage, billing):
        make_case(assignee=agent)
        work(outcomes.CaseCompleted("Done"))
    found = signed_in.get(reverse("reports"), {"q": "BILL"})
    assert [row.name for row in found.context["agents"]] == ["Billing"]
    assert "No matching queues or agents" in signed_in.get(reverse("reports"), {"q": "zzz"}).content.decode()


def test_a_table_is_saved_as_a_file_without_formulas(
    signed_in: Client, make_agent: Make[Agent], make_case: Make[Case], queue: Queue
) -> None:
    make_case(assignee=make_agent("=Triage", queue=queue))
    work(outcomes.CaseCompleted("Done"))
    response = signed_in.get(reverse("reports_export"), {"by": "agent", "weeks": "4"})
    assert response["Content-Disposition"] == 'attachment; filename="report-by-agent.csv"'
    heads, row = csv.reader(io.StringIO(response.content.decode("utf-8-sig")))
    assert dict(zip(heads, row, strict=True)) | {
        "First look, median s": "",
        "Done, median s": "",
        "Done, 90 % within s": "",
    } == {
        **{"Agent": "'=Triage", "Cases": "1", "Completed": "1", "Failed": "0", "Resolved %": "100.0"},
        **{"First look, median s": "", "Done, median s": "", "Done, 90 % within s": ""},
        **{"Handovers": "0", "Corrected": "0", "Handover accuracy %": ""},
    }
    assert AuditEntry.objects.filter(act="report_exported").count() == 1
    weeks = signed_in.get(reverse("reports_export"), {"by": "nothing", "weeks": "4"}).content.decode()
    assert len(weeks.splitlines()) == 5


def test_the_page_takes_as_many_queries_for_many_rows(
    signed_in: Client, make_agent: Make[Agent], make_case: Make[Case], queue: Queue
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            signed_in.get(reverse("reports"))
        return len(asked)

    make_case(assignee=make_agent(queue=queue))
    work(outcomes.CaseCompleted("Done"))
    few = queries()
    for _ in range(5):
        make_case(assignee=make_agent(queue=queue))
        work(outcomes.CaseCompleted("Done"))
    assert queries() == few


def test_whose_time_it_was_adds_up_to_the_age_of_the_cases_to_the_second(
    signed_in: Client, triage: Agent, billing: Agent, make_case: Make[Case], team: Team, member: Member, weeks: Weeks
) -> None:
    """For all cases at once as the page of each one tells it: given by agents, groups and people, undone, reopened."""
    me, finance = person(member.user), groups.create_group(team, GroupFields("Finance", [member.user.uuid]))
    cases = [make_case(assignee=triage) for _ in range(5)]
    work(outcomes.HandedOver(billing, "An invoice", ""))
    moves.assign_to_people(cases[1], me, People(group=finance))
    moves.take_over(cases[1], me)
    moves.postpone(cases[2], timezone.now() + timedelta(hours=1), me)
    moves.complete(cases[3], "", me)
    moves.undo(cases[3], Case.objects.get(pk=cases[3].pk).last_seq, me)
    moves.fail(cases[4], "", me)
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        cursor.execute("update cases_caseevent set at = at - (interval '7777.7 s') / seq")
        cursor.execute("set local session_replication_role = origin")
    names = {agent.pk: agent.name for agent in (triage, billing)}
    found = times(team, weeks, None, names)
    told: Counter[str] = Counter()
    for case in cases:
        for one in shares(case.events.order_by("seq"), {triage.pk: triage, billing.pk: billing}, timezone.now()):
            told["People without a group" if one.kind == "people" and not one.id else one.name] += one.seconds
    assert set(told) == {one.name for one in found.holders}
    assert all(abs(told[one.name] - one.seconds) <= len(cases) for one in found.holders), "but for the time this took"
    assert sum(one.seconds for one in found.holders) == found.seconds
    assert sum(one.share for one in found.holders) == pytest.approx(1) == sum(found.of_queues.values())
    assert times(team, weeks, team.queues.exclude(pk=cases[0].queue_id).first().pk, names).holders == []
    page = signed_in.get(reverse("reports")).text
    assert "Whose time it was" in page and "Finance" in page
    export = signed_in.get(reverse("reports_export"), {"by": "holder"}).content.decode("utf-8-sig")
    assert [row["Holder"] for row in csv.DictReader(io.StringIO(export))] == [one.name for one in found.holders]
