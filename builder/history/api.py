"""The API of revisions: what an agent was told when, and taking an old one back."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import BaseModel, Field

from builder.agents.schemas import OLD_FALLBACK, AgentOut, read_agent
from builder.gate.api import Override, override_of, save_through_gate
from builder.models import Revision
from data.errors import Refused
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.paging import Page, Paging, paginate

from . import revisions

router = Router(tags=["Agents"])

_MOST_REVISIONS = 2**31 - 1


class RevisionOut(BaseModel):
    id: UUID
    number: int
    status: Revision.Status
    aop: str
    model: str
    fallback_model: str
    fallback: Annotated[str, OLD_FALLBACK]
    note: Annotated[str, Field(description="What changed, in the words of who saved it.")]
    override_reason: Annotated[str, Field(description="Why it was saved although routing tests held it back.")]
    created_at: datetime


@router.get("/agents/{agent_id}/revisions", response=Page[RevisionOut], summary="List revisions, newest first")
def list_revisions(request: KeyRequest, agent_id: UUID, paging: Query[Paging]) -> Page[RevisionOut]:
    agent = get_row(request.auth.team.agents.live(), agent_id)
    rows, cursor = paginate(agent.revisions.published(), ["-number"], paging)
    return Page[RevisionOut](items=[_revision_out(row) for row in rows], next_cursor=cursor)


class RestoreRevision(RequestBody):
    override: Override | None = None


@router.post(
    "/agents/{agent_id}/revisions/{number}/restore",
    auth=TeamKey(Scope.AGENTS, asks_outside=True),
    response=AgentOut,
    summary="Restore a revision",
)
def restore_revision(
    request: KeyRequest, agent_id: UUID, number: int, wanted: RestoreRevision | None = None
) -> AgentOut:
    """What it says becomes live again, as a new revision. Routing tests run first, as for a change of the agent."""
    team = request.auth.team
    agent = get_row(team.agents.live(), agent_id)
    revision = agent.revisions.published().filter(number=min(number, _MOST_REVISIONS)).first()
    if revision is None:
        raise Refused("There is no such revision.", "not_found")
    override = override_of(request, wanted.override if wanted else None)
    restore = partial(revisions.restore, agent, revision, author=None, override=override)
    save_through_gate(request, restore, override)
    return read_agent(team, agent_id)


def _revision_out(row: Revision) -> RevisionOut:
    return RevisionOut(
        id=row.pk,
        number=row.number,
        status=Revision.Status(row.status),
        aop=row.aop,
        model=row.model,
        fallback_model=row.fallback,
        fallback=row.fallback,
        note=row.note,
        override_reason=row.override_reason,
        created_at=row.created_at,
    )
