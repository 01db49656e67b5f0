"""The API of the team itself: what its settings say, and its members."""

from datetime import datetime
from typing import Annotated

from ninja import Query, Router
from pydantic import BaseModel, Field

from .api import KeyRequest, Scope, TeamKey, Wanted
from .budgets import Budget, change_budget
from .models import Member
from .paging import Page, Paging, take
from .pausing import paused
from .quotas import limit_of

router = Router(tags=["Team"])


class KeyOut(BaseModel):
    name: str
    scopes: list[Scope]
    expires_at: datetime | None
    per_minute: Annotated[int | None, Field(description="Requests it may send in a minute; null: no limit.")]


class TeamOut(BaseModel):
    id: str
    name: str
    slug: str
    paused: Annotated[bool, Field(description="By an operator of Baton: nothing starts.")]
    budget: Annotated[Budget, Field(description="For runs of agents without one of their own.")]
    answer_hours: Annotated[int | None, Field(description="How long people have to answer agents; null: no limit.")]
    key: Annotated[KeyOut, Field(description="The key of this request.")]


class TeamChanges(Wanted):
    """What is left out stays as it is."""

    budget: Annotated[Budget | None, Field(description="Replaces the one before, whole.")] = None


class MemberOut(BaseModel):
    name: str
    email: str
    role: Member.Role


@router.get("/team", response=TeamOut, summary="Read the team and the key")
def get_team(request: KeyRequest) -> TeamOut:
    """Good for trying a key: it says whose it is and what it may do."""
    key, team = request.auth, request.auth.team
    return TeamOut(
        id=str(team.pk),
        name=team.name,
        slug=team.slug,
        paused=bool(paused([team.pk])),
        budget=Budget(**team.budget),
        answer_hours=team.answer_hours,
        key=KeyOut(
            name=key.name,
            scopes=[Scope(scope) for scope in key.scopes],
            expires_at=key.expires_at,
            per_minute=limit_of(key),
        ),
    )


@router.patch("/team", auth=TeamKey(Scope.ADMIN), response=TeamOut, summary="Change the budget of the team")
def change_team(request: KeyRequest, changes: TeamChanges) -> TeamOut:
    """For runs from now on; one that is being worked notices when it is taken up again."""
    if changes.budget is not None:
        change_budget(request.auth.team, changes.budget)
        request.auth.team.refresh_from_db()
    return get_team(request)


@router.get("/members", response=Page[MemberOut], summary="List the members of the team")
def list_members(request: KeyRequest, paging: Query[Paging]) -> Page[MemberOut]:
    """People come by invitation, in the settings."""
    members = Member.objects.filter(team=request.auth.team, user__is_active=True).select_related("user")
    rows, cursor = take(members, ["id"], paging)
    items = [MemberOut(name=str(row.user), email=row.user.email, role=Member.Role(row.role)) for row in rows]
    return Page[MemberOut](items=items, next_cursor=cursor)
