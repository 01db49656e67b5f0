"""What the API of agents takes and returns."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from builder.availability.rules import WhenUnavailable, rule_of
from builder.gate.api import Override
from builder.models import Agent
from builder.procedures.mentions import PERSON
from builder.procedures.needs import Need
from builder.procedures.people import PeopleTarget
from builder.wiring.doctor import examine
from builder.wiring.doctor_input import as_saved, gather
from builder.wiring.findings import HINT, Finding
from data.texts.text import one_line
from teams.keys.api import Named, RequestBody, example, get_row
from teams.keys.fields import Length, Name, Words, checked
from teams.models import Team
from teams.settings.budgets import Budget

from . import queries
from .queries import AgentDetails
from .saving import AOP_LIMIT

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
    replies_freely: Annotated[bool, Field(description="It writes to customers without anyone’s approval.")]


class NewConnections(RequestBody):
    """What is left out stays as it is; a list that is given replaces the one before."""

    consumes: Annotated[list[Consumes], Field(max_length=_IDS_LIMIT)] | None = None
    produces: Ids | None = None
    mcp: Annotated[
        Ids | None,
        Field(description="MCP servers. Of one that it had no tools of, it gets all that are switched on."),
    ] = None
    ask_person: bool | None = None
    replies_freely: bool | None = None


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
    budget: Annotated[Budget, Field(description="The agent's own. null: the team default.")]
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


class Restore(RequestBody):
    name: Annotated[Name | None, Field(description="Needed when its own name has been taken.")] = None


def read_agent(team: Team, agent_id: UUID) -> AgentOut:
    [out] = agents_out(team, [get_row(queries.with_details(team.agents.live()), agent_id)])
    return out


def agents_out(team: Team, rows: Iterable[Agent]) -> list[AgentOut]:
    found = [queries.details(agent) for agent in rows]
    wiring = gather(team, [as_saved(details) for details in found])
    return [_agent_out(details, examine(facts)) for details, facts in zip(found, wiring, strict=True)]


def _agent_out(found: AgentDetails, findings: Iterable[Finding]) -> AgentOut:
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
            replies_freely=agent.replies_freely,
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
