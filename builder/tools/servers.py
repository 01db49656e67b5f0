"""The verbs of MCP servers: how they are reached, added, changed and deleted.

A server is asked for its tools before anything is saved.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from builder.models import ToolServer
from data.errors import Refused
from data.network.addresses import check_url
from data.secrets import Unreadable, seal, unseal
from data.texts.text import one_line, plain_name
from teams.audit import audit
from teams.models import Team
from web.forms.refusals import refusing_a_taken_name

from .listings import Listing
from .server_tools import Choice, add_tools, announce, choose, compare, locked, unusable_in
from .sessions import Endpoint, ServerProblem, list_tools

LIMIT = 50
BEARER = "Authorization"
_SLUG_LENGTH = 20
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
    """Return the tools at an address. Refused, at the field to change, if the server does not list them."""
    endpoint = Endpoint(check_url(url), _headers(credential))
    try:
        return async_to_sync(list_tools)(endpoint)
    except ServerProblem as problem:
        raise Refused(str(problem), "server_problem", {problem.about: str(problem)}) from problem


def endpoint_of(server: ToolServer) -> Endpoint:
    """Return where and how to reach a server. ServerProblem if its credential can no longer be decrypted."""
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
    """Add a server with the tools of `listing`. Tools that `choices` does not enable stay off."""
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    if team.tool_servers.present().count() >= LIMIT:
        raise Refused(f"A team may have {LIMIT} MCP servers at most.", "too_many")
    server = ToolServer(team=team, name=plain_name(name, "name", 80), url=check_url(url), listed_at=timezone.now())
    server.slug = _slug(team, server.name)
    server.left_out, server.unusable = listing.left_out, unusable_in(listing)
    _keep(server, credential)
    with refusing_a_taken_name("tool_server_names_are_unique", "A server", server.name):
        server.save(force_insert=True)
    audit.record(team.pk, "server_added", server, audit.facts(Address=server.url))
    add_tools(server, listing.tools)
    choose(server, choices)
    return server


def change_server(server: ToolServer, name: str, url: str, credential: Credential | None) -> None:
    """Change a server if it answers at its address, and compare its tools. The `credential` None keeps its own one."""
    name, url = plain_name(name, "name", 80), check_url(url)
    if credential is None and server.header and _origin(url) != _origin(server.url):
        message = (
            "The address is another one. Enter its credential again: it is sent only to the address it was entered for."
        )
        raise _wrong("credential", message)
    listing = ask(url, _kept(server) if credential is None else credential)
    with transaction.atomic():
        before, server = server, locked(server)
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
    """Ask the server for its tools, and return what is different now, in words."""
    return compare(server, ask(server.url, _kept(server)))


def _kept(server: ToolServer) -> Credential:
    """Return the stored credential. Refused if it can no longer be decrypted."""
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
    """Delete a server softly, since runs still name its tools. Its credential is erased."""
    ToolServer.objects.filter(pk=server.pk).update(deleted_at=timezone.now(), credential="", header="")
    audit.record(server.team_id, "server_deleted", server, audit.facts(Address=server.url))
    announce(server)


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


def _wrong(field: str, message: str) -> Refused:
    return Refused(message, "invalid", {field: message})
