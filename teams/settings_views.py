"""Where the settings begin."""

from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from .access import TeamRequest, team_page


@require_GET
@team_page
def settings_home(request: TeamRequest) -> HttpResponseBase:
    return redirect("members")
