"""The outcomes of a run, as values; `runs.engine` applies them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from builder.models import Agent
from builder.procedures.fields import Values
from cases.work.people import People


@dataclass(frozen=True)
class Answered:
    """A standalone run ends with its text as the result."""

    text: str


@dataclass(frozen=True)
class HandedOver:
    """The work goes to the target, if that can be. `text` is what the run wrote beside it, `fields` what the target
    needs, `passage` where the sentence that it follows stands in the procedure.
    """

    target: Agent
    reason: str
    note: str = ""
    text: str = ""
    fields: Values = field(default_factory=dict)
    passage: tuple[int, int] | None = None


@dataclass(frozen=True)
class HandedToPeople:
    """The case goes to a member or a group, who have it then."""

    target: People
    reason: str
    note: str = ""
    text: str = ""
    fields: Values = field(default_factory=dict)
    passage: tuple[int, int] | None = None


@dataclass(frozen=True)
class CaseCompleted:
    summary: str


@dataclass(frozen=True)
class CaseFailed:
    reason: str


@dataclass(frozen=True)
class CasePostponed:
    until: datetime
    reason: str


@dataclass(frozen=True)
class CaseDeclined:
    """The case goes back to the agent that handed it over."""

    reason: str


@dataclass(frozen=True)
class Broken:
    """The run cannot go on. Its case waits for a person, with the code as reason where it is one. `data`: what the
    case's event keeps besides.
    """

    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)


type Decided = Answered | CaseCompleted | CaseFailed | CasePostponed | CaseDeclined
type Ending = HandedOver | HandedToPeople | Decided | Broken
