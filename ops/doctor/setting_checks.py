"""What `manage.py doctor` finds wrong with the settings."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host

from .findings import Finding, State

_LOCAL = ("localhost", "127.0.0.1", "::1")
_SHORTEST_KEY = 32


def findings() -> Iterator[Finding]:
    address = urlsplit(settings.BATON_URL)
    is_public = address.hostname not in _LOCAL
    yield _secret_key()
    yield _debug(is_public)
    yield _address(is_public)
    yield _hosts(address.hostname or "")
    yield _https(address.scheme == "https", is_public)
    yield _encryption()


def _secret_key() -> Finding:
    if len(settings.SECRET_KEY) < _SHORTEST_KEY or settings.SECRET_KEY.startswith("django-insecure"):
        fix = "Set SECRET_KEY to a long random text, or unset it, and Baton makes one in BATON_HOME."
        return Finding("SECRET_KEY", State.BROKEN, "It is too short or a known one, so sign-ins can be forged.", fix)
    where = "the environment" if os.environ.get("SECRET_KEY") else f"{settings.BATON_HOME / 'secret_key'}"
    return Finding("SECRET_KEY", State.OK, f"From {where}.")


def _debug(is_public: bool) -> Finding:
    if not settings.DEBUG:
        return Finding("DEBUG", State.OK, "Off.")
    said = "It is on: error pages show settings and data to everybody."
    return Finding("DEBUG", State.BROKEN if is_public else State.WARNING, said, "Unset DEBUG.")


def _address(is_public: bool) -> Finding:
    address = urlsplit(settings.BATON_URL)
    if address.scheme not in ("http", "https") or not address.hostname:
        fix = "Set it to where people reach Baton, such as https://baton.example.com."
        return Finding("BATON_URL", State.BROKEN, f"{settings.BATON_URL} is no address.", fix)
    if not is_public and settings.MAILERS:
        fix = "Set it to where people reach Baton, such as https://baton.example.com."
        return Finding(
            "BATON_URL", State.WARNING, "Links in emails lead to this machine, so others cannot open them.", fix
        )
    return Finding("BATON_URL", State.OK, settings.BATON_URL)


def _hosts(host: str) -> Finding:
    if "*" in settings.ALLOWED_HOSTS:
        return Finding("ALLOWED_HOSTS", State.WARNING, "Any host name is let in.", f"Set it to {host}.")
    if not validate_host(host, settings.ALLOWED_HOSTS):
        said = f"{host} of BATON_URL is not among them, so pages there are refused."
        return Finding("ALLOWED_HOSTS", State.BROKEN, said, f"Add {host} to ALLOWED_HOSTS.")
    return Finding("ALLOWED_HOSTS", State.OK, ", ".join(settings.ALLOWED_HOSTS))


def _https(is_https: bool, is_public: bool) -> Finding:
    if is_https and not settings.BATON_HTTPS:
        said = "BATON_URL begins with https://, but cookies are sent over HTTP too, and forms are refused."
        return Finding("HTTPS", State.BROKEN, said, "Set BATON_HTTPS=1 behind a proxy that sets X-Forwarded-Proto.")
    if settings.BATON_HTTPS and not is_https:
        said = "BATON_HTTPS is set, but BATON_URL begins with http://: nobody can sign in there."
        return Finding("HTTPS", State.BROKEN, said, "Let BATON_URL begin with https://, or unset BATON_HTTPS.")
    if is_public and not is_https:
        fix = "Put a proxy with HTTPS in front, and set BATON_URL and BATON_HTTPS=1."
        return Finding("HTTPS", State.WARNING, "Passwords cross the network unencrypted.", fix)
    return Finding("HTTPS", State.OK, "On." if is_https else "Not needed on this machine alone.")


def _encryption() -> Finding:
    name = "BATON_ENCRYPTION_KEYS"
    if any(len(key) < _SHORTEST_KEY for key in settings.BATON_ENCRYPTION_KEYS):
        said = f"One is shorter than {_SHORTEST_KEY} characters."
        return Finding(name, State.WARNING, said, "Put a longer one in front; keep the old ones behind it.")
    if settings.BATON_ENCRYPTION_KEYS:
        return Finding(name, State.OK, f"{len(settings.BATON_ENCRYPTION_KEYS)} set.")
    return Finding(name, State.OK, "None set: secrets are encrypted with a key made of SECRET_KEY. Keep that one.")
