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
        "queue": "Please choose one.",
        "agents": "Please choose at least one.",
        "own": "Please say why.",
    }


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("name", "too long", "Please use at most 5 characters; these are 8."),
        ("email", "ada", "Please give a whole address, such as ada@example.com."),
        ("places", "two", "Please give a whole number."),
        ("places", "1", "Please give 2 or more."),
        ("places", "10", "Please give 9 or less."),
        ("dollars", "much", "Please give a number."),
        ("dollars", "0.001", "Please give at most 2 digits behind the point."),
        ("day", "soon", "Please give a date, such as 2026-12-24."),
        ("queue", "b", "This can no longer be chosen. Please choose another."),
    ],
)
def test_what_is_wrong_says_what_to_do(field: str, typed: str, said: str) -> None:
    assert Everything({field: typed}).errors[field] == [said]


def test_every_form_of_ours_speaks_like_that() -> None:
    plain = [name for name, path in modules().items() if "(forms.Form)" in path.read_text()]
    assert plain == []
