from typing import Any

import pytest

from cases.imports.columns import Columns, Role, guess_roles, letters, names_of
from cases.models import Case
from data.errors import Refused


def test_columns_are_known_by_their_names() -> None:
    names = ["Ticket-ID", "Subject", "Body", "Prio", "Tags", "Customer"]
    wanted = [Role.EXTERNAL_ID, Role.TITLE, Role.DETAILS, Role.PRIORITY, Role.LABELS, Role.FIELD]
    assert guess_roles(names) == wanted
    assert guess_roles(["Id", "Name", "Amount"]) == [Role.EXTERNAL_ID, Role.TITLE, Role.FIELD]
    assert guess_roles(["Title", "Subject"]) == [Role.TITLE, Role.FIELD]


def test_the_title_is_a_column_of_texts_and_an_empty_column_is_skipped() -> None:
    rows: list[list[Any]] = [[0, "Ada", None, 12], [1, "Ben", None, 3]]
    assert guess_roles(["Column A", "Customer", "Column C", "Amount"], rows) == [
        Role.FIELD, Role.TITLE, Role.IGNORE, Role.FIELD,
    ]  # fmt: skip


def test_digits_of_a_cell_are_those_that_people_see() -> None:
    columns = Columns(["Id", "Subject", "Rate"], [Role.EXTERNAL_ID, Role.TITLE, Role.FIELD])
    new = columns.new_case([4111111111111110, 0.00001, 4111111111111110], {})
    assert (new.external_id, new.title, new.data) == ("4111111111111110", "0.00001", {"Rate": 4111111111111110})


def test_every_column_has_a_name_of_its_own() -> None:
    assert names_of(["Name", None, "Name", "  "], 5) == ["Name", "Column B", "Name 2", "Column D", "Column E"]
    assert [letters(place) for place in (0, 25, 26, 99)] == ["A", "Z", "AA", "CV"]


def test_a_row_becomes_a_case() -> None:
    columns = Columns(["Id", "Subject", "Prio", "Tags", "Customer", "Amount", "Secret"], [
        Role.EXTERNAL_ID, Role.TITLE, Role.PRIORITY, Role.LABELS, Role.FIELD, Role.FIELD, Role.IGNORE,
    ])  # fmt: skip
    new = columns.new_case([7, "Refund", "High", "mail; billing, ", "Ada", 12.5, "x"], {"6": "Longer than 32 kB."})
    assert (new.external_id, new.title, new.priority) == ("7", "Refund", Case.Priority.HIGH)
    assert (list(new.labels), new.data) == (["mail", "billing"], {"Customer": "Ada", "Amount": 12.5})
    short = columns.new_case([None, "Lamp"], {})
    assert (short.external_id, short.priority, short.data) == (None, None, {})


def test_details_stand_alone_or_beside_fields() -> None:
    alone = Columns(["a", "Body"], [Role.TITLE, Role.DETAILS])
    assert alone.new_case(["x", "Some text"], {}).data == "Some text"
    assert alone.new_case(["x", '{"n": 1}'], {}).data == {"n": 1}
    beside = Columns(["a", "Body", "City"], [Role.TITLE, Role.DETAILS, Role.FIELD])
    assert beside.new_case(["x", "Some text", "Bern"], {}).data == {"Body": "Some text", "City": "Bern"}
    assert beside.new_case(["x", '{"n": 1}', "Bern"], {}).data == {"n": 1, "City": "Bern"}


def test_cells_are_read_as_the_queue_wants_them() -> None:
    kinds = {"n": "integer", "x": "number", "yes": "boolean", "zip": "string"}
    schema = {"properties": {name: {"type": kind} for name, kind in kinds.items()}}
    columns = Columns(["t", *kinds, "free"], [Role.TITLE, *[Role.FIELD] * 5], schema)
    assert columns.new_case(["a", "12", "1.5", "TRUE", 8001, "12"], {}).data == {
        "n": 12, "x": 1.5, "yes": True, "zip": "8001", "free": "12",
    }  # fmt: skip
    assert columns.new_case(["a", "twelve"], {}).data == {"n": "twelve"}


def test_what_is_wrong_is_said_by_column() -> None:
    columns = Columns(["Subject", "Prio", "Sum"], [Role.TITLE, Role.PRIORITY, Role.FIELD])
    with pytest.raises(Refused) as refused:
        columns.new_case(["a", "soon", None], {"2": "A formula without a value."})
    assert set(refused.value.fields) == {"priority", "data.Sum"}
    with pytest.raises(Refused) as refused:
        columns.new_case(["a", None, 1, "more"], {"3": "This row has 4 cells, and the table 3 columns."})
    assert refused.value.fields == {"": "This row has 4 cells, and the table 3 columns."}
    assert [columns.column_of(name) for name in ("priority", "data.Sum", "data.Sum.x", "title", "data.else", "")] == [
        "Prio", "Sum", "Sum", "Subject", "else", "",
    ]  # fmt: skip
