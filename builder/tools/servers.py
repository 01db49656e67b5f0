"""The verbs of MCP servers and their tools.

A server is asked for its tools before anything is saved, and what it says is saved as the person who chose the tools
saw it. A later difference is stored beside that, and the tool is not used until someone accepts it.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.text import slugify

from builder.models import ServerTool, ToolServer
from data.errors import Refused
from data.network.addresses import check_url
from data.secrets import Unreadable, seal, unseal
from data.texts.text import one_line, plain_name
from teams.access import live
from teams.audit import audit
from teams.models import Team
from web.forms.refusals import refusing_a_taken_name

from .listings import Listing, OfferedTool
from .sessions import Endpoint, ServerProblem, list_tools

LIMIT = 50
BEARER = "Authorization"
_SLUG_LENGTH = 20
# What providers accept as the name of a tool.
_KEY_LENGTH = 64
_UNREADABLE = "Its credential cannot be read with today’s encryption keys. Enter it again."
CREDENTIAL_LIMIT = 8000
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# The protocol's own.
_RESERVED = re.compile(
    r"(?i)host|connection|content-.*|transfer-encoding|te|upgrade|trailer|accept|accept-encoding|last-event-id|mcp-.*"
)


@dataclass(frozen=True)
class Credential:
    """A header that goes with every request; none when `header` is empty."""

    header: str = ""
    value: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.header!r})"


@dataclass(frozen=True)
class Choice:
    """What a person says of a tool, having seen the description with the fingerprint `seen`."""

    is_on: bool
    mark: str = ServerTool.Mark.EFFECTS
    asks_first: bool = True
    seen: str = ""


def suggested(tool: OfferedTool) -> Choice:
    """What its server claims, for a person to decide. A tool that may change something asks first."""
    mark = ServerTool.Mark.EFFECTS
    if tool.claims_read_only:
        mark = ServerTool.Mark.READ_ONLY
    elif tool.claims_idempotent:
        mark = ServerTool.Mark.IDEMPOTENT
    return Choice(False, mark, mark != ServerTool.Mark.READ_ONLY)


def fingerprint(description: str, input_schema: Any) -> str:
    told = json.dumps([description, input_schema], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


# --- Servers ---------------------------------------------------------------------------------


def bearer(token: str) -> Credential:
    token = one_line(token, "credential", CREDENTIAL_LIMIT)
    return check_credential(BEARER, token if token.lower().startswith("bearer ") else f"Bearer {token}")


def check_credential(header: str, value: str) -> Credential:
    header, value = header.strip(), one_line(value, "credential", CREDENTIAL_LIMIT)
    if not _HEADER.fullmatch(header) or _RESERVED.fullmatch(header):
        raise _wrong("header", "This is not the name of a header that can carry a credential. Such as X-Api-Key.")
    if not value.isascii():
        raise _wrong("credential", "A header holds plain letters, digits and signs only.")
    return Credential(header, value)


def ask(url: str, credential: Credential) -> Listing:
    """What tools there are at an address; Refused, at its field, when it does not say."""
    endpoint = Endpoint(check_url(url), _headers(credential))
    try:
        return async_to_sync(list_tools)(endpoint)
    except ServerProblem as problem:
        raise Refused(str(problem), "server_problem", {problem.about: str(problem)}) from problem


def endpoint_of(server: ToolServer) -> Endpoint:
    """ServerProblem when its credential cannot be read any more."""
    try:
        return Endpoint(server.url, _headers(credential_of(server)))
    except Unreadable:
        raise ServerProblem(f"{server.name}: {_UNREADABLE}") from None


def credential_of(server: ToolServer) -> Credential:
    return Credential(server.header, unseal(server.credential)) if server.header else Credential()


def _headers(credential: Credential) -> dict[str, str]:
    return {credential.header: credential.value} if credential.header else {}


@transaction.atomic
def add_server(
    team: Team, name: str, url: str, *, credential: Credential, listing: Listing, choices: Mapping[str, Choice]
) -> ToolServer:
    """With the tools of `listing`; those that `choices` does not switch on stay off."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if team.tool_servers.present().count() >= LIMIT:
        raise Refused(f"A team may have {LIMIT} MCP servers at most.", "too_many")
    server = ToolServer(team=team, name=plain_name(name, "name", 80), url=check_url(url), listed_at=timezone.now())
    server.slug = _slug(team, server.name)
    server.left_out, server.unusable = listing.left_out, _told(listing)
    _keep(server, credential)
    with refusing_a_taken_name("tool_server_names_are_unique", "A server", server.name):
        server.save(force_insert=True)
    audit.record(team.pk, "server_added", server, audit.facts(Address=server.url))
    _add_tools(server, listing.tools)
    choose(server, choices)
    return server


