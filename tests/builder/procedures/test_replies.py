"""The REPLIES section: which texts it offers, and which lines are none."""

import pytest

from builder.procedures import replies
from builder.procedures.replies import Reply

AOP = """\
STEPS
1. Do it.

## REPLIES:
- Charged twice: Hello {customer},
  thank you.

  Ada
2) Crashed: Please restart. See https://example.com: there.
- Crashed again
- : nothing
- Move: @[Ada](agent:00000000-0000-0000-0000-000000000001) helps.

NEEDS
- order: number"""


def test_each_item_says_when_and_what_with_the_lines_below_it() -> None:
    found = replies.read(AOP)
    assert found.replies == (
        Reply("Charged twice", "Hello {customer},\nthank you.\n\nAda"),
        Reply("Crashed", "Please restart. See https://example.com: there."),
    )


def test_a_line_that_is_no_reply_is_reported_with_its_place() -> None:
    bad = replies.read(AOP).bad
    assert [AOP[one.start : one.end] for one in bad][:2] == ["Crashed again", ": nothing"]
    assert "a colon" in bad[0].message and "mentions nobody" in bad[2].message


def test_without_its_replies_a_procedure_keeps_all_else_in_its_place() -> None:
    left = replies.without(AOP)
    assert len(left) == len(AOP) and "customer" not in left
    assert left.index("NEEDS") == AOP.index("NEEDS") and left.startswith("STEPS\n1. Do it.")


@pytest.mark.parametrize(
    ("aop", "count"),
    [
        ("", 0),
        ("REPLIES", 0),
        ("replies\n- A: b", 0),
        ("**REPLIES**\n\n- A: b\nSo much for that.\n- B: c", 1),
        ("REPLIES\n- A: b\n\tc\nREPLIES\n- B: c", 2),
    ],
)
def test_the_section_ends_where_other_text_begins(aop: str, count: int) -> None:
    assert len(replies.read(aop).replies) == count


def test_fields_are_filled_in_by_name_and_missing_ones_are_named() -> None:
    values = {"customer": "Ada {number}", "order number": "7"}
    text = "Hello {Customer}, {order_number} and {a} and {a} {} { b"
    assert replies.filled(text, values) == ("Hello Ada {number}, 7 and {a} and {a} {} { b", ["a"])
