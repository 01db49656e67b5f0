"""The lines of the palette. Without scripts it is a page of its own."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from teams.access.permissions import TeamRequest, team_page
from web.http.partials import render_page

from . import palette


@require_GET
@team_page
def palette_page(request: TeamRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    groups = palette.search_palette(request.member, request.teams, text, request.GET.get("recent", ""))
    return render_page(request, "runs/palette.html", {"groups": groups, "text": text}, parts=["palette-results"])
