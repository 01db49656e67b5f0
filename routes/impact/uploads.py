"""What an import of agents would have done, from its preview: the agents are imported and undone to see it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from builder.agents import access
from builder.files import importing, plans
from builder.files.archives import TextFile
from builder.files.flaws import Flawed
from cases.imports.agent_forms import ChoicesForm
from cases.imports.agent_views import made_queue
from cases.models import AgentUpload
from data.errors import Refused
from data.ids import parse_uuid
from teams.access.permissions import BUILDER, TeamRequest, team_page

from . import impacts
from .recorded import Chosen


@require_POST
@team_page(post=BUILDER)
def upload_impact(request: TeamRequest, id: UUID) -> HttpResponse:
    """Replay the last runs of the agent `impact_of` with the files, and with what was chosen beside them."""
    upload = get_object_or_404(AgentUpload, team=request.team, user=request.user, pk=id)
    concerned = access.agent_or_404(request.team, parse_uuid(request.POST.get("impact_of", "")) or UUID(int=0))
    try:
        files = importing.read_all([TextFile(name, text) for name, text in upload.files])
        form = ChoicesForm(request.POST, plan=plans.plan(request.team, files), queues=list(request.team.queues.live()))
        if not form.is_valid():
            raise Refused("Fix the fields marked in red first.", "invalid")
        seen = request.POST.get("seen", "")

        def save() -> None:
            about: dict[str, Any] = {"create_queue": made_queue, "author": request.user}
            importing.apply(request.team, files, form.choices(), seen=seen, override=impacts.WHY_SAVED, **about)

        made = impacts.start(concerned, {}, Chosen(), request.actor, save=save)
    except Flawed:
        return redirect("agents_import_preview", id)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("agents_import_preview", id)
    return redirect("impact", made.pk)
