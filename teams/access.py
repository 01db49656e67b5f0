"""Who may see and do what. Every page starts from the team of the person who asks."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.db.models import Subquery
from django.db.models.functions import Least
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from .actors import Actor, person
from .models import Installation, Member, Team, User
from .times import zone_of

SESSION_TEAM = "team"


class TeamRequest(HttpRequest):
    """A request of a signed-in member, as `team_page` hands it to a view."""

    user: User
    member: Member
    team: Team
    actor: Actor


def membership(request: HttpRequest) -> Member | None:
    """The member this person acts as: of the team chosen in the session, else of their first team."""
    members = Member.objects.select_related("team").filter(user=cast(User, request.user)).order_by("team__name")
    members = members.annotate(
        paused_since=Least("team__paused_at", Subquery(Installation.objects.values("paused_at")))
    )
    chosen = request.session.get(SESSION_TEAM)
    return (members.filter(team_id=chosen).first() if chosen else None) or members.first()


def team_page[**P](view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """A page for members: signs people in first and gives the view a `TeamRequest`."""

    @login_required
    @wraps(view)
    def with_team(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = membership(request)
        if member is None:
            return render(request, "teams/no_team.html", status=403)
        page = cast(TeamRequest, request)
        page.member, page.team, page.actor = member, member.team, person(page.user)
        with timezone.override(zone_of(request)):
            return cast(Callable[..., HttpResponseBase], view)(page, *args, **kwargs)

    return cast(Callable[P, HttpResponseBase], with_team)
