"""The arguments of the calls that `turns` settles together: what should become of a case, and what people are asked."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.utils import timezone
from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from runs.prompts import moments
from runs.prompts.arguments import Arguments
from teams.settings import zones

_LONGEST = timedelta(days=366)


def _moment(text: Any, info: ValidationInfo) -> datetime:
    """Return when the case is due. Raise ValueError, in words for the model, when nobody could say, or when it is
    past.
    """
    zone, now = (info.context or {}).get("zone", zones.DEFAULT), timezone.now()
    told = f"It is now {zones.in_words(now, zone)}."
    try:
        found = moments.moment(str(text), now.astimezone(zones.zone(zone)))
        is_ahead = now < found <= now + _LONGEST
    except ValueError as error:
        raise ValueError(f"{error}. {told}") from error
    except OverflowError:
        is_ahead = False
    if not is_ahead:
        raise ValueError(f"the time must lie in the future, at most a year from now. {told}")
    return found


# Read once: what was in the future when the call was checked stays so.
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string"})]


class CompleteCase(Arguments):
    summary: str = Field(description="What was done, for the people who read the case.", min_length=1)


class FailCase(Arguments):
    reason: str = Field(description="Why nobody can complete this case.", min_length=1)


class PostponeCase(Arguments):
    until: Moment = Field(
        description="Such as 30m, 2h, 1 day, tomorrow 9:00, monday 14:00, or ISO 8601, in the team's time zone."
    )
    reason: str = Field(description="Why the case should wait.", min_length=1)


class DeclineCase(Arguments):
    reason: str = Field(description="Why this case is not for you, for the agent that handed it to you.", min_length=1)


class RequestHandover(Arguments):
    target: str
    reason: str = Field(description="Why this agent should continue.", min_length=1)
    note: str = Field("", description="What the agent should know.")
    fields: dict[str, Any] = Field(default_factory=dict, description="What the target needs, by name.")
    because: str = ""


class AskPerson(Arguments):
    question: str = Field(description="The question, complete and short.", min_length=1)
    choices: list[str] = Field(default_factory=list, description="Answers to choose from, if any.", max_length=10)
    because: str = ""  # never offered: only the stand-in says which sentence came closest


class RequestApproval(Arguments):
    title: str = Field(description="What you want to do, in one line.", min_length=1, max_length=300)
    details: str = Field(description="Exactly what would be done, with all names, amounts and texts.", min_length=1)


class WithdrawRequest(Arguments):
    pass
