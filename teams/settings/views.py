"""Where the settings begin, and what they say of the team as a whole."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from data.errors import Refused
from teams.access.permissions import ADMINISTRATOR, TeamRequest, team_page
from teams.people import members
from web.forms.refusals import show_refusal

from . import checking, zones
from .forms import GeneralForm
from .signatures import change_signature


@require_GET
@team_page
def settings_home(request: TeamRequest) -> HttpResponseBase:
    return redirect("members")


@require_http_methods(["GET", "POST"])
@team_page(post=ADMINISTRATOR, get=ADMINISTRATOR, asks_again=True)
def general(request: TeamRequest) -> HttpResponseBase:
    posted = request.POST if request.method == "POST" else None
    team = request.team
    initial = {name: getattr(team, name) for name in GeneralForm.base_fields}
    form = GeneralForm(posted, initial=initial)
    if form.is_valid():
        try:
            with transaction.atomic():
                members.require_two_step(team, form.cleaned_data["require_two_step"], request.user)
                if "signature" in request.POST:
                    change_signature(team, form.cleaned_data["signature"])
                zones.change_zone(team, form.cleaned_data["time_zone"])
                checking.change_checking(team, form.of_tests)
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, "Saved.")
            return redirect("general")
    return render(request, "teams/general.html", {"form": form}, status=422 if form.errors else 200)
