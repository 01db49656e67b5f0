"""What a form's page carries: a mark that makes sending it twice one case, and the link to how far the case is."""

import base64
import hashlib
import secrets as random
from uuid import UUID

from django.core import signing

from cases.models import Case
from channels.models import Source

# How long a page may stay open before it is sent.
_OPEN_SECONDS = 24 * 3600
_MARK, _STATUS = "baton.form-mark", "baton.form-status"
# A browser tries 2 to the power of this many numbers to prove that it works: about a second of a slow phone.
PROOF_BITS = 13


def new_mark(source: Source) -> str:
    return signing.dumps([source.pk.hex, random.token_hex(16)], salt=_MARK)


def read_mark(source: Source, mark: str) -> str | None:
    """Return what identifies this one page, or None if it is not a page of this form or is too old."""
    try:
        found = signing.loads(mark, salt=_MARK, max_age=_OPEN_SECONDS)
    except signing.BadSignature:
        return None
    return str(found[1]) if found[0] == source.pk.hex else None


def is_proven(mark: str, proof: str) -> bool:
    """Return whether the SHA-256 of the mark, a colon and this number begins with as many zeros as are asked for."""
    digest = hashlib.sha256(f"{mark}:{proof[:20]}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - PROOF_BITS) == 0


def status_token(source: Source, case: Case) -> str:
    both = base64.urlsafe_b64encode(source.pk.bytes + case.pk.bytes).decode().rstrip("=")
    return signing.Signer(salt=_STATUS).sign(both)


def read_status_token(token: str) -> tuple[UUID, UUID] | None:
    """Return the source and the case of a link, or None if Baton did not sign it."""
    try:
        both = base64.urlsafe_b64decode(signing.Signer(salt=_STATUS).unsign(token) + "==")
    except (signing.BadSignature, ValueError):
        return None
    return UUID(bytes=both[:16]), UUID(bytes=both[16:])
