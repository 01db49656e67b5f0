from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, ValidationError, field_validator

from data.texts.schema_errors import words_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    name: str


class Body(BaseModel):
    text: Annotated[str, Field(min_length=1, max_length=5)] = "a"
    code: Annotated[str, Field(min_length=3)] = "abc"
    count: Annotated[int, Field(ge=1, le=9)] = 1
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    flag: bool = False
    id: UUID | None = None
    at: datetime | None = None
    names: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    inner: Inner | None = None
    data: dict[str, Any] = {}
    colour: Colour = Colour.RED
    word: Literal["yes", "no"] = "yes"
    ours: int = 0

    @field_validator("ours")
    @classmethod
    def _never_seven(cls, value: int) -> int:
        if value == 7:
            raise ValueError("Seven is taken. Choose another.")
        return value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": ""}, "Required."),
        ({"inner": {}}, "Required."),
        ({"text": 5}, "Please give a text, in quotation marks."),
        ({"text": "abcdef"}, "Please use at most 5 characters."),
        ({"code": "a"}, "Please use at least 3 characters."),
        ({"count": "many"}, "Please give a whole number."),
        ({"count": 1.5}, "Please give a whole number."),
        ({"count": 10**30}, "Please give 9 or less."),
        ({"count": 0}, "Please give 1 or more."),
        ({"share": 0}, "Please give more than 0.0."),
        ({"share": 1}, "Please give less than 1.0."),
        ({"share": "half"}, "Please give a number."),
        ({"flag": "perhaps"}, "Please give true or false."),
        ({"id": "seven"}, "Please give an id, such as 01890a5d-ac96-774b-bcce-b302099a8057."),
        ({"at": "soon"}, "Please give a date and a time, such as 2026-12-24T08:00:00Z."),
        ({"names": "a"}, "Please give a list."),
        ({"names": []}, "Please give at least 1; these are 0."),
        ({"names": ["a", "b", "c"]}, "Please give at most 2; these are 3."),
        ({"inner": "Ada"}, "Please give an object: names with their values, in braces."),
        ({"data": []}, "Please give an object: names with their values, in braces."),
        ({"colour": "green"}, "Please give 'red' or 'blue'."),
        ({"word": "maybe"}, "Please give 'yes' or 'no'."),
        ({"ours": 7}, "Seven is taken. Choose another."),
    ],
)
def test_what_is_wrong_is_said_without_types_of_python(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    [error] = refused.value.errors()
    assert words_of(error) == words
