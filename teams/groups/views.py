"""The pages of groups, below the settings of the team."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.models import Group, Team
from web.forms.stale import saved_in_turn
from web.http.partials import render_page

from . import groups as verbs
from .forms import GroupForm


def group_or_404(team: Team, id: UUID) -> Group:
    return get_object_or_404(Group.objects.live(), team=team, pk=id)


@require_GET
@team_page
def groups(request: TeamRequest) -> HttpResponse:
    rows = request.team.groups.live().prefetch_related("members__user")
    return render_page(request, "teams/groups.html", {"groups": rows}, parts=["results"])


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def group_new(request: TeamRequest) -> HttpResponseBase:
    form = GroupForm(request.team, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            verbs.create_group(request.team, form.fields_of_group())
        except Refused as refusal:
            form.show(refusal)
        else:
            return redirect("groups")
    return _form(request, form)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def group_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    group = group_or_404(request.team, id)
    form = GroupForm(request.team, request.POST if request.method == "POST" else None, group=group)
    if form.is_bound and form.is_valid():
        try:
            verbs.change_group(group, form.fields_of_group())
        except Refused as refusal:
            form.show(refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("groups")
    return _form(request, form, group)


def _form(request: TeamRequest, form: GroupForm, group: Group | None = None) -> HttpResponse:
    wrong = form.is_bound and (form.errors or any(row.errors for row in form.openings))
    context = {"form": form, "group": group}
    return render(request, "teams/group_form.html", context, status=422 if wrong else 200)


@require_POST
@team_page(post=ADMINISTRATOR)
def group_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    group = group_or_404(request.team, id)
    verbs.delete_group(group)
    messages.success(request, f"{group.name} has been deleted.")
    return redirect("groups")
