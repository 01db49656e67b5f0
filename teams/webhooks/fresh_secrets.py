"""Secrets that sign: made at random, and shown once on the page of what they belong to."""

import base64
import secrets as random
from uuid import UUID

from django.http import HttpRequest

from data.secrets import Unreadable, seal, unseal

_PLACE = "fresh_secret"


def new_secret() -> str:
    return "whsec_" + base64.b64encode(random.token_bytes(32)).decode()


def keep(request: HttpRequest, id: UUID, secret: str) -> None:
    """Keep the secret of a row, sealed in the session, until its page has shown it."""
    request.session[_PLACE] = [str(id), seal(secret)]


def take(request: HttpRequest, id: UUID, *, is_part: bool) -> str:
    """Return the secret that was kept for the row, once; a live part of the page leaves it to the whole page."""
    kept_for, sealed = request.session.get(_PLACE) or ("", "")
    if is_part or kept_for != str(id):
        return ""
    del request.session[_PLACE]
    try:
        return unseal(sealed)
    except Unreadable:
        return ""
