"""Agents to take away as files."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from builder.agents.access import agent_or_404
from data.errors import Refused
from teams.access.permissions import TeamRequest, team_page
from teams.audit import audit

from .archives import pack
from .exporting import export_agent, export_agents


@require_GET
@team_page
def agent_export(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = agent_or_404(request.team, id)
    files = export_agent(agent)
    audit.record(request.team.pk, "agents_exported", agent)
    if len(files) > 1:
        return _download(files[0].name.replace(".md", ".zip"), pack(files), "application/zip")
    return _download(files[0].name, files[0].text.encode(), "text/markdown; charset=utf-8")


@require_GET
@team_page
def agents_export(request: TeamRequest) -> HttpResponse:
    try:
        files = export_agents(request.team)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("agents")
    audit.record(request.team.pk, "agents_exported", f"All {len(files)} agents")
    return _download(f"agents-of-{request.team.slug}.zip", pack(files), "application/zip")


def _download(name: str, content: bytes, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(content, content_type=kind, headers=headers)
