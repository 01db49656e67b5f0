"""What pages say while work is paused."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from teams.access.permissions import TeamRequest, team_page


@require_GET
@team_page
def paused(request: TeamRequest) -> HttpResponse:
    return render(request, "teams/paused.html")