def _told(listing: Listing) -> list[dict[str, str]]:
    """What a server's page says of the tools that cannot be used."""
    return [{"name": tool.name, "reason": tool.reason} for tool in listing.unusable]


def change_server(server: ToolServer, name: str, url: str, credential: Credential | None) -> None:
    """When it answers there, with what it says of its tools now. `credential`: None keeps the one it has."""
    name, url = plain_name(name, "name", 80), check_url(url)
    if credential is None and server.header and _origin(url) != _origin(server.url):
        message = (
            "The address is another one. Enter its credential again: it is sent only to the address it was entered for."
        )
        raise _wrong("credential", message)
    listing = ask(url, _kept(server) if credential is None else credential)
    with transaction.atomic():
        before, server = server, _locked(server)
        _refuse_if_changed(before, server)
        changed = [("Name", server.name, name), ("Address", server.url, url)]
        server.name, server.url = name, url
        if credential is not None:
            changed.append(("Credential", "the one before", "a new one" if credential.header else "none"))
            _keep(server, credential)
        with refusing_a_taken_name("tool_server_names_are_unique", "A server", name):
            server.save()
        if change := audit.changes(changed):
            audit.record(server.team_id, "server_changed", server, change)
        compare(server, listing)


def _refuse_if_changed(seen: ToolServer, now: ToolServer) -> None:
    """Someone else may have saved while the server was asked; their change must not be lost silently."""
    if any(getattr(seen, name) != getattr(now, name) for name in ("name", "url", "header", "credential")):
        message = "Someone else saved this server at the same moment. Check what it says now, then save again."
        raise Refused(message, "conflict")


def look_again(server: ToolServer) -> str:
    """Asks the server for its tools, and says what is different now."""
    return compare(server, ask(server.url, _kept(server)))


def _kept(server: ToolServer) -> Credential:
    """Refused when it cannot be read any more."""
    try:
        return credential_of(server)
    except Unreadable:
        raise _wrong("credential", _UNREADABLE) from None


def _keep(server: ToolServer, credential: Credential) -> None:
    server.header = credential.header
    server.credential = seal(credential.value) if credential.header else ""


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


@transaction.atomic
def delete_server(server: ToolServer) -> None:
    """Soft: runs go on naming its tools. Its credential is forgotten."""
    ToolServer.objects.filter(pk=server.pk).update(deleted_at=timezone.now(), credential="", header="")
    audit.record(server.team_id, "server_deleted", server, audit.facts(Address=server.url))
    _announce(server)


def _slug(team: Team, name: str) -> str:
    taken = set(team.tool_servers.present().values_list("slug", flat=True))
    base = slugify(name).replace("_", "-").strip("-")
    # Google wants a name to begin with a letter.
    base = (base if base[:1].isalpha() else f"server-{base}")[:_SLUG_LENGTH].strip("-")
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base[: _SLUG_LENGTH - len(str(number)) - 1]}-{number}"
    return slug


def _locked(server: ToolServer) -> ToolServer:
    return ToolServer.objects.select_for_update(no_key=True).get(pk=server.pk)


