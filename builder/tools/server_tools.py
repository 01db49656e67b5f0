"""The tools of MCP servers: what a server says of them, what a person saw and chose, and what differs since then.

What a server says is saved as the person who chose the tools saw it. A later difference is stored beside that, and the
tool is not used until someone accepts it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from builder.models import ServerTool, ToolServer
from data.errors import Refused
from teams.access import live
from teams.audit import audit
from teams.models import Team

from .listings import Listing, OfferedTool

# What providers accept as the name of a tool.
_KEY_LENGTH = 64


@dataclass(frozen=True)
class Choice:
    """What a person chooses for a tool, having seen the description with the fingerprint `seen`."""

    is_on: bool
    mark: str = ServerTool.Mark.EFFECTS
    asks_first: bool = True
    seen: str = ""


def suggested(tool: OfferedTool) -> Choice:
    """Return what its server claims, for a person to decide. A tool that may change something asks first."""
    mark = ServerTool.Mark.EFFECTS
    if tool.claims_read_only:
        mark = ServerTool.Mark.READ_ONLY
    elif tool.claims_idempotent:
        mark = ServerTool.Mark.IDEMPOTENT
    return Choice(False, mark, mark != ServerTool.Mark.READ_ONLY)


def fingerprint(description: str, input_schema: Any) -> str:
    told = json.dumps([description, input_schema], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def on_offer(team: Team, owned: Iterable[ServerTool] = ()) -> list[ServerTool]:
    """Return the tools that an agent can be given, and those it `owned` already, by server."""
    wanted = Q(is_on=True, gone_at=None) | Q(pk__in=[tool.pk for tool in owned])
    tools = ServerTool.objects.filter(wanted, team=team, server__deleted_at=None).select_related("server")
    return list(tools.order_by(Lower("server__name"), "server", "name"))


@transaction.atomic
def compare(server: ToolServer, listing: Listing) -> str:
    """Store what the server says now beside what people have seen, and return it in words. New tools are off."""
    server = locked(server)
    offered = {tool.name: tool for tool in listing.tools}
    noted = [note(tool, offered.pop(tool.name, None)) for tool in server.tools.all()]
    add_tools(server, offered.values())
    ToolServer.objects.filter(pk=server.pk).update(
        listed_at=timezone.now(), left_out=listing.left_out, unusable=unusable_in(listing)
    )
    announce(server)
    counts = {"new": len(offered), "changed": noted.count("changed"), "gone": noted.count("gone")}
    said = [f"{number} {what}" for what, number in counts.items() if number]
    return f"Its tools: {', '.join(said)}." if said else "The tools have not changed."


def note(tool: ServerTool, offered: OfferedTool | None) -> str:
    """Store what its server says of a tool now, None if it no longer has it. Return gone, changed or same."""
    found, gone_at, changes = None, None, tool.description_changes
    if offered is None:
        found, gone_at = tool.found, tool.gone_at or timezone.now()
    else:
        if differs(tool, offered):
            found = {"description": offered.description, "input_schema": offered.input_schema}
        changes = changes + 1 if offered.description != last_description(tool) else 0
    noted = {"found": found, "gone_at": gone_at, "description_changes": min(changes, 1000)}
    if noted != {name: getattr(tool, name) for name in noted}:
        ServerTool.objects.filter(pk=tool.pk).update(**noted)
        live.announce(tool.team_id, "tool_server", tool.server_id)
    return "gone" if gone_at else "changed" if found else "same"


def differs(tool: ServerTool, offered: OfferedTool) -> bool:
    """Return whether the server offers something else than a person has reviewed, as far as that counts."""
    return offered.words[tool.schema_only :] != seen_as(tool).words[tool.schema_only :]


def last_description(tool: ServerTool) -> str:
    """Return the description that its server had when Baton last asked."""
    return str((tool.found or {}).get("description", tool.description))


def seen_as(tool: ServerTool) -> OfferedTool:
    """Return the tool as it was when someone reviewed it."""
    return OfferedTool(tool.name, tool.title, tool.description, tool.input_schema)


def add_tools(server: ToolServer, offered: Iterable[OfferedTool]) -> None:
    keys = set(server.tools.values_list("key", flat=True))
    rows = []
    for tool in offered:
        key = _key(server.slug, tool.name, keys)
        keys.add(key)
        choice = suggested(tool)
        rows.append(
            ServerTool(
                team_id=server.team_id,
                server=server,
                name=tool.name,
                key=key,
                title=tool.title,
                description=tool.description,
                input_schema=tool.input_schema,
                mark=choice.mark,
                asks_first=choice.asks_first,
            )
        )
    ServerTool.objects.bulk_create(rows)


def _key(slug: str, name: str, taken: set[str]) -> str:
    """Return `slug__name` in letters that all providers accept; no two tools share a key."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    key = f"{slug}__{plain}"
    if len(key) <= _KEY_LENGTH and plain == name and key not in taken:
        return key
    # A name may end like what another name becomes.
    marks = (hashlib.sha256(f"{name}{number or ''}".encode()).hexdigest()[:8] for number in count())
    return next(marked for mark in marks if (marked := f"{key[: _KEY_LENGTH - 9]}_{mark}") not in taken)


