"""The arguments of Baton's own tools, read as models write them.

Null counts as left out. Unknown arguments are ignored and named in the result, unless they would decide something:
then the call is refused. Names are found whatever their case, spaces and quotes.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationInfo, model_validator
from pydantic_ai.messages import ToolCallPart

from data.texts.json_text import read_json
from data.texts.text import storable

# Of these words are arguments made that say which, whom or when, and whether anything is done at all.
_DECIDING = {
    *("case", "queue", "team", "agent", "target", "assignee", "owner", "group", "run"),
    *("until", "when", "due", "start", "starts", "postpone", "postponed"),
    *("dry", "dryrun", "simulate", "preview"),
}
_BESIDE = {"id", "ids", "uuid", "number", "name", "names", "key", "slug", "at", "on", "date", "time", "to", "only"}
_NAMED = 10


def arguments_of(call: ToolCallPart) -> dict[str, Any]:
    """Return the arguments of a call of any tool. ValueError if they are no object."""
    found = read_json(call.args) if isinstance(call.args, str) and call.args else call.args or {}
    if not isinstance(found, dict):
        raise ValueError("it is no object")
    arguments: dict[str, Any] = storable(found)
    return arguments


class Arguments(BaseModel):
    """What a call says. The schema that models see takes no more than it names."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": False})

    @model_validator(mode="wrap")
    @classmethod
    def _as_models_write(cls, given: Any, read: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        """The context's `own` returns the names of what the call is about anyway: to name these decides nothing."""
        if isinstance(given, dict):
            needed = {name for name, field in cls.model_fields.items() if field.is_required()}
            given = {name: value for name, value in given.items() if value is not None or name in needed}
        arguments = read(given)
        for name, value in (arguments.model_extra or {}).items():
            own: Collection[str] = info.context["own"]() if info.context else ()
            # A model that names another queue or a date wants something that would not happen, so it must hear of that.
            if _decides(name) and plain(str(value)).lstrip("#") not in own:
                raise ValueError(f"there is no argument {name[:60]}, and it would decide something; leave it out")
        return arguments


def _decides(name: str) -> bool:
    """Return whether an argument of that name would decide something: `queue_id`, `targetAgent` and `dry-run` would,
    `case_summary` would not.
    """
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", unicodedata.normalize("NFKC", name))]
    words = [word if word in _DECIDING | _BESIDE else word.removesuffix("s") for word in words]
    return any(word in _DECIDING for word in words) and all(word in _DECIDING | _BESIDE for word in words)


def with_ignored(text: str, tool: str, arguments: Any) -> str:
    """Return the result, with the ignored arguments of the call if there are any."""
    names = [name[:60] for name in _ignored(arguments)]
    if not names:
        return text
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{text}\n\nIgnored, as {tool} takes no such arguments: {', '.join(names[:_NAMED])}{more}."


def _ignored(value: Any, within: str = "") -> Iterator[str]:
    if isinstance(value, Arguments):
        yield from (f"{within}{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _ignored(getattr(value, name), f"{within}{name}.")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _ignored(item, f"{within}{number}.")


# --- Names -----------------------------------------------------------------------------------

_QUOTES = "\"'`´“”„‟«»‹›‘’‚「」『』*"


def plain(name: str) -> str:
    """The text for comparison: in lower case, without invisible characters, outer spaces and quotes, a leading @"""
    shown = "".join(sign for sign in unicodedata.normalize("NFKC", name) if unicodedata.category(sign) != "Cf")
    folded, before = " ".join(shown.split()).casefold(), ""
    while folded != before:
        before = folded
        folded = folded.strip(f" {_QUOTES}").removeprefix("@")
    return folded


def as_key(name: str) -> str:
    """Return the same key for `billing specialist`, `Billing_Specialist` and `billing-specialist`."""
    return re.sub(r"[\s_-]+", "-", plain(name))
