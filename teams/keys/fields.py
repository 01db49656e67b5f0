"""The fields of requests: texts whose length the OpenAPI document says, times and data that can be kept."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from django.utils import timezone
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from data.errors import Refused
from data.network.addresses import URL_LIMIT
from data.texts.text import one_line, prose, storable

_DATA_LIMIT = 256 * 1024
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Length:
    """Part of the type of a text: how long it is at most, without white space at the ends, and at least.

    That it is too short is left to the verb, which says what to enter.
    """

    most: int
    least: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"maxLength": self.most} | ({"minLength": self.least} if self.least else {})

    def _check(self, value: str) -> str:
        length = len(value.strip().replace("\r\n", "\n"))
        if length > self.most:
            raise ValueError(f"Use at most {self.most:,} characters; these are {length:,}.")
        return value


def checked(check: Callable[[str], str]) -> AfterValidator:
    """A verb's check of a text as a validator, so that its refusal is told with the name of the field."""

    def validate(value: str) -> str:
        try:
            return check(value)
        except Refused as refusal:
            raise ValueError(refusal.message) from refusal

    return AfterValidator(validate)


def _storable_json(value: Any) -> Any:
    """Data of customers may hold what PostgreSQL refuses: that is made visible."""
    if len(json.dumps(value)) > _DATA_LIMIT:
        raise ValueError("Too large: 256 kB at most.")
    return storable(value)


def _iso(value: Any) -> Any:
    """Pydantic alone would read a number as seconds since 1970."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and not _DATE.match(value)):
        raise ValueError("Use ISO 8601, such as 2026-11-01T08:00:00Z.")
    return value


def _in_utc(value: datetime) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("Choose a time between the years 1 and 9999.") from error


def _within_ten_years(value: datetime) -> datetime:
    if value < _EARLIEST:
        raise ValueError("Please choose a time after 1970.")
    if value > timezone.now() + timedelta(days=3653):
        raise ValueError("Please choose a time within the next ten years.")
    return value


Title = Annotated[str, checked(lambda value: one_line(value, "", 200)), Length(200, 1)]
Label = Annotated[str, checked(lambda value: one_line(value, "", 40)), Length(40, 1)]
ExternalId = Annotated[str, checked(lambda value: one_line(value, "", 200)), Length(200, 1)]
Words = Annotated[str, checked(lambda value: one_line(value, "", 200, required=False)), Length(200)]
Prose = Annotated[str, checked(lambda value: prose(value, "", 10_000)), Length(10_000)]
# Checked by the verbs, which know what else a name may not be.
Name = Annotated[str, Length(80, 1)]
Email = Annotated[str, Length(254)]
Url = Annotated[str, Length(URL_LIMIT, 1)]
JsonData = Annotated[Any, AfterValidator(_storable_json)]
Moment = Annotated[AwareDatetime, BeforeValidator(_iso), AfterValidator(_within_ten_years)]
# Of filters. Without an offset it is UTC.
Instant = Annotated[datetime, BeforeValidator(_iso), AfterValidator(_in_utc)]
Day = Annotated[date, BeforeValidator(_iso)]
