"""The API of impacts: what a change would have done to the last decided runs."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from ninja import Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from builder.agents.schemas import ModelName, Procedure
from routes.models import Impact
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import Name, Words

from . import impacts, told
from .recorded import Chosen

router = Router(tags=["Routing tests"])

type Dollars = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class ImpactIn(RequestBody):
    """What would change. Nothing is saved; without any of it the runs are replayed against what is live."""

    aop: Procedure | None = None
    name: Name | None = None
    description: Words | None = None
    model: ModelName | None = None
    fallback_model: ModelName | None = None
    last: Annotated[int, Field(ge=1, le=200, description="So many of the last decided runs.")] = 50
    days: Annotated[int | None, Field(ge=1, le=3650, description="Only runs of so many days.")] = None
    label: Annotated[str | None, Field(max_length=50, description="Only runs on cases with this label.")] = None
    confirm_usd: Annotated[
        Dollars | None, Field(description="Start if it is estimated to cost at most this. Not needed where it is free.")
    ] = None


class Confirmation(RequestBody):
    usd: Annotated[Dollars, Field(description="At least the estimate; where that is null, anything.")]


class ImpactStarted(BaseModel):
    id: UUID
    status: Impact.Status
    estimate_usd: float | None


class ImpactCounts(BaseModel):
    replayed: Annotated[int, Field(description="So far, those that diverged included.")]
    changed: int
    divergent: int


class MatrixCell(BaseModel):
    before: dict[str, Any]
    after: dict[str, Any]
    count: int


class ChangedCase(BaseModel):
    case_id: Annotated[UUID | None, Field(description="Null for a standalone run.")]
    run_id: UUID
    before: dict[str, Any]
    after: dict[str, Any]


class DivergentCase(BaseModel):
    case_id: UUID | None
    run_id: UUID
    call: Annotated[str, Field(description="The call that had no recording.")]


class ImpactOut(BaseModel):
    id: UUID
    status: Impact.Status
    estimate_usd: Annotated[float | None, Field(description="Null where no price is known.")]
    cost_usd: float | None
    counts: ImpactCounts
    matrix: Annotated[list[MatrixCell], Field(description="Old and new decisions, the changed ones first.")]
    cases: Annotated[list[ChangedCase], Field(description="Only those that would be decided differently.")]
    divergent: list[DivergentCase]


@router.post(
    "/agents/{agent_id}/impact",
    auth=TeamKey(Scope.AGENTS),
    response={202: ImpactStarted},
    summary="Replay the last runs with a change",
)
def start_impact(request: KeyRequest, agent_id: UUID, wanted: ImpactIn) -> Answer[ImpactStarted]:
    """It starts at once where it costs nothing; else with `confirm_usd`, here or later. Read it until it is done."""
    agent = get_row(request.auth.team.agents.live().select_related("team"), agent_id)
    changes = wanted.model_dump(include={"aop", "name", "description", "model"}, exclude_none=True)
    if wanted.fallback_model is not None:
        changes["fallback"] = wanted.fallback_model
    chosen = Chosen(wanted.last, wanted.days, wanted.label or "")
    impact = impacts.start(agent, changes, chosen, program(request.auth), _dollars(wanted.confirm_usd))
    return Answer(202, ImpactStarted(id=impact.pk, status=Impact.Status(impact.status), estimate_usd=_float(impact)))


@router.get("/impacts/{impact_id}", response=ImpactOut, summary="Read an impact")
def get_impact(request: KeyRequest, impact_id: UUID) -> ImpactOut:
    return _out(_find(request, impact_id))


@router.post(
    "/impacts/{impact_id}/confirm",
    auth=TeamKey(Scope.AGENTS),
    response=ImpactOut,
    summary="Start an impact that costs something",
)
def confirm_impact(request: KeyRequest, impact_id: UUID, wanted: Confirmation) -> ImpactOut:
    impacts.confirm(_find(request, impact_id), Decimal(str(wanted.usd)), program(request.auth))
    return get_impact(request, impact_id)


@router.post("/impacts/{impact_id}/stop", auth=TeamKey(Scope.AGENTS), response=ImpactOut, summary="Stop an impact")
def stop_impact(request: KeyRequest, impact_id: UUID) -> ImpactOut:
    """What is known by then can still be read."""
    impacts.stop(_find(request, impact_id))
    return get_impact(request, impact_id)


def _find(request: KeyRequest, id: UUID) -> Impact:
    return get_row(Impact.objects.filter(team=request.auth.team).select_related("agent"), id)


def _dollars(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _float(impact: Impact) -> float | None:
    return None if impact.estimate_usd is None else float(impact.estimate_usd)


def _out(impact: Impact) -> ImpactOut:
    found = told.told(impact)
    return ImpactOut(
        id=impact.pk,
        status=Impact.Status(impact.status),
        estimate_usd=_float(impact),
        cost_usd=None if found.cost is None else float(found.cost),
        counts=ImpactCounts(replayed=len(found.replayed), changed=len(found.changed), divergent=len(found.divergent)),
        matrix=[MatrixCell(before=cell.before, after=cell.after, count=len(cell.replays)) for cell in found.matrix],
        cases=[
            ChangedCase(case_id=one.run.case_id, run_id=one.run.pk, before=one.before, after=one.after or {})
            for one in found.changed
        ],
        divergent=[
            DivergentCase(case_id=one.run.case_id, run_id=one.run.pk, call=(one.after or {})["call"])
            for one in found.divergent
        ],
    )