@transaction.atomic
def choose(server: ToolServer, choices: Mapping[str, Choice]) -> None:
    """Set the tools that `choices` names. Refused if that would enable a tool that the person has not seen."""
    server = locked(server)
    tools = {tool.name: tool for tool in server.tools.all()}
    if unknown := [name for name in choices if name not in tools]:
        raise Refused(f"{server.name} has no tool “{unknown[0]}”.", "not_found", {"tools": unknown[0]})
    before = {name: _chosen(tools[name]) for name in choices}
    for name, choice in choices.items():
        tool = tools[name]
        if choice.mark not in ServerTool.Mark.values:
            message = f"“{choice.mark}” is no mark of a tool."
            raise Refused(message, "invalid", {"tools": message})
        if choice.is_on and choice.seen and choice.seen != fingerprint(tool.description, tool.input_schema):
            raise Refused(f"{tool.name} changed while you looked at it. Please look again.", "changed_meanwhile")
        tool.is_on, tool.mark, tool.asks_first = choice.is_on, choice.mark, choice.asks_first
    ServerTool.objects.bulk_update(tools.values(), ["is_on", "mark", "asks_first"])
    if change := audit.changes((name, old, _chosen(tools[name])) for name, old in before.items()):
        audit.record(server.team_id, "server_tools", server, change)
    announce(server)


def _chosen(tool: ServerTool) -> str:
    said = [tool.get_mark_display().lower(), *(["asks first"] if tool.asks_first else [])]
    return ", ".join(["on", *said]) if tool.is_on else "off"


@transaction.atomic
def accept(tool: ServerTool, seen: str) -> None:
    """Accept the tool as its server has it now, which someone has looked at under the fingerprint `seen`."""
    tool = ServerTool.objects.select_for_update(no_key=True).get(pk=tool.pk)
    if tool.found is None:
        return
    if fingerprint(**tool.found) != seen:
        raise Refused(f"{tool.name} changed once more. Please look again.", "changed_meanwhile")
    ServerTool.objects.filter(pk=tool.pk).update(**tool.found, found=None)
    audit.record(tool.team_id, "tool_accepted", f"{tool.name} of {tool.server}", of=tool.server)
    live.announce(tool.team_id, "tool_server", tool.server_id)


@transaction.atomic
def pin_schema(tool: ServerTool, schema_only: bool) -> None:
    """Compare only the arguments of a tool from now on. Models are told the description that someone has seen."""
    tool = ServerTool.objects.select_for_update(no_key=True).get(pk=tool.pk)
    if tool.schema_only == schema_only:
        return
    found = tool.found
    if schema_only and found is not None and found["input_schema"] == tool.input_schema:
        found = None
    ServerTool.objects.filter(pk=tool.pk).update(schema_only=schema_only, found=found)
    both, one = "description and arguments compared", "only its arguments compared"
    change = audit.changes([(tool.name, *((both, one) if schema_only else (one, both)))])
    audit.record(tool.team_id, "server_tools", tool.server, change)
    live.announce(tool.team_id, "tool_server", tool.server_id)


def locked(server: ToolServer) -> ToolServer:
    return ToolServer.objects.select_for_update(no_key=True).get(pk=server.pk)


def announce(server: ToolServer) -> None:
    live.announce(server.team_id, "tool_server", server.pk)


def unusable_in(listing: Listing) -> list[dict[str, str]]:
    """Return what a server's page says of the tools that cannot be used."""
    return [{"name": tool.name, "reason": tool.reason} for tool in listing.unusable]
