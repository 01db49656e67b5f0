from datetime import UTC, datetime, timedelta

import pytest
from django.test import RequestFactory

from web.format.times import ago, duration, elapsed, zone_of

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (44, "just now"),
        (45, "1 min ago"),
        (149, "2 min ago"),
        (150, "3 min ago"),
        (3569, "59 min ago"),
        (3570, "1 h ago"),
        (23.4 * 3600, "23 h ago"),
        (23.6 * 3600, "1 d ago"),
        (6.9 * 86400, "7 d ago"),
        (7 * 86400, "15 Nov"),
        (400 * 86400, "18 Oct 2025"),
        (-10, "in a moment"),
        (-300, "in 5 min"),
        (-7200, "in 2 h"),
    ],
)
def test_a_moment_is_told_by_its_distance(seconds: float, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (0.42, "0.4 s"),
        (12, "12 s"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (273600, "3 d 4 h"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words
    assert duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (4.9, "4 s"), (59.9, "59 s"), (65, "1 min 5 s"), (7200, "2 h"), (-4.2, "4 s")]
)
def test_a_distance_counts_in_whole_seconds(seconds: float, words: str) -> None:
    assert elapsed(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("cookie", "zone"),
    [("Europe/Berlin", "Europe/Berlin"), ("", "UTC"), ("Nowhere/Else", "UTC"), ("../../etc/passwd", "UTC")],
)
def test_the_zone_is_the_one_that_the_page_tells(cookie: str, zone: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["zone"] = cookie
    assert str(zone_of(request)) == zone
