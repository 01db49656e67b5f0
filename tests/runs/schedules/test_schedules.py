"""Starting agents by the clock: which times, once each, and why not."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder.agents import agents
from builder.models import Agent
from data.errors import Refused
from runs.models import Run, Schedule
from runs.schedules import schedules
from runs.schedules.schedules import create_schedule, next_times, start_due, words
from runs.workers.clock import sweep
from teams.audit.actors import BATON
from teams.keys.api_keys import create_key
from teams.settings import zones
from tests.api.conftest import Caller


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def iso(times: list[datetime]) -> list[str]:
    return [moment.isoformat()[5:16] + moment.isoformat()[19:22] for moment in times]


# --- Times -----------------------------------------------------------------------------------


def test_every_weekday_at_eight_keeps_to_the_clocks_of_its_zone() -> None:
    times = next_times("0 8 * * 1-5", "Europe/Berlin", at("2026-03-26T12:00"), 3)
    assert iso(times) == ["03-27T08:00+01", "03-30T08:00+02", "03-31T08:00+02"]


def test_a_time_that_the_clocks_skip_comes_with_the_next_and_one_shown_twice_comes_once() -> None:
    spring = next_times("30 2 * * *", "Europe/Berlin", at("2026-03-28T12:00"), 2)
    assert iso(spring) == ["03-29T03:00+02", "03-30T02:30+02"]
    autumn = next_times("30 2 * * *", "Europe/Berlin", at("2026-10-24T12:00"), 2)
    assert iso(autumn) == ["10-25T02:30+02", "10-26T02:30+01"]
    hourly = next_times("30 * * * *", "Europe/Berlin", at("2026-10-24T23:50"), 3)
    assert iso(hourly) == ["10-25T02:30+02", "10-25T02:30+01", "10-25T03:30+01"]


@pytest.mark.parametrize("expression", ["", "8", "* * * * * *", "61 * * * *", "@daily", "0 0 30 2 *", "x" * 200])
def test_what_is_no_time_is_refused_at_its_field(expression: str) -> None:
    with pytest.raises(Refused) as refused:
        next_times(expression, "UTC", at("2026-01-01T00:00"), 5)
    assert "cron" in refused.value.fields


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("R 9 * * *", "cannot be random (R)"),
        ("0 r(9-17) * * *", "cannot be random"),
        ("H 9 * * *", "cannot be random (H)"),
        ("H/15 * * * *", "cannot be random"),
        ("*/90 * * * *", "a step of 90"),
        ("0 */24 * * *", "a step of 24"),
        ("0 0 */40 * *", "a step of 40"),
        ("10-20/15 * * * *", "a step of 15"),
        ("*/0 * * * *", "a step of 0"),
        ("0 8 30 2 *", "there is no such date"),
        ("0 8 31 4,6,9,11 *", "there is no such date"),
        ("0 24 * * *", "goes from 0 to 23"),
        ("60 * * * *", "goes from 0 to 59"),
        ("0 8 0 * *", "goes from 1 to 31"),
        ("0 8 32 * *", "goes from 1 to 31"),
        ("0 8 * 13 *", "goes from 1 to 12"),
        ("0 8 * * 8", "goes from 0 to 7"),
        ("0 22-2 * * *", "runs backwards"),
        ("0 0 8 * * 1", "This has 6 fields"),
        ("0 0 8 * * 1 2027", "This has 7 fields"),
        ("@reboot", "cannot start at this: @reboot"),
        ("@daily", "Enter 0 0 * * *"),
        ("0 8 15w * *", "cannot be “15w”"),
        ("0 8 -1 * *", "cannot be “-1”"),
        ("٣ 8 * * *", "cannot be “٣”"),
        ("0 8 * * 1,,2", "cannot be “”"),
    ],
)
def test_what_never_or_oddly_fires_is_refused_with_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        next_times(expression, "UTC", at("2026-01-01T00:00"), 5)
    assert reason in refused.value.fields["cron"]


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("*/15 9-17 * * mon-fri", ["01-01T09:00+00", "01-01T09:15+00"]),
        ("0 8 1,15 JAN-MAR *", ["01-01T08:00+00", "01-15T08:00+00"]),
        ("5/20 * * * *", ["01-01T00:05+00", "01-01T00:25+00"]),
        ("0 8 L * *", ["01-31T08:00+00", "02-28T08:00+00"]),
        ("0 8 * * 5#2", ["01-09T08:00+00", "02-13T08:00+00"]),
        ("0 8 * * L5", ["01-30T08:00+00", "02-27T08:00+00"]),
        ("0 8 * * 7", ["01-04T08:00+00", "01-11T08:00+00"]),
        ("0 8 29 2 *", ["02-29T08:00+00", "02-29T08:00+00"]),
    ],
)
def test_what_people_write_is_read_as_they_mean_it(expression: str, times: list[str]) -> None:
    assert iso(next_times(expression, "UTC", at("2026-01-01T00:00"), 2)) == times


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused):
        next_times("0 8 * * *", "Europe/Atlantis", at("2026-01-01T00:00"), 1)


def test_schedules_in_words() -> None:
    assert words("0 8 * * 1-5") == "Every weekday at 08:00"
    assert words("5 17 * * 5") == "Every Friday at 17:05"
    assert words("15 * * * *") == "Every hour at :15"
    assert words("*/5 * * * *") == "*/5 * * * *"


# --- Starting --------------------------------------------------------------------------------


def make_due(agent: Agent, ago: timedelta = timedelta(seconds=1), text: str = "") -> Schedule:
    schedule = create_schedule(agent, "*/5 * * * *", "UTC", text, BATON)
    schedule.next_at = timezone.now() - ago
    schedule.save()
    return schedule


@pytest.mark.django_db
def test_a_due_schedule_starts_a_run_in_the_next_sweep(make_agent) -> None:
    schedule = make_due(make_agent(), text="Look at yesterday.")
    sweep()
    run = Run.objects.get()
    assert (run.trigger, run.input, run.agent) == ("schedule", "Look at yesterday.", schedule.agent)
    schedule.refresh_from_db()
    assert (schedule.last_run, schedule.obstacle) == (run, "")
    assert schedule.next_at > timezone.now()
    sweep()
    assert Run.objects.count() == 1


@pytest.mark.django_db
def test_what_was_missed_while_no_clock_ticked_is_made_up_for_once(make_agent) -> None:
    make_due(make_agent(), timedelta(days=2))
    start_due()
    start_due()
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_several_clocks_start_one_run(make_agent) -> None:
    agent = make_agent()
    for _ in range(5):
        make_due(agent)
    gate = threading.Barrier(4)

    def tick() -> None:
        gate.wait()
        start_due()
        connection.close()

    clocks = [threading.Thread(target=tick) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()
    assert Run.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_comes_second_starts_nothing(make_agent) -> None:
    """It saw the same due time, and waits for the row that the first one is moving on."""
    schedule = make_due(make_agent())
    second = threading.Thread(target=lambda: (schedules._start(schedule), connection.close()))
    with transaction.atomic():
        schedules._start(Schedule.objects.get())
        second.start()
        _wait_for_a_blocked_backend()
    second.join()
    assert Run.objects.count() == 1


def _wait_for_a_blocked_backend() -> None:
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from pg_locks where not granted and locktype = 'transactionid'")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


@pytest.mark.django_db
def test_an_agent_that_may_not_start_is_said_to_be_why(make_agent) -> None:
    agent = make_agent()
    schedule = make_due(agent)
    agents.pause_agent(agent)
    start_due()
    schedule.refresh_from_db()
    assert "paused" in schedule.obstacle
    assert schedule.last_due_at
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_a_deleted_agent_is_not_started(make_agent) -> None:
    agent = make_agent()
    schedule = make_due(agent)
    Agent.objects.filter(pk=agent.pk).update(deleted_at=timezone.now())
    start_due()
    schedule.refresh_from_db()
    assert schedule.obstacle
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_a_paused_schedule_starts_nothing_and_makes_up_for_nothing(make_agent) -> None:
    schedule = make_due(make_agent())
    schedules.pause(schedule)
    start_due()
    schedules.resume(schedule)
    start_due()
    assert not Run.objects.exists()


# --- Pages -----------------------------------------------------------------------------------

FORM = {
    "every": "weekday",
    "day": "1",
    "at": "08:00",
    "minute": "5",
    "cron": "",
    "zone": "Europe/Berlin",
    "input": "Hello",
}


@pytest.mark.django_db
def test_a_schedule_is_added_seen_changed_and_deleted(signed_in, make_agent) -> None:
    agent = make_agent()
    assert "None." in signed_in.get(f"/agents/{agent.pk}/schedules/").text
    assert signed_in.post(f"/agents/{agent.pk}/schedules/new/", FORM)["Location"] == f"/agents/{agent.pk}/runs/"
    schedule = Schedule.objects.get()
    assert (schedule.expression, schedule.zone) == ("0 8 * * 1-5", "Europe/Berlin")
    assert "Every weekday at 08:00" in signed_in.get(f"/agents/{agent.pk}/schedules/").text
    page = signed_in.get(f"/schedules/{schedule.pk}/edit/").text
    assert re.search('value="weekday"[^>]* checked', page)
    signed_in.post(f"/schedules/{schedule.pk}/edit/", FORM | {"every": "cron", "cron": "*/10 9-17 * * *"})
    schedule.refresh_from_db()
    assert schedule.expression == "*/10 9-17 * * *"
    signed_in.post(f"/schedules/{schedule.pk}/pause/")
    assert "Paused" in signed_in.get(f"/agents/{agent.pk}/schedules/").text
    signed_in.post(f"/schedules/{schedule.pk}/delete/")
    assert not Schedule.objects.exists()


@pytest.mark.django_db
def test_the_next_five_times_are_shown_before_saving(signed_in) -> None:
    page = signed_in.get("/schedules/times/", FORM).text
    assert page.count("<li>") == 5
    assert "08:00 CE" in page
    assert "five fields" in signed_in.get("/schedules/times/", FORM | {"every": "cron", "cron": "soon"}).text


@pytest.mark.django_db
def test_what_is_wrong_with_a_schedule_is_said_and_kept(signed_in, make_agent) -> None:
    address = f"/agents/{make_agent().pk}/schedules/new/"
    answer = signed_in.post(address, FORM | {"every": "cron", "cron": "soon"})
    assert answer.status_code == 422
    assert "five fields" in answer.text
    assert 'value="soon"' in answer.text
    assert "Required." in signed_in.post(address, FORM | {"at": ""}).text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("form", "expression"),
    [
        ({"every": "day", "day": "", "minute": "99", "cron": "soon"}, "0 8 * * *"),
        ({"every": "week", "day": "3"}, "0 8 * * 3"),
        ({"every": "hour", "at": "", "minute": "5"}, "5 * * * *"),
        ({"every": "cron", "at": "25:00", "minute": "", "cron": "1 2 3 4 *"}, "1 2 3 4 *"),
    ],
)
def test_only_the_fields_that_a_choice_needs_count(signed_in, make_agent, form, expression) -> None:
    signed_in.post(f"/agents/{make_agent().pk}/schedules/new/", FORM | form)
    schedule = Schedule.objects.get()
    assert schedule.expression == expression
    page = signed_in.get(f"/schedules/{schedule.pk}/edit/").text
    assert re.search(f'value="{form["every"]}"[^>]* checked', page)


@pytest.mark.django_db
def test_all_schedules_of_the_team_stand_in_one_list_the_next_first(signed_in, make_agent, make_team) -> None:
    assert "No schedules yet" in signed_in.get("/schedules/").text
    make_due(make_agent(of=make_team()))
    soon, paused, failing = [make_due(make_agent(name)) for name in ("Reporter", "Sleeper", "Breaker")]
    Schedule.objects.filter(pk=failing.pk).update(obstacle="It is paused.", next_at=timezone.now() + timedelta(days=1))
    schedules.pause(paused)

    def shown(**query: str) -> list[str]:
        return re.findall(r'id="schedule-([0-9a-f-]+)"', signed_in.get("/schedules/", query).text)

    assert shown() == [str(soon.pk), str(failing.pk), str(paused.pk)]
    assert shown(state="paused") == [str(paused.pk)]
    assert shown(state="failing") == [str(failing.pk)]
    assert shown(state="nonsense", q="report") == [str(soon.pk)]
    assert "It is paused." in signed_in.get("/schedules/").text
    assert "No matching schedules" in signed_in.get("/schedules/", {"q": "zebra"}).text


@pytest.mark.django_db
def test_the_list_asks_as_often_for_many_schedules_as_for_few(signed_in, make_agent) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            signed_in.get("/schedules/")
        return len(captured)

    make_due(make_agent())
    start_due()
    few = queries()
    for _ in range(4):
        make_due(make_agent())
    start_due()
    assert queries() == few


@pytest.mark.django_db
def test_the_card_says_why_nothing_starts(signed_in, make_agent) -> None:
    agent = make_agent()
    make_due(agent)
    agents.pause_agent(agent)
    assert "Nothing starts now." in signed_in.get(f"/agents/{agent.pk}/schedules/").text


@pytest.mark.django_db
def test_the_run_says_that_a_schedule_started_it(signed_in, make_agent) -> None:
    make_due(make_agent())
    start_due()
    assert "A schedule of" in signed_in.get(f"/runs/{Run.objects.get().pk}/").text


@pytest.mark.django_db
def test_a_new_schedule_begins_with_the_zone_of_the_team_and_offers_canonical_names(
    signed_in, make_agent, team
) -> None:
    zones.change_zone(team, "America/Sao_Paulo")
    page = signed_in.get(f"/agents/{make_agent().pk}/schedules/new/").text
    assert 'name="zone" value="America/Sao_Paulo"' in page
    offered = re.findall(r'<option value="([A-Z][^"]*)">[^<]*</option>', page)
    assert offered[0] == "America/Sao_Paulo" and sorted(offered) == sorted(zones.names())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("asia/kolkata", "Asia/Kolkata"),
        ("New York", "America/New_York"),
        ("Atlantis", ""),
        ("US/Pacific", "America/Los_Angeles"),
    ],
)
def test_a_zone_is_found_as_people_write_it(signed_in, make_agent, typed: str, kept: str) -> None:
    form = {"every": "day", "at": "08:00", "zone": typed, "input": ""}
    answer = signed_in.post(f"/agents/{make_agent().pk}/schedules/new/", form)
    assert answer.status_code == (302 if kept else 422)
    assert list(Schedule.objects.values_list("zone", flat=True)) == ([kept] if kept else [])


@pytest.mark.django_db
def test_a_zone_from_before_stays_when_something_else_is_changed(signed_in, make_agent) -> None:
    schedule = create_schedule(make_agent(), "0 8 * * *", "US/Eastern", "", BATON)
    form = {"every": "day", "at": "09:00", "zone": "US/Eastern", "input": ""}
    assert signed_in.post(f"/schedules/{schedule.pk}/edit/", form).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.expression, schedule.zone) == ("0 9 * * *", "US/Eastern")


@pytest.mark.django_db
def test_a_schedule_of_the_api_is_in_the_zone_of_the_team_unless_it_says_another(make_agent, team) -> None:
    zones.change_zone(team, "Asia/Tokyo")
    agent, api = make_agent(), Caller(create_key(team, "Ours")[1])
    made = api.post("/schedules", {"agent_id": str(agent.pk), "cron": "0 8 * * *"}).json()
    other = api.post("/schedules", {"agent_id": str(agent.pk), "cron": "0 8 * * *", "zone": "Europe/Paris"}).json()
    assert (made["zone"], other["zone"]) == ("Asia/Tokyo", "Europe/Paris")
