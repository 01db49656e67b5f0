from typing import Any

import pytest

from builder.procedures.fields import check, similar_keys
from builder.procedures.needs import read

NEEDS = read(
    "NEEDS\n- order number\n- amount: number\n- due day: date\n- urgent: yes or no\n- plan: one of free, Team\n"
    "- remark (optional)"
).needs
GIVEN = {"order number": "A-1", "amount": 12.5, "due day": "2026-12-31", "urgent": True, "plan": "free"}


def test_what_fits_is_handed_over_under_the_names_of_the_receiver() -> None:
    given = {"Order_Number": " A-1 ", "AMOUNT": "12.50", "due-day": "2026-12-31", "urgent": "Yes", "plan": "TEAM"}
    checked = check(NEEDS, given)
    assert checked.values == {
        "order number": "A-1",
        "amount": 12.5,
        "due day": "2026-12-31",
        "urgent": True,
        "plan": "Team",
    }
    assert checked.faults == ()


def test_every_missing_field_is_named_but_an_optional_one() -> None:
    faults = check(NEEDS, {}).faults
    assert [fault.name for fault in faults] == ["order number", "amount", "due day", "urgent", "plan"]
    assert all(fault.missing for fault in faults)
    assert faults[4].message == "“plan” (one of free, Team) is missing."


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_an_empty_required_text_is_missing_and_an_empty_optional_one_left_out(nothing: Any) -> None:
    checked = check(NEEDS, {**GIVEN, "order number": nothing, "remark": nothing})
    assert [(fault.name, fault.missing) for fault in checked.faults] == [("order number", True)]
    assert "remark" not in checked.values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order number", 4711),
        ("order number", ["A-1"]),
        ("order number", "x" * 4001),
        ("amount", "twelve"),
        ("amount", "1,200"),
        ("amount", "1e3"),
        ("amount", True),
        ("amount", float("nan")),
        ("amount", float("inf")),
        ("amount", 10**400),
        ("amount", "٣"),
        ("due day", "31.12.2026"),
        ("due day", "2026-02-30"),
        ("due day", "2026-12-31T10:00"),
        ("due day", 20261231),
        ("urgent", 1),
        ("urgent", "maybe"),
        ("urgent", {}),
        ("plan", "gold"),
        ("plan", 1),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_is_wanted(name: str, value: Any) -> None:
    [fault] = check(NEEDS, {**GIVEN, name: value}).faults
    assert (fault.name, fault.missing) == (name, False)
    assert fault.message.startswith(f"“{name}” must be ")
    assert len(fault.message) < 200


@pytest.mark.parametrize(("written", "number"), [("12", 12), ("-3", -3), ("0.5", 0.5), (" 7 ", 7), (7, 7)])
def test_digits_are_read_as_a_number(written: Any, number: float) -> None:
    assert check(NEEDS, {**GIVEN, "amount": written}).values["amount"] == number


def test_names_that_nobody_asked_for_are_told() -> None:
    assert check(NEEDS, {**GIVEN, "mood": "bad"}).unknown == ("mood",)


def test_keys_of_the_case_that_look_alike_share_a_word() -> None:
    assert similar_keys("order number", ["orderId", "Order_No", "customer", "orders"]) == [
        "orderId",
        "Order_No",
        "orders",
    ]
    assert similar_keys("due day", ["title"]) == []
