"""What pydantic finds wrong, in our words: they say what to give, and name no type of Python."""

from collections.abc import Mapping
from typing import Any

from .text import REQUIRED

_DATE = "Enter a date, such as 2026-12-24."
_TIME = "Enter a date and a time, such as 2026-12-24T08:00:00Z."
_ID = "Enter an id, such as 01890a5d-ac96-774b-bcce-b302099a8057."
_NUMBER = "Enter a number."
_WHOLE = "Enter a whole number."
_OBJECT = "Send an object: names with their values, in braces."

# By pydantic's name of the error; {…} is its context. What is not here stays as pydantic says it.
_WORDS = {
    "missing": REQUIRED,
    "extra_forbidden": "There is no such field. Check how it is spelt.",
    "bool_type": "Send true or false.",
    "bool_parsing": "Send true or false.",
    "string_type": "Send a text, in quotation marks.",
    "string_too_short": "Use at least {min_length} characters.",
    "string_too_long": "Use at most {max_length} characters.",
    "list_type": "Send a list.",
    "too_short": "Send at least {min_length}; these are {actual_length}.",
    "too_long": "Send at most {max_length}; these are {actual_length}.",
    "enum": "Use {expected}.",
    "literal_error": "Use {expected}.",
    "greater_than": "Use more than {gt}.",
    "greater_than_equal": "Use {ge} or more.",
    "less_than": "Use less than {lt}.",
    "less_than_equal": "Use {le} or less.",
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
