"""Who may see and do what. Every page starts from the team of the person who asks, and says which role it needs."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, cast, overload
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.db.models import Subquery
from django.db.models.functions import Least
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect, reswap
from redis.exceptions import RedisError

from teams.audit import audit
from teams.audit.actors import Actor, person
from teams.models import Installation, Member, Team, User
from web.format.times import zone_of
from web.http import failures

from . import two_step
from .reauthentication import ask_again, is_recent

SESSION_TEAM = "team"
VIEWER, OPERATOR, BUILDER, ADMINISTRATOR = Member.Role

type Page[**P] = Callable[P, HttpResponseBase]


class TeamRequest(HttpRequest):
    """A request of a signed-in member, as `team_page` hands it to a view."""

    user: User
    member: Member
    team: Team
    teams: list[Team]
    """All that the person is in."""
    actor: Actor


def memberships(request: HttpRequest) -> list[Member]:
    """Of the person who asks, the one they act as first: of the team chosen in the session, else by name."""
    members = Member.objects.select_related("team").filter(user=cast(User, request.user)).order_by("team__name")
    found = list(
        members.annotate(paused_since=Least("team__paused_at", Subquery(Installation.objects.values("paused_at"))))
    )
    chosen = request.session.get(SESSION_TEAM)
    return sorted(found, key=lambda member: str(member.team_id) != chosen)


def enter(request: HttpRequest, members: list[Member]) -> TeamRequest:
    """As the first of these `memberships`."""
    page = cast(TeamRequest, request)
    page.teams = sorted((row.team for row in members), key=lambda team: team.name)
    page.member, page.team, page.actor = members[0], members[0].team, person(page.user)
    return page


def membership(request: HttpRequest) -> Member | None:
    """The member this person acts as."""
    return next(iter(memberships(request)), None)


@overload
def team_page[**P](view: Page[P]) -> Page[P]: ...


@overload
def team_page[**P](
    *,
    post: Member.Role | None = None,
    get: Member.Role = VIEWER,
    asks_again: bool = False,
    team_of: Callable[..., UUID | None] | None = None,
) -> Callable[[Page[P]], Page[P]]: ...


def team_page[**P](
    view: Page[P] | None = None,
    *,
    post: Member.Role | None = None,
    get: Member.Role = VIEWER,
    asks_again: bool = False,
    team_of: Callable[..., UUID | None] | None = None,
) -> Page[P] | Callable[[Page[P]], Page[P]]:
    """A page for members: signs people in first and gives the view a `TeamRequest`.

    `get`, `post`: the role that looking and acting need. The view carries them as `needs`, for the test that has
    every page say so. One that takes POST and does not say is for administrators. `asks_again`: who acts shows first
    that it is still them, unless they have done so within the last minutes. `team_of`: the team that the address is
    about; a person who is in it acts as a member of it, whichever team they have chosen.
    """
    needs = {"GET": get, **({"POST": post} if post else {})}

    def page(view: Page[P]) -> Page[P]:
        @wraps(view)
        def with_team(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return sign_in_first(request)
            members = memberships(request)
            if not members:
                return render(request, "teams/no_team.html", status=403)
            if team_of and (wanted := team_of(*args, **kwargs)):
                members.sort(key=lambda member: member.team_id != wanted)
                # What the page leads to is in that team too.
                if members[0].team_id == wanted and request.session.get(SESSION_TEAM) != str(wanted):
                    request.session[SESSION_TEAM] = str(wanted)
            page = enter(request, members)
            needed = get if request.method in ("GET", "HEAD", "OPTIONS") else post or ADMINISTRATOR
            if not page.member.may(needed):
                return refuse(page, needed)
            if post is not VIEWER and lacks_second_step(
                page.member, page.user
            ):  # that is for what concerns only oneself
                return _set_up_second_step(page)
            if request.method == "POST" and asks_again and not is_recent(request):
                return ask_again(request)
            with timezone.override(zone_of(request)), audit.acting(page.actor):
                return cast(Callable[..., HttpResponseBase], view)(page, *args, **kwargs)

        with_team.needs = needs  # type: ignore[attr-defined]
        with_team.asks_again = asks_again  # type: ignore[attr-defined]
        return cast(Page[P], with_team)

    return page(view) if view else page


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """A link leads on after signing in; what was sent is kept."""
    is_link = request.method in ("GET", "HEAD") and not getattr(request, "htmx", False)
    return redirect_to_login(request.get_full_path()) if is_link else failures.signed_out(request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Keep the navigation for members, also where no view was found that would have asked who they are."""
    # A request that was refused before anything asked who it comes from has no user.
    if hasattr(request, "user") and not hasattr(request, "team") and not request.path.startswith("/admin/"):
        with suppress(DatabaseError, RedisError):
            if request.user.is_authenticated and (members := memberships(request)):
                enter(request, members)
    return render(request, "404.html", status=404)


def lacks_second_step(member: Member, user: User) -> bool:
    """Such a member is shown nothing of the team but how to set it up."""
    return member.team.require_two_step and member.administers and not two_step.is_on(user)


def _set_up_second_step(request: TeamRequest) -> HttpResponseBase:
    """The one way on for an administrator whose team asks for it."""
    sentence = f"{request.team} requires two-step sign-in of its administrators. Set it up to continue."
    messages.info(request, sentence)
    address = reverse("mfa_activate_totp")
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else redirect(address)


def refuse(request: TeamRequest, needed: Member.Role) -> HttpResponseBase:
    """Says which role it takes, and who gives it."""
    who = listed([str(user) for user in administrators(request.team)]) or "An administrator of the team"
    sentence = f"This takes the role of {needed.label.lower()}. {who} can do it, or give you that role."
    if getattr(request, "htmx", False):
        messages.error(request, sentence)
        return reswap(render(request, "components/toasts.html", {"oob": True}, status=403), "none")
    return render(request, "403.html", {"sentence": sentence}, status=403)


def listed(names: Sequence[str]) -> str:
    """Ada, Ben or Cem."""
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def administrators(team: Team) -> list[User]:
    """Those whom others can ask."""
    able = Member.objects.filter(team=team, role=ADMINISTRATOR, user__is_active=True)
    return [member.user for member in able.select_related("user").order_by("pk")[:5]]
