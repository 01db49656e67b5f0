"""Times as models write them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from builder.models import Agent
from cases.models import Case
from runs.prompts.moments import moment
from teams.models import Team
from teams.settings import zones
from tests.driving import work_next
from tests.fixtures import Make
from tests.provider import Provider, call

# A Monday.
HERE = datetime(2026, 11, 30, 21, 5, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("texts", "minutes"),
    [
        (("30m", "30 min", "30 Minutes", "PT30M", "half an hour", "0.5h", "in 30 minutes"), 30),
        (("90m", "1h30m", "1h 30m", "PT1H30M", "1.5 hours", "1 hour and 30 minutes", "1 hour, 30 min"), 90),
        (
            (
                "2h",
                "2H",
                " 2 hours ",
                "2\u00a0hours",
                "２ｈ",
                "PT2H",
                "pt2h",
                "in 2 hours",
                "+2h",
                "two hours from now",
            ),
            120,
        ),
        (("1d", "1D", "1 day", "a day", "P1D", "24h", "tomorrow", "Tomorrow.", "until tomorrow", "in one day"), 1440),
        (("2 days", "in two days", "P2D", "day after tomorrow", "a couple of days"), 2880),
        (("1w", "1W", "a week", "in a week", "next week", "P1W", "7 days"), 7 * 1440),
        (("1 month", "P1M", "next month", "in a month"), 30 * 1440),
    ],
)
def test_a_length_from_now_is_read_however_it_is_written(texts: tuple[str, ...], minutes: int) -> None:
    for text in texts:
        assert moment(text, HERE) - HERE == timedelta(minutes=minutes), text


@pytest.mark.parametrize(
    ("texts", "at"),
    [
        (("2026-12-01", "2026-12-01T00:00", "1.12.2026", "2026/12/01", "1 December", "Dec 1st, 2026"), "12-01 00:00"),
        (("2026-12-01T09:00", "2026-12-01 9:00", "tomorrow 9:00", "tomorrow at 9am", "9am tomorrow"), "12-01 09:00"),
        (("2026-12-01T08:00Z", "2026-12-01 08:00 UTC", "2026-12-01T13:30+05:30", "tomorrow 8:00 UTC"), "12-01 09:00"),
        (("2026-12-01T09:00[Europe/Berlin]", "2026-12-01 03:00 America/New_York"), "12-01 09:00"),
        (("next monday 9:00", "Monday at 9", "mon 9 am", "on monday morning", "2026-12-07 09:00"), "12-07 09:00"),
        (("friday 14:30", "next Friday at 2:30 pm", "14:30 on friday"), "12-04 14:30"),
        (("wednesday", "on Wednesday", "2 Dec"), "12-02 00:00"),
        (("22:00", "at 10 pm", "today 22:00", "today at 10pm"), "11-30 22:00"),
        (("9:00", "at 9am"), "12-01 09:00"),
    ],
)
def test_a_day_or_a_clock_is_read_in_the_zone(texts: tuple[str, ...], at: str) -> None:
    for text in texts:
        assert f"{moment(text, HERE).astimezone(HERE.tzinfo):%m-%d %H:%M}" == at, text


def test_a_day_is_24_hours_when_the_clocks_change_and_a_clock_is_the_clock() -> None:
    before = datetime(2026, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert f"{moment('24h', before):%d %H:%M}" == "29 13:00"
    assert f"{moment('tomorrow', before):%d %H:%M}" == "29 12:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "later",
        "-2h",
        "in -2 hours",
        "5/6/2026",
        "12/1",
        "90",
        "20261201",
        "1x",
        "h",
        "P",
        "PT",
        "-P1D",
        "tomorrow 25:00",
        "2026-13-01",
        "someday 9:00",
        "1e9h",
        "monday tuesday",
        "9" * 5000 + "h",
        "9:00 9:00",
    ],
)
def test_what_could_be_anything_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match="say a time from now"):
        moment(text, HERE)


@pytest.fixture
def case(scripted: Provider, make_agent: Make[Agent], make_case: Make[Case], queue) -> Case:
    return make_case("Wait", assignee=make_agent("Clerk", queue=queue))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["2020-01-01", "today 0:00", "0m", "99999w", "5000-01-01", "9999-12-31T23:59-12:00", "soon"]
)
def test_a_time_that_cannot_be_is_answered_with_what_time_it_is(scripted, team: Team, case, text: str) -> None:
    zones.change_zone(team, "Asia/Tokyo")
    scripted.answers(call("postpone_case", until=text, reason="x"), call("complete_case", summary="x"))
    now = timezone.now()
    [told, _] = [step.data["content"] for step in work_next().steps.filter(kind="tool_result")]
    assert f"It is now {now.astimezone(ZoneInfo('Asia/Tokyo')):%A}, " in told and "(Asia/Tokyo, UTC+09:00)" in told


@pytest.mark.django_db
def test_a_case_is_postponed_on_the_clocks_of_the_team(scripted, team: Team, case) -> None:
    zones.change_zone(team, "Pacific/Auckland")
    scripted.answers(call("postpone_case", until="tomorrow 9:00", reason="x"))
    work_next()
    case.refresh_from_db()
    here = case.due_at.astimezone(ZoneInfo("Pacific/Auckland"))
    tomorrow = timezone.now().astimezone(ZoneInfo("Pacific/Auckland")).date() + timedelta(days=1)
    assert (here.date(), here.hour, here.minute) == (tomorrow, 9, 0)
