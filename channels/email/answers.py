"""Answers of members to agents, by replying to the email about a request.

Such an email is sent to an address of a source with a signed token. What it answers is known to an app to the right,
which `EMAIL_ANSWERS` names; here is who may be believed to have written it.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from cases.models import Case
from channels.mime import authentication, headers
from channels.mime.reading import Email
from channels.models import Arrival, Source

from . import verdicts
from .email_settings import email_settings, own_addresses

_TOKEN = re.compile(r"\+q([a-z2-7]{39})@", re.IGNORECASE)
_LONGEST_LOCAL = 64
# The names under which the servers of large providers report who sent an email.
_KNOWN = {"imap.gmail.com": "mx.google.com", "outlook.office365.com": authentication.TOPMOST}
OFF = "off"


@dataclass(frozen=True)
class Reply:
    """An email to the address of a request. `proof` is what its token says beside the request. `is_proven`: the server
    that received it says that it comes from its sender.
    """

    request_id: UUID
    proof: bytes
    sender: str
    text: str
    is_proven: bool


@dataclass(frozen=True)
class Outcome:
    """The result of a reply: a status of an arrival without a case of its own, and the reason as a sentence."""

    status: Arrival.Status
    reason: str
    case: Case | None = None


def reply_address(team_id: UUID, queue_id: UUID | None, request_id: UUID, proof: bytes) -> str:
    """The address that answers to a request go to, at a source of its queue rather than another of the team. Empty
    where no source can tell who wrote an email.
    """
    sources = Source.objects.present().filter(team=team_id, paused_at=None).order_by("created_at")
    able = [source for source in sources if _believed(source)]
    for source in sorted(able, key=lambda source: source.queue_id != queue_id):
        signed = base64.b32encode(request_id.bytes + proof).decode().rstrip("=").lower()
        local, _, domain = email_settings(source).address.rpartition("@")
        if local and len(with_token := f"{local}+q{signed}") <= _LONGEST_LOCAL:
            return f"{with_token}@{domain}"
    return ""


def take(source: Source, email: Email) -> Outcome | None:
    """None for an email that answers no request."""
    found = next(filter(None, (_TOKEN.search(address) for address in email.recipients)), None)
    if found is None:
        return None
    if verdict := verdicts.verdict(email, own_addresses()):
        return Outcome(Arrival.Status.IGNORED, verdict.reason)
    signed = base64.b32decode(found[1].upper() + "=")
    sender, believed = _only_sender(email), _believed(source)
    proven = bool(sender and believed) and authentication.is_from(email.message, sender, believed)
    text = "" if email.is_unreadable else email.text
    answer: Callable[[Source, Reply], Outcome] = import_string(settings.EMAIL_ANSWERS)
    return answer(source, Reply(UUID(bytes=signed[:16]), signed[16:], sender, text, proven))


def _believed(source: Source) -> str:
    """Return the server that vouches for the senders of the source's emails, or an empty string."""
    said = email_settings(source)
    server = said.verified_by or _KNOWN.get(str(source.settings.get("host", "")).lower(), "")
    return server if said.address and server.lower() != OFF else ""


def _only_sender(email: Email) -> str:
    """Return the address of the only From header, or an empty string where several could be meant."""
    written = headers.all_of(email.message, "from")
    found = headers.addresses(written)
    return found[0][1] if len(written) == len(found) == 1 else ""
