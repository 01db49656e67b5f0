from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from teams.groups.hours import DAYS, OPENINGS, Opening, due_at, is_open, worked

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = OPENINGS.validate_python([{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}])
NIGHT = OPENINGS.validate_python(
    [{"days": ["sat"], "from": "22:00", "to": "24:00"}, {"days": ["sun"], "from": "00:00", "to": "06:00"}]
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def test_due_times_count_working_hours_only() -> None:
    friday = berlin("2026-11-27T16:00")
    assert due_at(friday, 1, OFFICE, BERLIN) == berlin("2026-11-27T17:00")
    assert due_at(friday, 2, OFFICE, BERLIN) == berlin("2026-11-30T10:00")
    assert due_at(berlin("2026-11-28T12:00"), 8, OFFICE, BERLIN) == berlin("2026-11-30T17:00")
    assert due_at(berlin("2026-11-27T06:00"), 0.5, OFFICE, BERLIN) == berlin("2026-11-27T09:30")


def test_without_hours_a_group_always_works() -> None:
    sunday = berlin("2026-11-29T03:00")
    assert is_open(sunday, [], BERLIN)
    assert due_at(sunday, 5, [], BERLIN) == sunday + timedelta(hours=5)


def test_a_group_is_open_from_the_first_minute_to_before_the_last() -> None:
    for moment, expected in [("08:59", False), ("09:00", True), ("16:59", True), ("17:00", False)]:
        assert is_open(berlin(f"2026-11-30T{moment}"), OFFICE, BERLIN) is expected


@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-07", 8)])
def test_a_night_is_shorter_or_longer_when_the_clocks_change(day: str, hours: int) -> None:
    evening = berlin(f"{day}T22:00")
    assert worked(evening, evening + timedelta(days=1), NIGHT, BERLIN) == timedelta(hours=hours)
    assert due_at(evening, hours, NIGHT, BERLIN) == evening + timedelta(hours=hours)


def test_overlapping_hours_count_once() -> None:
    twice = [*OFFICE, Opening(days=["mon"], start="08:00", end="12:00")]
    monday = berlin("2026-11-30T00:00")
    assert worked(monday, monday + timedelta(days=1), twice, BERLIN) == timedelta(hours=9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": [], "from": "09:00", "to": "17:00"},
        {"days": ["mon", "mon"], "from": "09:00", "to": "17:00"},
        {"days": ["Monday"], "from": "09:00", "to": "17:00"},
        {"days": ["mon"], "from": "17:00", "to": "09:00"},
        {"days": ["mon"], "from": "9:00", "to": "17:00"},
        {"days": ["mon"], "from": "09:00", "to": "25:00"},
        {"days": ["mon"], "from": "09:00", "to": "17:00:30"},
    ],
)
def test_hours_that_do_not_make_sense_are_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        OPENINGS.validate_python([wrong])


openings = st.lists(
    st.builds(
        lambda days, times: Opening(days=days, start=f"{times[0]:02}:00", end=f"{times[1]:02}:00"),
        st.lists(st.sampled_from(DAYS), min_size=1, unique=True),
        st.lists(st.integers(0, 24), min_size=2, max_size=2, unique=True).map(sorted),
    ),
    min_size=1,
    max_size=3,
)


@given(
    openings,
    st.integers(0, 366 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.integers(1, 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_so_many_hours_are_worked_until_the_due_time(
    hours: list[Opening], start: datetime, wanted: int, zone: str
) -> None:
    due = due_at(start, wanted, hours, ZoneInfo(zone))
    assert worked(start, due, hours, ZoneInfo(zone)) == timedelta(hours=wanted)
    assert worked(start, due - timedelta(minutes=1), hours, ZoneInfo(zone)) < timedelta(hours=wanted)
