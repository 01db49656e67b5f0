"""The details of a case between a text area and the database."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.work.creation import NewCase, add_case
from cases.work.details import read_details, write_details
from teams.audit.actors import BATON


@pytest.mark.parametrize(
    ("typed", "data"),
    [
        ("", {}),
        ("  \r\n ", {}),
        ("Hello\r\nAda", "Hello\nAda"),
        (' {"a": [1, {"b": null}]} ', {"a": [1, {"b": None}]}),
        ('{"a": 1,}', '{"a": 1,}'),
        ("[1, 2]", "[1, 2]"),
        ("12", "12"),
        ('"quoted"', '"quoted"'),
        ('{"a": NaN}', '{"a": NaN}'),
        ('{"a": 1e999}', '{"a": 1e999}'),
        ('{"a":' * 100_000, '{"a":' * 100_000),
    ],
)
def test_only_an_object_is_taken_as_json(typed: str, data: object) -> None:
    assert read_details(typed) == data


@given(
    st.dictionaries(
        st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20)
    )
)
def test_an_object_survives_being_edited(data: dict[str, object]) -> None:
    assert read_details(write_details(data)) == data


@pytest.mark.django_db
@pytest.mark.parametrize("typed", [r'{"a": "\u0000"}', r'{"\u0000": 1}', "{\ud800"])
def test_what_the_database_cannot_keep_is_made_visible(queue, typed: str) -> None:
    case = add_case(queue, NewCase("A", read_details(typed)), by=BATON)
    case.refresh_from_db()
    assert "\N{REPLACEMENT CHARACTER}" in json.dumps(case.data, ensure_ascii=False)
