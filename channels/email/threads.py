"""Which case an answer belongs to: by a signed token in the address that it was sent to, or by the ids it refers to."""

import base64
import hmac
import re
from uuid import UUID

from django.utils.crypto import salted_hmac

from cases.models import Case, CaseMessage
from channels.mime.reading import Email

_SALT = "baton.reply-address"
_PROOF = 8
_TOKEN = re.compile(r"\+c([a-z2-7]{39})@", re.IGNORECASE)
_LONGEST_LOCAL = 64


def answer_address(address: str, case_id: UUID) -> str:
    """The address with a token of the case, or as it is where the whole would be too long for mail servers."""
    local, _, domain = address.rpartition("@")
    signed = base64.b32encode(case_id.bytes + _proof(case_id)).decode().rstrip("=").lower()
    with_token = f"{local}+c{signed}"
    return f"{with_token}@{domain}" if local and len(with_token) <= _LONGEST_LOCAL else address


def _proof(case_id: UUID) -> bytes:
    return salted_hmac(_SALT, case_id.bytes, algorithm="sha256").digest()[:_PROOF]


def case_of_token(address: str) -> UUID | None:
    """The case that an address names. None for a token that Baton did not sign."""
    if not (found := _TOKEN.search(address)):
        return None
    signed = base64.b32decode(found[1].upper() + "=")
    case_id, proof = UUID(bytes=signed[:16]), signed[16:]
    return case_id if hmac.compare_digest(proof, _proof(case_id)) else None


def find_case(team_id: UUID, email: Email) -> Case | None:
    """The case of the team that the email answers, if it is not deleted."""
    present = Case.objects.present().filter(team_id=team_id)
    for address in email.recipients:
        if (case_id := case_of_token(address)) and (case := present.filter(pk=case_id).first()):
            return case
    if not email.references:
        return None
    known = CaseMessage.objects.filter(team_id=team_id, message_id__in=email.references, case__deleted_at=None)
    answered = {message.message_id: message for message in known.select_related("case")}
    # The last one that it refers to is the one that it answers.
    return next((answered[id].case for id in reversed(email.references) if id in answered), None)
