"""The API of agents and their revisions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from builder.models import Agent, ServerTool
from builder.procedures.mentions import PERSON
from builder.procedures.needs import Need
from builder.procedures.people import PeopleTarget
from builder.wiring.doctor import HINT, Finding, examine
from builder.wiring.doctor_input import as_saved, gather
from data.errors import Refused
from data.texts.text import one_line
from teams.keys.api import KeyRequest, Named, RequestBody, Scope, TeamKey, example, get_row
from teams.keys.fields import Length, Name, Words, checked
from teams.keys.paging import Page, Paging, paginate
from teams.models import Team
from teams.settings.budgets import Budget

from . import agents, connections, queries
from .gate_api import Override, override_of, save_through_gate
from .queries import AgentDetails
from .saving import AOP_LIMIT
from .unavailable import WhenUnavailable, rule_of

router = Router(tags=["Agents"])


_IDS_LIMIT = 1000

Ids = Annotated[list[UUID], Field(max_length=_IDS_LIMIT)]
ModelName = Annotated[str, checked(lambda value: one_line(value, "", 100, required=False)), Length(100)]
Procedure = Annotated[str, Length(AOP_LIMIT)]
FallbackModel = Annotated[ModelName, Field(description="The model that a run continues with when the other one fails.")]
OLD_FALLBACK = Field(description="The old name of `fallback_model`, until 2.0.", json_schema_extra={"deprecated": True})

_WHEN_UNAVAILABLE = "What happens to a case handed over to it while it cannot take cases."
_MCP_TOOLS = "Which tools of MCP servers it gets. Beside `connections.mcp`: of the servers there."


class RevisionName(BaseModel):
    id: UUID
    number: int


class Consumes(RequestBody):
    queue_id: UUID
    concurrency: Annotated[int, Field(ge=1, le=1000, description="How many cases of the queue it works at once.")] = 5


class Connections(BaseModel):
    consumes: list[Consumes]
    produces: list[UUID]
    mcp: Annotated[list[UUID], Field(description="MCP servers that it has tools of.")]
    ask_person: bool


class NewConnections(RequestBody):
    """What is left out stays as it is; a list that is given replaces the one before."""

    consumes: Annotated[list[Consumes], Field(max_length=_IDS_LIMIT)] | None = None
    produces: Ids | None = None
    mcp: Annotated[
        Ids | None,
        Field(description="MCP servers. Of one that it had no tools of, it gets all that are switched on."),
    ] = None
    ask_person: bool | None = None


class HandoverTarget(BaseModel):
    """It has the id of its kind."""

    kind: Annotated[str, Field(description="agent, person or group")] = "agent"
    agent_id: UUID | None = None
    user_id: UUID | None = None
    group_id: UUID | None = None
    name: str
    status: Annotated[str, Field(description="ok, deleted, unavailable or self")]
    explanation: str


class Problem(BaseModel):
    code: str
    message: str
    text: Annotated[str | None, Field(description="Of `plain_name`, `unknown_name` and `bad_need`: the words.")] = None
    start: Annotated[int | None, Field(description="Where it begins in `aop`, in characters.")] = None
    end: Annotated[int | None, Field(description="Where it ends.")] = None
    blocking: Annotated[bool, Field(description="Until it is fixed, the agent starts no runs.")]


class AgentOut(BaseModel):
    id: UUID
    name: str
    slug: str
    description: str
    aop: Annotated[
        str,
        Field(description="The procedure. Mentions are `@[Name](agent:<id>)`, `(person:<id>)`, `(group:<id>)`."),
    ]
    model: str
    fallback_model: FallbackModel
    fallback: Annotated[str, OLD_FALLBACK]
    paused: bool
    revision: RevisionName
    connections: Connections
    mcp_tools: Annotated[list[UUID], Field(description="Its tools of MCP servers.")]
    budget: Annotated[Budget, Field(description="Its own. What is null is as the team has it.")]
    when_unavailable: Annotated[WhenUnavailable, Field(description=_WHEN_UNAVAILABLE)]
    needs: Annotated[list[Need], Field(description="What a handover to it must bring: its procedure’s NEEDS section.")]
    handover_targets: Annotated[list[HandoverTarget], Field(description="Whom the procedure mentions, in its order.")]
    problems: Annotated[list[Problem], Field(description="What breaks runs, or lets work wait or go astray.")]
    hints: Annotated[list[Problem], Field(description="What may be worth a look.")]
    created_at: datetime
    updated_at: datetime


class AgentIn(RequestBody):
    model_config = example(
        name="Triage",
        description="Looks at every new email first.",
        aop="Read the email. Complete the case if it needs no answer; else ask a person.",
    )

    name: Name
    description: Words = ""
    aop: Procedure = ""
    model: Annotated[ModelName, Field(description="Such as `anthropic:NAME`; empty for this server's own.")] = ""
    fallback_model: FallbackModel | None = None
    fallback: Annotated[ModelName | None, OLD_FALLBACK] = None
    paused: bool = False
    connections: NewConnections = NewConnections()
    mcp_tools: Annotated[Ids | None, Field(description=_MCP_TOOLS)] = None
    budget: Budget = Budget()
    when_unavailable: Annotated[WhenUnavailable | None, Field(description=_WHEN_UNAVAILABLE)] = None


class AgentChanges(RequestBody):
    """What is left out stays as it is."""

    name: Name | None = None
    description: Words | None = None
    aop: Procedure | None = None
    model: ModelName | None = None
    fallback_model: Annotated[FallbackModel | None, Field(description="Empty for none.")] = None
    fallback: Annotated[ModelName | None, OLD_FALLBACK] = None
    note: Annotated[Words, Field(description="What changed, for the history.")] = ""
    override: Override | None = None
    paused: bool | None = None
    connections: NewConnections = NewConnections()
    mcp_tools: Annotated[Ids | None, Field(description=_MCP_TOOLS)] = None
    budget: Annotated[Budget | None, Field(description="Replaces the one before, whole.")] = None
    when_unavailable: Annotated[WhenUnavailable | None, Field(description="Replaces the rule before, whole.")] = None


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
    return Page[AgentOut](items=_out(request.auth.team, found), next_cursor=cursor)


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
        agents.save_agent(made, budget=wanted.budget, when_unavailable=wanted.when_unavailable, **connected)
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
    replacement each gets a new live revision that mentions that one instead.
    """
    present = request.auth.team.agents.live()
    agent = get_row(present, agent_id)
    heir = get_row(present, replacement_id, "replacement_id") if replacement_id else None
    save_through_gate(request, lambda: agents.delete_agent(agent, heir))
    return Status(204, None)