def _announce(server: ToolServer) -> None:
    live.announce(server.team_id, "tool_server", server.pk)


def on_offer(team: Team, owned: Iterable[ServerTool] = ()) -> list[ServerTool]:
    """What one can give to an agent that has those already, by server."""
    wanted = Q(is_on=True, gone_at=None) | Q(pk__in=[tool.pk for tool in owned])
    tools = ServerTool.objects.filter(wanted, team=team, server__deleted_at=None).select_related("server")
    return list(tools.order_by(Lower("server__name"), "server", "name"))


# --- Tools -----------------------------------------------------------------------------------


@transaction.atomic
def compare(server: ToolServer, listing: Listing) -> str:
    """Keeps what the server says now beside what people have seen, and says it in words. New tools are off."""
    server = _locked(server)
    offered = {tool.name: tool for tool in listing.tools}
    noted = [note(tool, offered.pop(tool.name, None)) for tool in server.tools.all()]
    _add_tools(server, offered.values())
    ToolServer.objects.filter(pk=server.pk).update(
        listed_at=timezone.now(), left_out=listing.left_out, unusable=_told(listing)
    )
    _announce(server)
    counts = {"new": len(offered), "changed": noted.count("changed"), "gone": noted.count("gone")}
    said = [f"{number} {what}" for what, number in counts.items() if number]
    return f"Its tools: {', '.join(said)}." if said else "All tools are as you saw them."


def note(tool: ServerTool, offered: OfferedTool | None) -> str:
    """Keeps what its server says of a tool now (None: it has it no more): gone, changed or same."""
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
    """From what someone has looked at, as far as that counts."""
    return offered.words[tool.schema_only :] != seen_as(tool).words[tool.schema_only :]


def last_description(tool: ServerTool) -> str:
    """As its server had it when Baton asked last."""
    return str((tool.found or {}).get("description", tool.description))


def seen_as(tool: ServerTool) -> OfferedTool:
    """The tool as it was when someone reviewed it."""
    return OfferedTool(tool.name, tool.title, tool.description, tool.input_schema)


def _add_tools(server: ToolServer, offered: Iterable[OfferedTool]) -> None:
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
    """`slug__name` in letters that all providers accept; two tools never share one."""
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
    server = _locked(server)
    tools = {tool.name: tool for tool in server.tools.all()}
    if unknown := [name for name in choices if name not in tools]:
        raise Refused(f"{server.name} has no tool “{unknown[0]}”.", "not_found", {"tools": unknown[0]})
    before = {name: _chosen(tools[name]) for name in choices}
    for name, choice in choices.items():
        tool = tools[name]
        if choice.mark not in ServerTool.Mark.values:
            raise _wrong("tools", f"“{choice.mark}” is no mark of a tool.")
        if choice.is_on and choice.seen and choice.seen != fingerprint(tool.description, tool.input_schema):
            raise Refused(f"{tool.name} changed while you looked at it. Please look again.", "changed_meanwhile")
        tool.is_on, tool.mark, tool.asks_first = choice.is_on, choice.mark, choice.asks_first
    ServerTool.objects.bulk_update(tools.values(), ["is_on", "mark", "asks_first"])
    if change := audit.changes((name, old, _chosen(tools[name])) for name, old in before.items()):
        audit.record(server.team_id, "server_tools", server, change)
    _announce(server)


def _chosen(tool: ServerTool) -> str:
    said = [tool.get_mark_display().lower(), *(["asks first"] if tool.asks_first else [])]
    return ", ".join(["on", *said]) if tool.is_on else "off"


@transaction.atomic
def accept(tool: ServerTool, seen: str) -> None:
    """Someone has looked at what changed, which had the fingerprint `seen`: from now on it is as it is."""
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
    """From now on only its arguments are compared: models are told the description that someone has seen."""
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


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
