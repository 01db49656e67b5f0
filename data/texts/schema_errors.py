"""What pydantic finds wrong, in our words: they say what to give, and name no type of Python."""

from collections.abc import Mapping
from typing import Any

from .text import REQUIRED

_DATE = "Please give a date, such as 2026-12-24."
_TIME = "Please give a date and a time, such as 2026-12-24T08:00:00Z."
_ID = "Please give an id, such as 01890a5d-ac96-774b-bcce-b302099a8057."
_NUMBER = "Please give a number."
_WHOLE = "Please give a whole number."
_OBJECT = "Please give an object: names with their values, in braces."

# By pydantic's name of the error; {…} is its context. What is not here stays as pydantic says it.
_WORDS = {
    "missing": REQUIRED,
    "extra_forbidden": "There is no such field. Check how it is spelt.",
    "bool_type": "Please give true or false.",
    "bool_parsing": "Please give true or false.",
    "string_type": "Please give a text, in quotation marks.",
    "string_too_short": "Please use at least {min_length} characters.",
    "string_too_long": "Please use at most {max_length} characters.",
    "list_type": "Please give a list.",
    "too_short": "Please give at least {min_length}; these are {actual_length}.",
    "too_long": "Please give at most {max_length}; these are {actual_length}.",
    "enum": "Please give {expected}.",
    "literal_error": "Please give {expected}.",
    "greater_than": "Please give more than {gt}.",
    "greater_than_equal": "Please give {ge} or more.",
    "less_than": "Please give less than {lt}.",
    "less_than_equal": "Please give {le} or less.",
    "finite_number": _NUMBER,
    **dict.fromkeys(["float_type", "float_parsing", "decimal_type", "decimal_parsing"], _NUMBER),
    **dict.fromkeys(["int_type", "int_parsing", "int_from_float", "int_parsing_size"], _WHOLE),
    **dict.fromkeys(["uuid_type", "uuid_parsing", "uuid_version"], _ID),
    **dict.fromkeys(["date_type", "date_parsing", "date_from_datetime_parsing"], _DATE),
    **dict.fromkeys(["datetime_type", "datetime_parsing", "datetime_from_date_parsing", "timezone_aware"], _TIME),
    **dict.fromkeys(["dict_type", "model_type", "model_attributes_type", "dataclass_type"], _OBJECT),
}


def words_of(error: Mapping[str, Any]) -> str:
    """For one item of a ValidationError's `errors()`. What a validator of ours raised is said as it stands."""
    context: Mapping[str, Any] = error.get("ctx") or {}
    if error["type"] == "string_too_short" and context.get("min_length") == 1:
        return REQUIRED
    words = _WORDS.get(error["type"])
    try:
        return words.format(**context) if words else str(error["msg"]).removeprefix("Value error, ")
    except KeyError:
        return str(error["msg"])
