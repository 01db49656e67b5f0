"""The API of passages: what each sentence of an agent's procedure did."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, Field

from teams.keys.api import KeyRequest, get_row

from . import coverage
from .coverage import Covered

router = Router()


class CountsOut(BaseModel):
    cases: Annotated[int, Field(description="How often it handed over a case, or work that was none.")]
    tests: Annotated[int, Field(description="How many routing tests it decided.")]
    corrected: Annotated[int, Field(description="How many of its handovers people corrected.")]


class PassageCounts(CountsOut):
    start: Annotated[int, Field(description="In characters of the stored procedure, with its tokens.")]
    end: int
    text: Annotated[str, Field(description="The sentence, with names in place of tokens.")]
    target_ids: Annotated[list[UUID], Field(description="Whom it mentions: agents, members and groups.")]
    before_this_wording: Annotated[CountsOut, Field(description="What it did until it was last reworded.")]


class Passages(BaseModel):
    items: list[PassageCounts]


class Period(BaseModel):
    days: Annotated[int, Field(ge=1, le=3650)] = 30


@router.get(
    "/agents/{agent_id}/passages",
    response=Passages,
    tags=["Agents"],
    summary="Count what each sentence of the procedure did",
)
def list_passages(request: KeyRequest, agent_id: UUID, period: Query[Period]) -> Passages:
    """The sentences and list items of the live revision, in the order of the text. Headings and the lines of a table
    that say nothing are left out.
    """
    agent = get_row(request.auth.team.agents.live(), agent_id)
    found = coverage.coverage(agent, timezone.now() - timedelta(days=period.days))
    return Passages(items=[_out(one) for one in found.sentences])


def _out(covered: Covered) -> PassageCounts:
    passage = covered.passage
    return PassageCounts(
        **vars(covered.now),
        start=passage.start,
        end=passage.end,
        text=passage.text,
        target_ids=passage.target_ids,
        before_this_wording=CountsOut(**vars(covered.before)),
    )
