"""The wiring beside the procedure: drawn from the form as it is typed, with buttons that fix it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST

from builder.agents import access, queries
from builder.agents.forms import AgentForm
from builder.procedures.people import all_people
from teams.access.permissions import BUILDER, VIEWER, TeamRequest, refuse, team_page
from teams.models import Team

from . import doctor, wiring
from .doctor_input import gather
from .quick_fixes import apply_fix


@require_POST
@team_page(post=VIEWER)
def agent_wiring(request: TeamRequest, id: UUID | None = None) -> HttpResponseBase:
    """The panel for what is typed, after the button that was pressed in it, if one was."""
    if "fix" in request.POST and not request.member.builds:
        return refuse(request, BUILDER)
    saved = queries.detailed(access.agent_or_404(request.team, id)) if id else None
    form = AgentForm(apply_fix(request.team, request.POST, request.user), team=request.team, saved=saved)
    return render(request, "builder/wiring.html", wiring_context(request.team, form) | {"answers": True})


def wiring_context(team: Team, form: AgentForm) -> dict[str, Any]:
    """Return what builder/wiring.html shows of a form."""
    [facts] = gather(team, [form.typed()])
    findings = doctor.examine(facts)
    chooses = any(fix.chooses for finding in findings for fix in finding.fixes)
    return {
        "wiring_of": form.saved.agent if form.saved else None,
        "reaches": wiring.reaches(facts),
        "findings": findings,
        "others": queries.candidates(team, facts.agent) if chooses else [],
        "people": all_people(team) if chooses else [],
        "queues": form.connections.queues,
    }
