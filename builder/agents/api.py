"""The API of agents and their revisions."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from ninja import Query, Router, Status
from pydantic import Field

from builder.gate.api import override_of, save_through_gate
from builder.models import Agent, ServerTool
from builder.procedures.people import find_people
from data.errors import Refused
from teams.keys.api import KeyRequest, Scope, TeamKey, get_row
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team

from . import agents, connections, queries
from .schemas import AgentChanges, AgentIn, AgentOut, NewConnections, Restore, agents_out, read_agent

router = Router(tags=["Agents"])


class AgentFilters(Paging):
    q: str = Field("", max_length=200, description="Words in the name.")
    queue_id: UUID | None = Field(None, description="Agents that consume this queue.")
    deleted: bool = Field(False, description="Deleted agents instead of the others.")


@router.get("/agents", response=Page[AgentOut], summary="List agents, newest first")
def list_agents(request: KeyRequest, filters: Query[AgentFilters]) -> Page[AgentOut]:
    agents = request.auth.team.agents.all()
    rows = agents.exclude(deleted_at=None) if filters.deleted else agents.live()
    for word in filters.q.split():
        rows = rows.filter(name__icontains=word)
    if filters.queue_id:
        rows = rows.filter(queue_connections__queue=filters.queue_id, queue_connections__role="consumer")
    found, cursor = paginate(queries.with_details(rows), ["-created_at", "-id"], filters)
    return Page[AgentOut](items=agents_out(request.auth.team, found), next_cursor=cursor)


@router.post("/agents", auth=TeamKey(Scope.AGENTS), response={201: AgentOut}, summary="Make an agent")
def create_agent(request: KeyRequest, wanted: AgentIn) -> Status[AgentOut]:
    team = request.auth.team
    with transaction.atomic():
        made = agents.create_agent(
            team,
            wanted.name,
            wanted.description,
            wanted.aop,
            wanted.model,
            may_ask=wanted.connections.ask_person is not False,
            fallback=_fallback(wanted) or "",
        )
        connected = _connected(team, made, wanted.connections, wanted.mcp_tools)
        agents.save_agent(
            made,
            replies_freely=wanted.connections.replies_freely,
            budget=wanted.budget,
            when_unavailable=wanted.when_unavailable,
            **connected,
        )
        if wanted.paused:
            agents.pause_agent(made)
    return Status(201, read_agent(team, made.pk))


@router.get("/agents/{agent_id}", response=AgentOut, summary="Read an agent")
def get_agent(request: KeyRequest, agent_id: UUID) -> AgentOut:
    return read_agent(request.auth.team, agent_id)


@router.patch(
    "/agents/{agent_id}",
    auth=TeamKey(Scope.AGENTS, asks_outside=True),
    response=AgentOut,
    summary="Change an agent",
)
def change_agent(request: KeyRequest, agent_id: UUID, changes: AgentChanges) -> AgentOut:
    """Another procedure or model becomes a new live revision, which runs follow that start from now on.

    Where routing tests guard what would change, they run first: 409 `routes_broken`, `routes_untested`, or, when they
    are not done within ten seconds, `routes_checking`; then nothing was changed.
    """
    override = override_of(request, changes.override)
    save_through_gate(request, lambda: _change(request.auth.team, agent_id, changes, override), override)
    return read_agent(request.auth.team, agent_id)


def _change(team: Team, agent_id: UUID, changes: AgentChanges, override: str) -> None:
    with transaction.atomic():
        agent = get_row(team.agents.live(), agent_id)
        agents.save_agent(
            agent,
            name=changes.name,
            description=changes.description,
            may_ask=changes.connections.ask_person,
            replies_freely=changes.connections.replies_freely,
            aop=changes.aop,
            model=changes.model,
            fallback=_fallback(changes),
            note=changes.note,
            budget=changes.budget,
            override=override,
            when_unavailable=changes.when_unavailable,
            **_connected(team, agent, changes.connections, changes.mcp_tools),
        )
        if changes.paused is not None:
            (agents.pause_agent if changes.paused else agents.resume_agent)(agent)


@router.delete(
    "/agents/{agent_id}",
    auth=TeamKey(Scope.AGENTS, asks_outside=True),
    response={204: None},
    summary="Delete an agent",
)
def delete_agent(request: KeyRequest, agent_id: UUID, replacement_id: UUID | None = None) -> Status[None]:
    """Its runs stop and its cases go back to their queues. Agents that mention it start no runs until fixed; with a
    replacement, an agent, a member or a group, each gets a new live revision that mentions that one instead.
    """
    present = request.auth.team.agents.live()
    agent = get_row(present, agent_id)
    people = find_people(agent.team_id, [replacement_id]).get(replacement_id) if replacement_id else None
    heir = people or (get_row(present, replacement_id, "replacement_id") if replacement_id else None)
    save_through_gate(request, lambda: agents.delete_agent(agent, heir))
    return Status(204, None)


@router.post(
    "/agents/{agent_id}/duplicate", auth=TeamKey(Scope.AGENTS), response={201: AgentOut}, summary="Copy an agent"
)
def duplicate_agent(request: KeyRequest, agent_id: UUID) -> Status[AgentOut]:
    """With the same procedure, model and connections, under a name of its own, and paused."""
    team = request.auth.team
    return Status(201, read_agent(team, agents.duplicate_agent(get_row(team.agents.live(), agent_id)).pk))


@router.post(
    "/agents/{agent_id}/restore",
    auth=TeamKey(Scope.AGENTS, asks_outside=True),
    response=AgentOut,
    summary="Restore a deleted agent",
)
def restore_agent(request: KeyRequest, agent_id: UUID, wanted: Restore | None = None) -> AgentOut:
    """As it was. One that is not deleted stays as it is."""
    team = request.auth.team
    agent, name = get_row(team.agents.all(), agent_id), wanted.name if wanted else None
    save_through_gate(request, lambda: agents.restore_agent(agent, name))
    return read_agent(team, agent_id)


def _fallback(wanted: AgentIn | AgentChanges) -> str | None:
    return wanted.fallback if wanted.fallback_model is None else wanted.fallback_model


def _connected(team: Team, agent: Agent, wanted: NewConnections, mcp_tools: list[UUID] | None) -> dict[str, Any]:
    """Return what the agent is to be connected to, as fields of an `AgentChange`."""
    consumes = (
        None if wanted.consumes is None else [connections.Consumes(**row.model_dump()) for row in wanted.consumes]
    )
    _check_queues(team, "connections.consumes", [row.queue_id for row in consumes or []])
    _check_queues(team, "connections.produces", wanted.produces or [])
    tools = _tools(team, agent, wanted.mcp, mcp_tools)
    return {"consumes": consumes, "produces": wanted.produces, "tools": tools}


def _tools(team: Team, agent: Agent, mcp: list[UUID] | None, tools: list[UUID] | None) -> list[UUID] | None:
    """Return the tools that the request asks for; None if it does not mention them."""
    here = ServerTool.objects.filter(team=team, server__deleted_at=None)
    chosen = here.filter(connections__agent=agent)
    if tools is not None:
        chosen = here.filter(pk__in=tools)
        _check("mcp_tools", "tool", tools, chosen.values_list("pk", flat=True))
    if mcp is None:
        return None if tools is None else list(chosen.values_list("pk", flat=True))
    servers = team.tool_servers.present().filter(pk__in=mcp)
    _check("connections.mcp", "MCP server", mcp, servers.values_list("pk", flat=True))
    kept = list(chosen.filter(server__in=mcp))
    others = set(mcp) - {tool.server_id for tool in kept}
    return [tool.pk for tool in kept] + list(here.filter(server__in=others, is_on=True).values_list("pk", flat=True))


def _check_queues(team: Team, field: str, ids: Iterable[UUID]) -> None:
    _check(field, "queue", ids, team.queues.live().filter(pk__in=ids).values_list("pk", flat=True))


def _check(field: str, what: str, ids: Iterable[UUID], known: Iterable[UUID]) -> None:
    if unknown := set(ids) - set(known):
        message = f"There is no such {what}: {min(unknown)}."
        raise Refused(message, "not_found", {field: message})
