"""What each sentence of a procedure did: the page, and the counts for the editor's margin."""

from dataclasses import astuple
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from builder.agents import access
from routes import periods
from teams.access.permissions import TeamRequest, team_page
from web.http.partials import render_page

from . import coverage

_USUAL = "30"


@require_GET
@team_page
def agent_passages(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = access.agent_or_404(request.team, id)
    days, since = periods.chosen(request.GET, _USUAL)
    context = {
        "agent": agent,
        "coverage": coverage.coverage(agent, since),
        "only_unused": request.GET.get("unused") == "1",
        **periods.context(request.GET, days),
    }
    return render_page(request, "routes/passages.html", context, parts=["results", "passages-summary"])


@require_GET
@team_page
def agent_passage_counts(request: TeamRequest, id: UUID) -> HttpResponse:
    """The passages that route, with their counts, as JSON for the margin of the editor."""
    agent = access.agent_or_404(request.team, id)
    days, since = periods.chosen(request.GET, _USUAL)
    found = coverage.coverage(agent, since)
    shown = f"{reverse('handovers')}?from={agent.pk}&days={days}&passage="
    items = [
        {
            "start": one.passage.start,
            "source": one.passage.source,
            "now": astuple(one.now),
            "before": astuple(one.before),
            "unused": one.is_unused,
            "url": f"{shown}{one.passage.start}",
        }
        for one in found.routing
    ]
    return JsonResponse({"period": periods.PERIODS[days], "items": items})
