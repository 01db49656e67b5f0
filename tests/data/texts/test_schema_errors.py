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
        ({"text": 5}, "Send a text, in quotation marks."),
        ({"text": "abcdef"}, "Use at most 5 characters."),
        ({"code": "a"}, "Use at least 3 characters."),
        ({"count": "many"}, "Enter a whole number."),
        ({"count": 1.5}, "Enter a whole number."),
        ({"count": 10**30}, "Use 9 or less."),
        ({"count": 0}, "Use 1 or more."),
        ({"share": 0}, "Use more than 0.0."),
        ({"share": 1}, "Use less than 1.0."),
        ({"share": "half"}, "Enter a number."),
        ({"flag": "perhaps"}, "Send true or false."),
        ({"id": "seven"}, "Enter an id, such as 01890a5d-ac96-774b-bcce-b302099a8057."),
        ({"at": "soon"}, "Enter a date and a time, such as 2026-12-24T08:00:00Z."),
        ({"names": "a"}, "Send a list."),
        ({"names": []}, "Send at least 1; these are 0."),
        ({"names": ["a", "b", "c"]}, "Send at most 2; these are 3."),
        ({"inner": "Ada"}, "Send an object: names with their values, in braces."),
        ({"data": []}, "Send an object: names with their values, in braces."),
        ({"colour": "green"}, "Use 'red' or 'blue'."),
        ({"word": "maybe"}, "Use 'yes' or 'no'."),
        ({"ours": 7}, "Seven is taken. Choose another."),
    ],
)
def test_what_is_wrong_is_said_without_types_of_python(body: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    [error] = refused.value.errors()
    assert words_of(error) == words
