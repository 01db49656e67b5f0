"""The API of the team itself: what its settings say, and its members."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db import transaction
from ninja import Query, Router
from pydantic import BaseModel, Field

from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey
from teams.keys.fields import Length
from teams.keys.paging import Page, Paging, paginate
from teams.keys.quotas import limit_of
from teams.models import Member

from . import zones
from .budgets import Budget, change_budget
from .pausing import paused
from .signatures import change_signature

router = Router(tags=["Team"])


class KeyOut(BaseModel):
    name: str
    scopes: list[Scope]
    expires_at: datetime | None
    per_minute: Annotated[int | None, Field(description="Requests it may send in a minute; null: no limit.")]


TimeZone = Annotated[
    str,
    Length(64, 1),
    Field(
        description="Canonical IANA name, such as `Europe/Berlin`. Its days count for budgets and usage; agents are"
        " told its time, and schedules begin with it."
    ),
]


class TeamOut(BaseModel):
    id: UUID
    name: str
    slug: str
    time_zone: TimeZone
    paused: Annotated[bool, Field(description="By an operator of Baton: nothing starts.")]
    budget: Annotated[Budget, Field(description="For runs of agents without one of their own.")]
    answer_hours: Annotated[int | None, Field(description="How long people have to answer agents; null: no limit.")]
    signature: Annotated[str, Field(description="Below each message to a customer.")]
    key: Annotated[KeyOut, Field(description="The key of this request.")]


class TeamChanges(RequestBody):
    """What is left out stays as it is."""

    budget: Annotated[Budget | None, Field(description="Replaces the one before, whole.")] = None
    time_zone: TimeZone | None = None
    signature: Annotated[str, Length(1000)] | None = None


class MemberOut(BaseModel):
    id: Annotated[UUID, Field(description="Of the person: the same in all their teams.")]
    name: str
    email: str
    role: Member.Role
    is_active: Annotated[bool, Field(description="False: an operator of Baton has deactivated the account.")]
    away_until: Annotated[datetime | None, Field(description="null: the member is not away.")]


@router.get("/team", response=TeamOut, summary="Read the team and the key")
def get_team(request: KeyRequest) -> TeamOut:
    """Good for trying a key: it says whose it is and what it may do."""
    key, team = request.auth, request.auth.team
    return TeamOut(
        id=team.pk,
        name=team.name,
        slug=team.slug,
        time_zone=team.time_zone,
        paused=bool(paused([team.pk])),
        budget=Budget(**team.budget),
        answer_hours=team.answer_hours,
        signature=team.signature,
        key=KeyOut(
            name=key.name,
            scopes=[Scope(scope) for scope in key.scopes],
            expires_at=key.expires_at,
            per_minute=limit_of(key),
        ),
    )


@router.patch("/team", auth=TeamKey(Scope.ADMIN), response=TeamOut, summary="Change the settings of the team")
def change_team(request: KeyRequest, changes: TeamChanges) -> TeamOut:
    """For runs from now on; one that is being worked notices when it is taken up again."""
    team = request.auth.team
    with transaction.atomic():
        if changes.time_zone is not None:
            zones.change_zone(team, changes.time_zone)
        if changes.signature is not None:
            change_signature(team, changes.signature)
        if changes.budget is not None:
            change_budget(team, changes.budget)
    team.refresh_from_db()
    return get_team(request)


@router.get("/members", response=Page[MemberOut], summary="List the members of the team")
def list_members(request: KeyRequest, paging: Query[Paging]) -> Page[MemberOut]:
    """People come by invitation, in the settings."""
    members = Member.objects.filter(team=request.auth.team).select_related("user")
    rows, cursor = paginate(members, ["id"], paging)
    return Page[MemberOut](items=[_member(row) for row in rows], next_cursor=cursor)


def _member(row: Member) -> MemberOut:
    return MemberOut(
        id=row.user.uuid,
        name=str(row.user),
        email=row.user.email,
        role=Member.Role(row.role),
        is_active=row.user.is_active,
        away_until=row.away_until,
    )
