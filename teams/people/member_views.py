"""The pages of members and invitations, and the way from one of my teams to another."""

from uuid import UUID

from allauth.account.utils import perform_login
from django.contrib import messages
from django.core.mail import mailers
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from data.errors import Refused
from data.secrets import seal
from teams.access.permissions import ADMINISTRATOR, SESSION_TEAM, VIEWER, TeamRequest, team_page
from teams.models import Invitation, Member, User
from teams.sign_in.adapter import too_many_tries
from teams.sign_in.attempts import TooManyAttempts, guess
from web.emails.message import compose
from web.forms.refusals import show_refusal, tell
from web.http.links import link_to
from web.http.session_secrets import pop_secret

from . import members as verbs
from .forms import AcceptForm, InviteForm

_FRESH_LINK = "fresh_invitation"
ROLES = [
    (Member.Role.VIEWER, "Reads everything, changes nothing"),
    (Member.Role.OPERATOR, "Works cases, answers agents, starts and stops runs"),
    (Member.Role.BUILDER, "Also changes agents, queues and schedules"),
    (Member.Role.ADMINISTRATOR, "Also members, keys and settings"),
]


@require_GET
@team_page
@never_cache
def members(request: TeamRequest) -> HttpResponse:
    return _page(request)


def _page(request: TeamRequest, form: InviteForm | None = None) -> HttpResponse:
    people = Member.objects.filter(team=request.team).select_related("user").order_by("user__email")
    context = {
        "people": people,
        "invitations": request.team.invitations.select_related("invited_by") if request.member.administers else [],
        "now": timezone.now(),
        "roles": ROLES,
        "link": pop_secret(request, _FRESH_LINK),
        "form": form or InviteForm(),
        "email_is_set_up": "default" in mailers,
    }
    return render(request, "teams/members.html", context, status=422 if form else 200)


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def member_invite(request: TeamRequest) -> HttpResponseBase:
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        invitation, token = verbs.invite(request.team, **form.cleaned_data, by=request.actor)
    except Refused as refusal:
        show_refusal(form, refusal)
        return _page(request, form)
    link = link_to(f"{reverse('invitation')}?{urlencode({'token': token})}", request)
    request.session[_FRESH_LINK] = seal(link)
    _email(request, invitation, f"{link}&{urlencode({'mailed': verbs.mailed_mark(token)})}")
    return redirect("members")


def _email(request: TeamRequest, invitation: Invitation, link: str) -> None:
    if "default" not in mailers:
        return
    context = {
        "inviter": request.user,
        "team": request.team,
        "role": invitation.get_role_display().lower(),
        "link": link,
        "days": verbs.INVITATION_DAYS,
        "home": link_to("/", request).rstrip("/"),
    }
    try:
        compose("teams/invitation_email.html", context, invitation.email).send()
        messages.success(request, f"The invitation was emailed to {invitation.email}.")
    except OSError as error:
        messages.warning(request, f"The email could not be sent ({error}). Please pass the link on yourself.")


@require_POST
@team_page(post=ADMINISTRATOR)
def invitation_withdraw(request: TeamRequest, id: UUID) -> HttpResponseBase:
    verbs.withdraw(get_object_or_404(Invitation, team=request.team, pk=id), request.actor)
    messages.success(request, "Invitation withdrawn.")
    return redirect("members")


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def member_role(request: TeamRequest, id: int) -> HttpResponseBase:
    member = get_object_or_404(Member, team=request.team, pk=id)
    wanted = request.POST.get("role", "")
    tell(
        request,
        lambda: verbs.change_role(member, wanted, request.actor),
        f"The role of {member.user} was changed.",
    )
    return redirect("members")


@require_POST
@team_page(post=ADMINISTRATOR, asks_again=True)
def member_remove(request: TeamRequest, id: int) -> HttpResponseBase:
    member = get_object_or_404(Member, team=request.team, pk=id)
    tell(request, lambda: verbs.remove(member, request.actor), f"{member.user} was removed from the team.")
    return redirect("members")


@require_POST
@team_page(post=VIEWER)
def team_leave(request: TeamRequest) -> HttpResponseBase:
    try:
        verbs.remove(request.member, request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("members")
    request.session.pop(SESSION_TEAM, None)
    messages.success(request, f"You have left {request.team}.")
    return redirect("home")


@require_POST
@team_page(post=VIEWER)
def team_switch(request: TeamRequest) -> HttpResponseBase:
    """To another of my teams; each page shows one."""
    wanted = Member.objects.filter(user=request.user, team__slug=request.POST.get("team", ""))
    request.session[SESSION_TEAM] = str(get_object_or_404(wanted).team_id)
    return redirect("home")


# --- Accepting -------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponseBase:
    """The page of the link, for anyone who has it: signed in, with an account, or new."""
    token = request.GET.get("token", "")
    found = verbs.find_invitation(token)
    if found is None:
        try:
            guess(request, "invitation")
        except TooManyAttempts as refusal:
            return too_many_tries(request, minutes=refusal.minutes)
        return render(request, "teams/invitation.html", {"invitation": None}, status=404)
    form = AcceptForm(request.POST if request.method == "POST" and not request.user.is_authenticated else None)
    context = {
        "invitation": found,
        "has_account": User.objects.filter(email=found.email).exists(),
        "sign_in": f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}",
        "form": form,
    }
    if request.method == "POST" and (request.user.is_authenticated or form.is_valid()):
        try:
            if request.user.is_authenticated:
                verbs.accept(found, request.user)
                response = redirect("home")
            else:
                was_mailed = verbs.was_mailed(token, request.GET.get("mailed", ""))
                user = verbs.accept_as_new(found, **form.cleaned_data, was_mailed=was_mailed)
                # On to the email that confirms the address, where that is needed.
                response = perform_login(request, user, email=user.email)
        except Refused as refusal:
            if not form.is_bound:
                messages.error(request, refusal.message)
                return redirect("home")
            show_refusal(form, refusal)
        else:
            request.session[SESSION_TEAM] = str(found.team_id)
            if request.user.is_authenticated:
                messages.success(request, f"Welcome to {found.team}.")
            return response
    return render(request, "teams/invitation.html", context, status=422 if form.errors else 200)
