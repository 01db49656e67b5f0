"""Addresses of pages as they are given to people elsewhere: by email, or to be copied."""

from django.conf import settings
from django.http import HttpRequest


def link_to(path: str, request: HttpRequest) -> str:
    """The whole address of a page: below BATON_URL where it is set, else where this request was made.

    `get_host` has held the request's host against ALLOWED_HOSTS, so no outsider chooses where a link leads.
    """
    return f"{settings.BATON_URL}{path}" if settings.BATON_URL_IS_SET else request.build_absolute_uri(path)
