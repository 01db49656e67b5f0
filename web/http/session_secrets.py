"""Secrets that the next page shows once: sealed in the session until then."""

from django.http import HttpRequest

from data.secrets import Unreadable, unseal


def pop_secret(request: HttpRequest, name: str) -> str:
    """Return what was sealed under this name, for the last time; "" if there is nothing."""
    sealed = request.session.get(name, "")
    if not sealed:
        return ""
    del request.session[name]
    try:
        return unseal(sealed)
    except Unreadable:
        return ""
