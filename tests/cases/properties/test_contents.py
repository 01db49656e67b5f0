"""What a case says: its message, and the fields beside it."""

from typing import Any

import pytest

from cases.properties.contents import fields_of, message_of, with_field
from data.errors import Refused


@pytest.mark.parametrize(
    ("data", "text", "sender"),
    [
        ("Please call me.", "Please call me.", ""),
        ({"customer": "Ada", "message": "Hello"}, "Hello", "Ada"),
        ({"Body": "Hello", "From": "ada@example.com", "subject": "Hi"}, "Hello", "ada@example.com"),
        ({"customer": {"name": "Ada"}, "text": "Hello"}, "Hello", "Ada"),
        ({"said": "A long story. " * 20, "order": "A-1"}, "A long story. " * 20, ""),
        ({"said": "One line\nand another"}, "One line\nand another", ""),
    ],
)
def test_the_message_is_found_under_its_usual_names_or_by_its_length(data: Any, text: str, sender: str) -> None:
    message = message_of(data)
    assert message and (message.text, message.sender) == (text, sender)


@pytest.mark.parametrize("data", [{}, "", "  ", {"order": "A-1", "amount": 12}, {"message": "  "}, {"message": 3}, [1]])
def test_a_case_may_have_no_message(data: Any) -> None:
    assert message_of(data) is None


def test_fields_are_what_is_left_and_keep_their_kind_when_they_change() -> None:
    data = {"message": "Hello", "amount": 12, "urgent": False, "plan": None, "tags": ["a"], "order": {"no": 1}}
    assert [(field.name, field.kind) for field in fields_of(data)] == [
        ("amount", "number"),
        ("urgent", "yes_no"),
        ("plan", "text"),
        ("tags", "list"),
        ("order", "data"),
    ]
    assert with_field(data, "amount", " 12.5 ")["amount"] == 12.5
    assert with_field(data, "amount", "13")["amount"] == 13
    assert with_field(data, "urgent", "yes")["urgent"] is True
    assert with_field(data, "plan", "Team") == {**data, "plan": "Team"}
    for name, typed in [("amount", "many"), ("amount", "nan"), ("amount", "inf"), ("order", "x"), ("gone", "x")]:
        with pytest.raises(Refused):
            with_field(data, name, typed)
