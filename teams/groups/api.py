"""The API of groups."""

from typing import Annotated
from uuid import UUID

from django.db import transaction
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import Length, Name
from teams.keys.paging import Page, Paging, paginate
from teams.models import Group
from teams.settings import zones

from . import groups
from .groups import MOST_HOURS, GroupFields
from .hours import OPENINGS, Opening

router = Router(tags=["Groups"])

MemberIds = Annotated[list[UUID], Field(max_length=1000, description="Ids of members of the team.")]
Hours = Annotated[list[Opening], Field(max_length=50, description="When it works, in its time zone. Empty: always.")]
DueHours = Annotated[
    int | None,
    Field(ge=1, le=MOST_HOURS, description="Working hours within which someone takes a case; null: no limit."),
]
TimeZone = Annotated[str, Length(64, 1), Field(description="Canonical IANA name, such as `Europe/Berlin`.")]


class GroupIn(RequestBody):
    model_config = example(
        name="Finance",
        time_zone="Europe/Berlin",
        hours=[{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}],
        due_hours=8,
    )

    name: Name
    member_ids: MemberIds = []
    time_zone: TimeZone | None = None
    hours: Hours = []
    due_hours: DueHours = None


class GroupChanges(RequestBody):
    """What is left out stays as it is."""

    name: Name | None = None
    member_ids: MemberIds | None = None
    time_zone: TimeZone | None = None
    hours: Hours | None = None
    due_hours: DueHours = None


class GroupOut(BaseModel):
    id: UUID
    name: str
    member_ids: MemberIds
    time_zone: TimeZone
    hours: Hours
    due_hours: DueHours


@router.get("/groups", response=Page[GroupOut], by_alias=True, summary="List groups")
def list_groups(request: KeyRequest, paging: Query[Paging]) -> Page[GroupOut]:
    rows, cursor = paginate(request.auth.team.groups.live(), ["-created_at", "-id"], paging)
    return Page[GroupOut](items=[_out(row) for row in rows], next_cursor=cursor)


@router.post("/groups", auth=TeamKey(Scope.ADMIN), response={201: GroupOut}, by_alias=True, summary="Create a group")
def create_group(request: KeyRequest, wanted: GroupIn) -> Status[GroupOut]:
    fields = GroupFields(
        wanted.name, wanted.member_ids, wanted.time_zone or zones.DEFAULT, wanted.hours, wanted.due_hours
    )
    return Status(201, _out(groups.create_group(request.auth.team, fields)))


@router.get("/groups/{group_id}", response=GroupOut, by_alias=True, summary="Read a group")
def get_group(request: KeyRequest, group_id: UUID) -> GroupOut:
    return _out(get_row(request.auth.team.groups.live(), group_id))


@router.patch(
    "/groups/{group_id}", auth=TeamKey(Scope.ADMIN), response=GroupOut, by_alias=True, summary="Change a group"
)
def change_group(request: KeyRequest, group_id: UUID, changes: GroupChanges) -> GroupOut:
    rows = request.auth.team.groups.live()
    with transaction.atomic():
        row = get_row(rows.select_for_update(no_key=True), group_id)
        said = changes.model_fields_set
        groups.change_group(
            row,
            GroupFields(
                row.name if changes.name is None else changes.name,
                _member_ids(row) if changes.member_ids is None else changes.member_ids,
                changes.time_zone or row.time_zone,
                OPENINGS.validate_python(row.hours) if changes.hours is None else changes.hours,
                changes.due_hours if "due_hours" in said else row.due_hours,
            ),
        )
    return _out(get_row(rows, group_id))


@router.delete("/groups/{group_id}", auth=TeamKey(Scope.ADMIN), response={204: None}, summary="Delete a group")
def delete_group(request: KeyRequest, group_id: UUID) -> Status[None]:
    groups.delete_group(get_row(request.auth.team.groups.live(), group_id))
    return Status(204, None)


def _member_ids(row: Group) -> list[UUID]:
    return list(row.members.order_by("pk").values_list("user__uuid", flat=True))


def _out(row: Group) -> GroupOut:
    return GroupOut(
        id=row.pk,
        name=row.name,
        member_ids=_member_ids(row),
        time_zone=row.time_zone,
        hours=OPENINGS.validate_python(row.hours),
        due_hours=row.due_hours,
    )
