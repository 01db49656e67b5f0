"""Who may see which agent, and which MCP server. Another team's answer like those that never were."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from builder.models import Agent, Revision, ServerTool, ToolServer
from teams.models import Team


def agent_or_404(team: Team, id: UUID) -> Agent:
    return get_object_or_404(Agent.objects.live(), team=team, pk=id)


def past_or_present_agent_or_404(team: Team, id: UUID) -> Agent:
    """Deleted ones too: mentions, runs and timelines go on leading to them."""
    return get_object_or_404(Agent, team=team, pk=id)


def revision_or_404(agent: Agent, number: int) -> Revision:
    """Return a revision by its number; number 0 is the draft."""
    wanted = agent.revisions.exclude(status=Revision.Status.TRIED).select_related("author")
    return get_object_or_404(wanted, number=number)


def tried_revision_or_404(agent: Agent, number: int, id: UUID) -> Revision:
    """Return a text that only tries and tests followed, begun after the revision `number`."""
    wanted = agent.revisions.filter(status=Revision.Status.TRIED).select_related("author")
    return get_object_or_404(wanted, number=number, pk=id)


def published_revision_or_404(agent: Agent, number: int) -> Revision:
    return get_object_or_404(agent.revisions.published(), number=number)


def tool_server_or_404(team: Team, id: UUID) -> ToolServer:
    return get_object_or_404(ToolServer.objects.present(), team=team, pk=id)


def tool_or_404(team: Team, id: UUID) -> ServerTool:
    wanted = ServerTool.objects.select_related("server").filter(server__deleted_at=None)
    return get_object_or_404(wanted, team=team, pk=id)
