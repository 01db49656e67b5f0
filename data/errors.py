"""The one error of the product's verbs: what was asked for cannot be done, and why."""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """Says in a sentence for people why a verb did nothing, and what would help.

    `code` is stable, for programs. `fields` maps a form's or request's field to what is wrong with it. `shows` is what
    the API says beside these, by name.
    """

    shows: Mapping[str, Any] | None = None

    def __init__(self, message: str, code: str = "conflict", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.fields = dict(fields or {})
