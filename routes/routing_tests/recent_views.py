"""The page that makes routing tests of an agent's last cases."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from builder.agents.access import agent_or_404
from data.errors import Refused
from data.ids import parse_uuid
from teams.access.permissions import BUILDER, TeamRequest, team_page

from . import decisions
from .recent import add_recent_tests, recent


@require_http_methods(["GET", "POST"])
@team_page(get=BUILDER, post=BUILDER)
def tests_recent(request: TeamRequest, id: UUID) -> HttpResponse:
    """Offers the last decisions; those that are chosen become tests."""
    agent = agent_or_404(request.team, id)
    error = ""
    if request.method == "POST":
        chosen = {found for text in request.POST.getlist("run") if (found := parse_uuid(text))}
        try:
            made = add_recent_tests(agent, chosen, request.actor)
        except Refused as refusal:
            error = refusal.message
        else:
            if made:
                messages.success(request, f"{made} test{'' if made == 1 else 's'} created.")
                return redirect("agent_tests", agent.pk)
            error = "Choose at least one case."
    offered = recent(agent)
    names = decisions.names(decision for one in offered for decision in one.expected)
    rows = [(one, " or ".join(decisions.in_words(decision, names) for decision in one.expected)) for one in offered]
    context = {"agent": agent, "rows": rows, "error": error}
    return render(request, "routes/tests_recent.html", context, status=422 if error else 200)
