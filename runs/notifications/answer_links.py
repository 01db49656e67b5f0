"""The links and addresses by which one member answers one request, from the email about it.

Both are signed, and name the request, the member and the fingerprint of what the member was shown. They give no right:
anyone who opens a link signs in as that member, and anyone who writes to an address must be proved to be that member.
"""

import base64
import hmac
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from runs.models import HumanRequest
from teams.models import Member

_LINK, _ADDRESS = "baton.answer-link", "baton.answer-address"
_UUID, _MEMBER, _PROOF = 16, 8, 16
_SIGNED = _UUID + _MEMBER + _UUID
# The address of an email has room for this many bytes of proof.
_SHORT_PROOF = 8


@dataclass(frozen=True)
class AnswerLink:
    """What a link says. `shown` is the fingerprint of the request as it stood in the email."""

    request_id: UUID
    member_id: int
    shown: str


def answer_link(request: HumanRequest, member: Member) -> str:
    """Return the whole address of the page on which the member answers the request."""
    signed = request.pk.bytes + member.pk.to_bytes(_MEMBER, "big") + bytes.fromhex(request.fingerprint)
    token = base64.urlsafe_b64encode(signed + _proof(_LINK, signed)).decode().rstrip("=")
    return settings.BATON_URL + reverse("answer_link", args=[token])


def read_link(token: str) -> AnswerLink | None:
    """Return what the token says, or None if Baton did not sign it."""
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    signed, proof = content[:_SIGNED], content[_SIGNED:]
    if len(signed) < _SIGNED or not hmac.compare_digest(proof, _proof(_LINK, signed)):
        return None
    member = int.from_bytes(signed[_UUID : _UUID + _MEMBER], "big")
    return AnswerLink(UUID(bytes=signed[:_UUID]), member, signed[_UUID + _MEMBER :].hex())


def address_proof(request: HumanRequest, member: Member) -> bytes:
    """Return what shows, beside the request's id, that an address was made for this member and this request as
    it is.
    """
    signed = request.pk.bytes + member.pk.to_bytes(_MEMBER, "big") + bytes.fromhex(request.fingerprint)
    return _proof(_ADDRESS, signed)[:_SHORT_PROOF]


def _proof(purpose: str, signed: bytes) -> bytes:
    return salted_hmac(purpose, signed, algorithm="sha256").digest()[:_PROOF]
