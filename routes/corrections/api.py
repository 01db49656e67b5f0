"""The API of corrections of routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from data.errors import Refused
from routes.models import Correction
from runs.models import Handover
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import Length, Prose
from teams.keys.paging import Page, Paging, paginate

from . import corrections

router = Router()


class CorrectionOut(BaseModel):
    id: UUID
    run_id: Annotated[UUID | None, Field(description="The run that should have been another's, if it has begun.")]
    handed_over_by_run_id: Annotated[UUID | None, Field(description="Null: the case was dispatched there first.")]
    case_id: UUID | None
    wrong_agent_id: UUID
    right_agent_id: Annotated[UUID | None, Field(description="Null: a person.")]
    note: str
    actor: Annotated[str, Field(description="The person or API key that said so.")]
    actor_id: Annotated[UUID | None, Field(description="Of the person, as among members.")]
    actor_email: Annotated[str | None, Field(description="Of the person, whatever their name.")]
    created_at: datetime


class CorrectionIn(RequestBody):
    agent_id: Annotated[UUID | None, Field(description="Who should have had it; null: a person.")] = None
    note: Annotated[Prose, Length(corrections.NOTE_LIMIT)] = ""
    of_handover: Annotated[bool, Field(description="Of whom the run handed over to, not of the run itself.")] = False
    send: Annotated[bool | None, Field(description="The case goes there now; by default when it is open.")] = None


class CorrectionFilters(Paging):
    wrong_agent_id: UUID | None = None
    case_id: UUID | None = None


@router.get(
    "/corrections", response=Page[CorrectionOut], tags=["Corrections"], summary="List corrections, newest first"
)
def list_corrections(request: KeyRequest, filters: Query[CorrectionFilters]) -> Page[CorrectionOut]:
    rows = Correction.objects.standing().filter(team=request.auth.team).select_related("user")
    if filters.wrong_agent_id:
        rows = rows.filter(wrong=filters.wrong_agent_id)
    if filters.case_id:
        rows = rows.filter(case=filters.case_id)
    found, cursor = paginate(rows, ["-created_at", "id"], filters)
    return Page[CorrectionOut](items=[_out(row) for row in found], next_cursor=cursor)


@router.post(
    "/runs/{run_id}/corrections",
    auth=TeamKey(Scope.CASES),
    response={201: CorrectionOut},
    tags=["Corrections"],
    summary="Say who should have had a run",
)
def add_correction(request: KeyRequest, run_id: UUID, wanted: CorrectionIn | None = None) -> Answer[CorrectionOut]:
    team, wanted = request.auth.team, wanted or CorrectionIn()
    run = get_row(team.runs.select_related("agent"), run_id)
    right = get_row(team.agents.live(), wanted.agent_id, "agent_id") if wanted.agent_id else None
    misroute = corrections.of_run(run)
    if wanted.of_handover:
        handover = Handover.objects.filter(source=run, status=Handover.Status.APPLIED).select_related("target").first()
        if handover is None:
            raise Refused("This run handed over to nobody.", "no_handover")
        misroute = corrections.of_handover(handover)
    return Answer(201, _out(corrections.correct(misroute, right, wanted.note, program(request.auth), wanted.send)))


@router.delete(
    "/corrections/{correction_id}",
    auth=TeamKey(Scope.CASES),
    response={204: None},
    tags=["Corrections"],
    summary="Undo a correction",
)
def undo_correction(request: KeyRequest, correction_id: UUID) -> Answer[None]:
    """The correction no longer counts; the case stays where it is."""
    corrections.undo(get_row(Correction.objects.filter(team=request.auth.team), correction_id), program(request.auth))
    return Answer(204, None)


def _out(row: Correction) -> CorrectionOut:
    return CorrectionOut(
        id=row.pk,
        run_id=row.run_id,
        handed_over_by_run_id=row.source_id,
        case_id=row.case_id,
        wrong_agent_id=row.wrong_id,
        right_agent_id=row.right_id,
        note=row.note,
        actor=row.actor,
        actor_id=row.user.uuid if row.user else None,
        actor_email=row.user.email if row.user else None,
        created_at=row.created_at,
    )
