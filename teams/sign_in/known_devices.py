"""Browsers that people have signed in with before, so that a stranger who tries out passwords keeps nobody else out.

A signed cookie names the people it knows by digests that end with their password. What is counted for a known device is
its own tries, whatever others send from elsewhere or from the same network.
"""

import secrets
from collections.abc import Sequence

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from teams.models import User

COOKIE = "known_device"
_SALT = "teams.sign_in.known_devices"
_AGE = 180 * 24 * 3600  # seconds
_MOST_PEOPLE = 10


def cookie_name() -> str:
    return f"__Host-{COOKIE}" if settings.SESSION_COOKIE_SECURE else COOKIE


def known_device(request: HttpRequest, email: str) -> str:
    """The id of this device, if the person of this address has signed in with it; else nothing."""
    device, people = _read(request)
    user = User.objects.filter(email=email.strip().lower()).first() if people else None
    return device if user is not None and _mark(user) in people else ""


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    device, people = _read(request)
    people = [_mark(user), *(one for one in people if one != _mark(user))][:_MOST_PEOPLE]
    value = signing.dumps([device or secrets.token_hex(8), people], salt=_SALT, compress=True)
    secure = bool(settings.SESSION_COOKIE_SECURE)
    response.set_cookie(cookie_name(), value, max_age=_AGE, httponly=True, secure=secure, samesite="Lax")


def _read(request: HttpRequest) -> tuple[str, Sequence[str]]:
    try:
        device, people = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=_SALT, max_age=_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return "", ()
    return device, people


def _mark(user: User) -> str:
    """Of this person with this password: a new password makes all devices strangers again."""
    return salted_hmac(_SALT, f"{user.pk}:{user.password}", algorithm="sha256").hexdigest()[:32]
