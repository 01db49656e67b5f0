"""Regular expressions from outside, matched in linear time."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import SchemaError

_LONGEST = 1_000


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> TypeAdapter[str] | None:
    """By the engine of pydantic, which never backtracks, so it knows no lookaround and no backreferences."""
    if len(pattern) > _LONGEST:
        return None
    try:
        return TypeAdapter(Annotated[str, Field(pattern=pattern)])
    except SchemaError:
        return None


def can_be_used(pattern: str) -> bool:
    return _compiled(pattern) is not None


def matches(pattern: str, text: str) -> bool | None:
    """Return whether the pattern is found in the text; None where it cannot be used."""
    adapter = _compiled(pattern)
    if adapter is None:
        return None
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True
