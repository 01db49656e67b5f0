"""The settings of a source of the kind form: what its page asks and shows."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from channels.models import Source
from data.errors import Refused
from data.texts.schema_errors import words_of
from data.texts.text import prose

INTRO_LIMIT = 2000
MOST_FILES = 5
_MOST_ORIGINS, _MOST_FIELDS = 20, 110
# An origin becomes a part of the content security policy, so it must not add anything else to it.
_ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::\d{1,5})?")

Asks = Literal["required", "optional", "hidden"]
Shares = Literal["status", "answer"]


class FormSettings(BaseModel):
    """The settings of a form. `fields`: what is asked otherwise than the queue and its agents have it, by name.
    `origins`: who may show it in a frame. `per_hour` counts what comes from one network. `shares`: what customers see
    of their case. `confirm`: by an email with the reference.
    """

    intro: str = ""
    ask_email: Asks = "optional"
    confirm: bool = False
    files: int = Field(0, ge=0, le=MOST_FILES)
    fields: dict[str, Asks] = Field({}, max_length=_MOST_FIELDS)
    per_hour: int = Field(10, ge=1, le=1000)
    per_hour_in_all: int = Field(200, ge=1, le=10_000)
    origins: list[str] = Field([], max_length=_MOST_ORIGINS)
    proof_of_work: bool = False
    shares: list[Shares] = ["status", "answer"]

    @field_validator("origins", mode="before")
    @classmethod
    def _are_origins(cls, value: Any) -> Any:
        found = [str(one).strip().lower().rstrip("/") for one in value] if isinstance(value, list) else value
        for origin in found if isinstance(found, list) else []:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"“{origin[:60]}” is not an origin. Enter one such as https://www.example.com.")
        return list(dict.fromkeys(found)) if isinstance(found, list) else found


def form_settings(source: Source) -> FormSettings:
    return FormSettings.model_validate(source.settings)


def checked(said: Mapping[str, Any]) -> FormSettings:
    """Return the settings, or Refused at the fields that are wrong."""
    try:
        found = FormSettings.model_validate(said)
    except ValidationError as error:
        fields = {f"settings.{item['loc'][0]}": words_of(item) for item in error.errors()}
        raise Refused(" ".join(fields.values()), "invalid", fields) from error
    found.intro = prose(found.intro, "settings.intro", INTRO_LIMIT).strip()
    return found
