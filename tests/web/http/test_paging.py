from collections.abc import Callable

import pytest
from django.db.models import Q

from builder.models import Agent
from teams.models import Team
from web.http.paging import Page, few, page


@pytest.fixture
def agents(team: Team, make_agent: Callable[..., Agent]) -> list[Agent]:
    for number in (4, 1, 3, 5, 2):
        make_agent(f"Agent {number}", description=str(number % 2))
    return list(Agent.objects.order_by("name"))


def names(found: Page[Agent]) -> list[str]:
    return [row.name[-1] for row in found.rows]


def turn(order: list[str], cursor: str = "") -> Page[Agent]:
    return page(Agent.objects.all(), order, cursor, size=2)


def test_pages_lead_to_the_end_and_back(agents: list[Agent]) -> None:
    first = turn(["name", "id"])
    second = turn(["name", "id"], first.older)
    third = turn(["name", "id"], second.older)
    assert [names(found) for found in (first, second, third)] == [["1", "2"], ["3", "4"], ["5"]]
    assert (first.newer, third.older) == ("", "")

    back = turn(["name", "id"], third.newer)
    assert names(back) == ["3", "4"]
    start = turn(["name", "id"], back.newer)
    assert (names(start), start.newer) == (["1", "2"], "")
    assert names(turn(["name", "id"], start.older)) == ["3", "4"]


def test_a_list_may_be_read_in_parts(agents: list[Agent]) -> None:
    parts = [Q(description="0"), Q(description="1")]

    def turned(order: list[str], cursor: str = "") -> Page[Agent]:
        return page(Agent.objects.all(), order, cursor, size=2, split=parts)

    first = turned(["-name", "id"])
    second = turned(["-name", "id"], first.older)
    third = turned(["-name", "id"], second.older)
    assert [names(found) for found in (first, second, third)] == [["5", "4"], ["3", "2"], ["1"]]
    assert names(turned(["-name", "id"], second.newer)) == ["5", "4"]


def test_few_rows_are_named_and_many_are_not(agents: list[Agent]) -> None:
    rows = Agent.objects.filter(description="1")
    assert set(few(rows, 3) or []) == set(rows.values_list("pk", flat=True))
    assert few(rows, 2) is None
    assert few(rows.none(), 2) == []


def test_fields_may_fall_and_rise(agents: list[Agent]) -> None:
    order = ["-description", "name", "id"]
    first = turn(order)
    second = turn(order, first.older)
    assert names(first) + names(second) + names(turn(order, second.older)) == ["1", "3", "5", "2", "4"]


def test_times_make_good_edges(agents: list[Agent]) -> None:
    first = turn(["-created_at", "id"])
    assert names(first) == ["2", "5"]
    assert names(turn(["-created_at", "id"], first.older)) == ["3", "1"]


def test_a_row_that_went_takes_nothing_with_it(agents: list[Agent]) -> None:
    first = turn(["name", "id"])
    first.rows[-1].delete()
    assert names(turn(["name", "id"], first.older)) == ["3", "4"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10", "WzFd", "WzAsIngiLCJ5Il0", "ü", "WzAsMSwyXQ"])
def test_a_cursor_that_says_nothing_starts_at_the_beginning(agents: list[Agent], cursor: str) -> None:
    assert names(turn(["name", "id"], cursor)) == ["1", "2"]


def test_an_empty_list_has_one_empty_page(db: None) -> None:
    assert turn(["name", "id"]) == Page([])
