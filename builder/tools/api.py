"""The API of MCP servers and their tools."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from builder.models import ServerTool, ToolServer
from data.errors import Refused
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import Length, Name, Url
from teams.keys.paging import Page, Paging, paginate

from . import server_tools
from . import servers as verbs
from .listings import NAME_LIMIT
from .server_tools import Choice
from .servers import CREDENTIAL_LIMIT, Credential

router = Router(tags=["MCP servers"])

Secret = Annotated[str, Length(CREDENTIAL_LIMIT)]
HeaderName = Annotated[str, Length(100)]
ToolName = Annotated[str, Length(NAME_LIMIT, 1)]


class ToolOut(BaseModel):
    id: UUID
    name: str
    key: Annotated[str, Field(description="As models call it.")]
    description: str
    input_schema: dict[str, Any]
    mark: ServerTool.Mark
    asks_first: Annotated[bool, Field(description="A person approves each call.")]
    on: bool
    obstacle: Annotated[str, Field(description="Why no agent can use it now; empty when they can.")]
    schema_only: Annotated[bool, Field(description="Only its arguments are compared with what its server says now.")]


class UnusableToolOut(BaseModel):
    name: str
    reason: str


class ToolServerOut(BaseModel):
    id: UUID
    name: str
    url: str
    has_credential: bool
    tools: list[ToolOut]
    left_out: Annotated[int, Field(description="How many tools it has beyond the 200 that a server may have.")]
    unusable: Annotated[list[UnusableToolOut], Field(description="Tools that cannot be used, the first 50 of them.")]
    created_at: datetime


class ToolIn(RequestBody):
    name: ToolName
    mark: ServerTool.Mark = ServerTool.Mark.EFFECTS
    asks_first: bool = True


class ToolChanges(RequestBody):
    """What is left out stays as it is."""

    name: ToolName
    on: bool | None = None
    mark: Annotated[ServerTool.Mark | None, Field(description="Whether a call that broke off may be repeated.")] = None
    asks_first: bool | None = None
    schema_only: Annotated[
        bool | None,
        Field(description="Compare only its arguments with what its server says, for descriptions that vary."),
    ] = None


class ToolServerChanges(RequestBody):
    tools: Annotated[list[ToolChanges], Field(max_length=200)]


class ToolServerIn(RequestBody):
    name: Name
    url: Annotated[Url, Field(description="Of a server that speaks streamable HTTP.")]
    credential: Annotated[Secret, Field(description="Sent as a bearer token, or in `header`. Never shown again.")] = ""
    header: Annotated[HeaderName, Field(description="Such as X-Api-Key, for what is no bearer token.")] = ""
    tools: Annotated[list[ToolIn], Field(description="Those to switch on.", max_length=200)] = []


@router.get("/mcp-servers", response=Page[ToolServerOut], summary="List MCP servers with their tools")
def list_servers(request: KeyRequest, paging: Query[Paging]) -> Page[ToolServerOut]:
    servers = request.auth.team.tool_servers.present().prefetch_related("tools")
    rows, cursor = paginate(servers, ["-created_at", "-id"], paging)
    return Page[ToolServerOut](items=[_out(row) for row in rows], next_cursor=cursor)


@router.post(
    "/mcp-servers",
    auth=TeamKey(Scope.ADMIN, asks_outside=True),
    response={201: ToolServerOut},
    summary="Add an MCP server",
)
def add_server(request: KeyRequest, wanted: ToolServerIn) -> Status[ToolServerOut]:
    """It is asked for its tools first, and saved only when it answers."""
    credential = Credential()
    if wanted.credential and wanted.header:
        credential = verbs.check_credential(wanted.header, wanted.credential)
    elif wanted.credential:
        credential = verbs.bearer(wanted.credential)
    choices = {tool.name: Choice(True, tool.mark, tool.asks_first) for tool in wanted.tools}
    listing = verbs.ask(wanted.url, credential)
    request.once.hold()
    team = request.auth.team
    made = verbs.add_server(team, wanted.name, wanted.url, credential=credential, listing=listing, choices=choices)
    return Status(201, _out(made))


@router.get("/mcp-servers/{server_id}", response=ToolServerOut, summary="Read an MCP server with its tools")
def get_server(request: KeyRequest, server_id: UUID) -> ToolServerOut:
    return _out(get_row(request.auth.team.tool_servers.present(), server_id))


@router.delete(
    "/mcp-servers/{server_id}", auth=TeamKey(Scope.ADMIN), response={204: None}, summary="Delete an MCP server"
)
def delete_server(request: KeyRequest, server_id: UUID) -> Status[None]:
    """No agent can use its tools any more, and its credential is forgotten."""
    verbs.delete_server(get_row(request.auth.team.tool_servers.present(), server_id))
    return Status(204, None)


@router.patch(
    "/mcp-servers/{server_id}",
    auth=TeamKey(Scope.ADMIN),
    response=ToolServerOut,
    summary="Switch tools on or off, and say how they are used",
)
def change_server_tools(request: KeyRequest, server_id: UUID, changes: ToolServerChanges) -> ToolServerOut:
    """A tool that its server changed since a person saw it is accepted on the page of the server only."""
    servers = request.auth.team.tool_servers.present()
    server = get_row(servers, server_id)
    with transaction.atomic():
        server_tools.choose(server, dict(_choices(server, changes.tools)))
        pins = {change.name: change.schema_only for change in changes.tools if change.schema_only is not None}
        for tool in server.tools.filter(name__in=pins):
            server_tools.pin_schema(tool, pins[tool.name])
    return _out(get_row(servers, server_id))


def _choices(server: ToolServer, changes: list[ToolChanges]) -> Iterator[tuple[str, Choice]]:
    tools = {tool.name: tool for tool in server.tools.all()}
    for place, change in enumerate(changes):
        tool = tools.get(change.name)
        if tool is None:
            message = f"{server.name} has no such tool."
            raise Refused(message, "invalid", {f"tools.{place}.name": message})
        yield (
            tool.name,
            Choice(
                tool.is_on if change.on is None else change.on,
                tool.mark if change.mark is None else change.mark,
                tool.asks_first if change.asks_first is None else change.asks_first,
            ),
        )


def _out(server: ToolServer) -> ToolServerOut:
    tools = [
        ToolOut(
            id=tool.pk,
            name=tool.name,
            key=tool.key,
            description=tool.description,
            input_schema=tool.input_schema,
            mark=ServerTool.Mark(tool.mark),
            asks_first=tool.asks_first,
            on=tool.is_on,
            obstacle=tool.obstacle,
            schema_only=tool.schema_only,
        )
        for tool in server.tools.all()
    ]
    return ToolServerOut(
        id=server.pk,
        name=server.name,
        url=server.url,
        has_credential=bool(server.header),
        tools=tools,
        left_out=server.left_out,
        unusable=[UnusableToolOut(**tool) for tool in server.unusable],
        created_at=server.created_at,
    )
