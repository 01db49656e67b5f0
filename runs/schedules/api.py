"""The API of schedules."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from ninja import Query, Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from builder.agents.schemas import name_of
from runs.models import Schedule
from runs.people.starting import INPUT_LIMIT
from teams.audit.actors import program
from teams.keys.api import KeyRequest, Named, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import Length
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team

from . import cron, schedules

router = Router()

Cron = Annotated[
    str, Length(cron.LONGEST, 9), Field(description="Minute, hour, day of month, month, day of week: `0 8 * * 1-5`.")
]
Zone = Annotated[str, Length(64, 1), Field(description="Whose clocks count, such as `Europe/Berlin`.")]
Input = Annotated[str, Length(INPUT_LIMIT)]


class ScheduleIn(RequestBody):
    model_config = example(agent_id="01980f6e-7d2a-7c3e-9a51-3f0c6d1b2a44", cron="0 8 * * 1-5", zone="Europe/Berlin")

    agent_id: UUID
    cron: Cron
    zone: Annotated[Zone | None, Field(description="That of the team, if left out.")] = None
    input: Input = ""
    paused: bool = False


class ScheduleChanges(RequestBody):
    """What is left out stays as it is."""

    cron: Cron | None = None
    zone: Zone | None = None
    input: Input | None = None
    paused: bool | None = None


class ScheduleOut(BaseModel):
    id: UUID
    agent: Named
    cron: Cron
    words: Annotated[str, Field(description="The same for people, where that is simple.")]
    zone: Zone
    input: str
    paused: bool
    next_at: Annotated[datetime | None, Field(description="When it starts next; null when paused.")]
    last_due_at: datetime | None
    last_run_id: Annotated[UUID | None, Field(description="What it started last.")]
    obstacle: Annotated[str | None, Field(description="Why nothing started when it was due last.")]
    created_at: datetime


class ScheduleFilters(Paging):
    agent_id: UUID | None = None


@router.get("/schedules", response=Page[ScheduleOut], tags=["Schedules"], summary="List schedules, newest first")
def list_schedules(request: KeyRequest, filters: Query[ScheduleFilters]) -> Page[ScheduleOut]:
    rows = _schedules(request.auth.team)
    if filters.agent_id:
        rows = rows.filter(agent=filters.agent_id)
    found, cursor = paginate(rows, ["-created_at", "id"], filters)
    return Page[ScheduleOut](items=[_out(row) for row in found], next_cursor=cursor)


@router.post(
    "/schedules",
    auth=TeamKey(Scope.AGENTS),
    response={201: ScheduleOut},
    tags=["Schedules"],
    summary="Start an agent by the clock",
)
def create_schedule(request: KeyRequest, wanted: ScheduleIn) -> Answer[ScheduleOut]:
    """It starts runs without a case."""
    agent = get_row(request.auth.team.agents.live(), wanted.agent_id, "agent_id")
    with transaction.atomic():
        made = schedules.create_schedule(
            agent, wanted.cron, wanted.zone or request.auth.team.time_zone, wanted.input, program(request.auth)
        )
        if wanted.paused:
            schedules.pause(made)
    return Answer(201, _read(request.auth.team, made.pk))


@router.get("/schedules/{schedule_id}", response=ScheduleOut, tags=["Schedules"], summary="Read a schedule")
def get_schedule(request: KeyRequest, schedule_id: UUID) -> ScheduleOut:
    return _read(request.auth.team, schedule_id)


@router.patch(
    "/schedules/{schedule_id}",
    auth=TeamKey(Scope.AGENTS),
    response=ScheduleOut,
    tags=["Schedules"],
    summary="Change a schedule",
)
def change_schedule(request: KeyRequest, schedule_id: UUID, changes: ScheduleChanges) -> ScheduleOut:
    """From now on: what was missed while it was paused is not made up for."""
    team = request.auth.team
    with transaction.atomic():
        row = get_row(_schedules(team).select_for_update(of=("self",), no_key=True), schedule_id)
        if changes.model_fields_set - {"paused"}:
            schedules.change_schedule(
                row,
                row.expression if changes.cron is None else changes.cron,
                row.zone if changes.zone is None else changes.zone,
                row.input if changes.input is None else changes.input,
            )
        if changes.paused is not None:
            (schedules.pause if changes.paused else schedules.resume)(row)
    return _read(team, schedule_id)


@router.delete(
    "/schedules/{schedule_id}",
    auth=TeamKey(Scope.AGENTS),
    response={204: None},
    tags=["Schedules"],
    summary="Delete a schedule",
)
def delete_schedule(request: KeyRequest, schedule_id: UUID) -> Answer[None]:
    """Runs that it started stay."""
    schedules.delete(get_row(_schedules(request.auth.team), schedule_id))
    return Answer(204, None)


def _schedules(team: Team) -> QuerySet[Schedule]:
    return Schedule.objects.filter(team=team, agent__deleted_at=None).select_related("agent")


def _read(team: Team, schedule_id: UUID) -> ScheduleOut:
    return _out(get_row(_schedules(team), schedule_id))


def _out(row: Schedule) -> ScheduleOut:
    paused = row.paused_at is not None
    return ScheduleOut(
        id=row.pk,
        agent=name_of(row.agent),
        cron=row.expression,
        words=schedules.words(row.expression),
        zone=row.zone,
        input=row.input,
        paused=paused,
        next_at=None if paused else row.next_at,
        last_due_at=row.last_due_at,
        last_run_id=row.last_run_id,
        obstacle=row.obstacle or None,
        created_at=row.created_at,
    )
