"""What forms say is wrong in a field."""

import pytest
from django import forms

from tests.test_architecture import modules
from web.forms.messages import PageForm


class Everything(PageForm):
    name = forms.CharField(max_length=5)
    email = forms.EmailField()
    places = forms.IntegerField(min_value=2, max_value=9)
    dollars = forms.DecimalField(decimal_places=2)
    day = forms.DateField()
    queue = forms.ChoiceField(choices=[("a", "A")])
    agents = forms.MultipleChoiceField(choices=[("a", "A")])
    own = forms.CharField(error_messages={"required": "Please say why."})


def test_what_is_missing_is_asked_for() -> None:
    errors = {name: str(found[0]) for name, found in Everything({}).errors.items()}
    assert errors == {
        **dict.fromkeys(["name", "email", "places", "dollars", "day"], "Required."),
        "queue": "Choose one.",
        "agents": "Choose at least one.",
        "own": "Please say why.",
    }


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "too long", "Use at most 5 characters; these are 8."),
        ("email", "ada", "Enter a full address, such as ada@example.com."),
        ("places", "two", "Enter a whole number."),
        ("places", "1", "Enter 2 or more."),
        ("places", "10", "Enter 9 or less."),
        ("dollars", "much", "Enter a number."),
        ("dollars", "0.001", "Use at most 2 digits after the decimal point."),
        ("day", "soon", "Enter a date, such as 2026-12-24."),
        ("queue", "b", "This can no longer be chosen. Choose another."),
    ],
)
def test_what_is_wrong_says_what_to_do(field: str, typed: str, said: str) -> None:
    assert Everything({field: typed}).errors[field] == [said]


def test_every_form_of_ours_speaks_like_that() -> None:
    plain = [name for name, path in modules().items() if "(forms.Form)" in path.read_text()]
    assert plain == []
