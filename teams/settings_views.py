"""Where the settings begin, and what they say of the team as a whole."""

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from . import zones
from .access import ADMINISTRATOR, TeamRequest, team_page
from .forms import GeneralForm


@require_GET
@team_page
def settings_home(request: TeamRequest) -> HttpResponseBase:
    return redirect("members")


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR)
def general(request: TeamRequest) -> HttpResponseBase:
    posted = request.POST if request.method == "POST" else None
    form = GeneralForm(posted, initial={"time_zone": request.team.time_zone}, label_suffix="")
    if form.is_valid():
        zones.change_zone(request.team, form.cleaned_data["time_zone"])
        messages.success(request, "Saved.")
        return redirect("general")
    return render(request, "teams/general.html", {"form": form}, status=422 if form.errors else 200)