@router.post(
    "/agents/{agent_id}/duplicate", auth=TeamKey(Scope.AGENTS), response={201: AgentOut}, summary="Copy an agent"
)
def duplicate_agent(request: KeyRequest, agent_id: UUID) -> Status[AgentOut]:
    """With the same procedure, model and connections, under a name of its own, and paused."""
    team = request.auth.team
    return Status(201, read_agent(team, agents.duplicate_agent(get_row(team.agents.live(), agent_id)).pk))


class Restore(RequestBody):
    name: Annotated[Name | None, Field(description="Needed when its own name has been taken.")] = None


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
    """What it is to be connected to, as fields of an `AgentChange`."""
    consumes = (
        None if wanted.consumes is None else [connections.Consumes(**row.model_dump()) for row in wanted.consumes]
    )
    _check_queues(team, "connections.consumes", [row.queue_id for row in consumes or []])
    _check_queues(team, "connections.produces", wanted.produces or [])
    tools = _tools(team, agent, wanted.mcp, mcp_tools)
    return {"consumes": consumes, "produces": wanted.produces, "tools": tools}


def _tools(team: Team, agent: Agent, mcp: list[UUID] | None, tools: list[UUID] | None) -> list[UUID] | None:
    """None when nothing is said of them."""
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


def read_agent(team: Team, agent_id: UUID) -> AgentOut:
    [out] = _out(team, [get_row(queries.with_details(team.agents.live()), agent_id)])
    return out


def _out(team: Team, rows: Iterable[Agent]) -> list[AgentOut]:
    found = [queries.details(agent) for agent in rows]
    wiring = gather(team, [as_saved(details) for details in found])
    return [_one(details, examine(facts)) for details, facts in zip(found, wiring, strict=True)]


def _one(found: AgentDetails, findings: Iterable[Finding]) -> AgentOut:
    agent = found.agent
    told = [(row.tone == HINT, _problem(row)) for row in findings]
    return AgentOut(
        id=agent.pk,
        name=agent.name,
        slug=agent.slug,
        description=agent.description,
        aop=found.revision.aop,
        model=found.revision.model,
        fallback_model=found.revision.fallback,
        fallback=found.revision.fallback,
        paused=agent.is_paused,
        revision=RevisionName(id=found.revision.pk, number=found.revision.number),
        connections=Connections(
            consumes=[Consumes(queue_id=row.queue_id, concurrency=row.concurrency) for row in found.consumes],
            produces=found.produces,
            mcp=list(dict.fromkeys(tool.server_id for tool in found.tools)),
            ask_person=agent.may_ask,
        ),
        mcp_tools=[tool.pk for tool in found.tools],
        budget=Budget(**agent.budget),
        when_unavailable=rule_of(agent),
        needs=found.revision.needs,
        handover_targets=[
            HandoverTarget(
                agent_id=target.agent.pk, name=target.agent.name, status=target.status, explanation=target.explanation
            )
            for target in found.targets
        ]
        + [_of_people(target) for target in found.people],
        problems=[problem for is_hint, problem in told if not is_hint],
        hints=[problem for is_hint, problem in told if is_hint],
        created_at=agent.created_at,
        updated_at=max(agent.created_at, agent.updated_at),  # by two clocks
    )


def _of_people(target: PeopleTarget) -> HandoverTarget:
    is_person = target.kind == PERSON
    return HandoverTarget(
        kind=target.kind,
        user_id=target.id if is_person else None,
        group_id=None if is_person else target.id,
        name=target.name,
        status=target.status,
        explanation=target.explanation,
    )


def _problem(found: Finding) -> Problem:
    place = found.place and {"text": found.place.text, "start": found.place.start, "end": found.place.end}
    return Problem(code=found.code, message=found.message, blocking=found.blocking, **(place or {}))


def name_of(agent: Agent) -> Named:
    return Named(id=agent.pk, name=agent.name)
