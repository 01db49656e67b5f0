"""Where a page leads after an act."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme


def back(request: HttpRequest, name: str, *args: object) -> HttpResponseBase:
    """To the page that the form names as `next`, if it is one of ours, else to the page called `name`."""
    wanted = wanted_next(request)
    return redirect(wanted) if wanted else redirect(name, *args)


def wanted_next(request: HttpRequest) -> str:
    """The page that the form names as `next`; empty if it is none of ours."""
    wanted = request.POST.get("next", "")
    return wanted if is_ours(request, wanted) else ""


def is_ours(request: HttpRequest, address: str) -> bool:
    """Return whether an address that came with the request leads to a page of this installation.

    A word without a slash is none: Django would take it for the name of a page.
    """
    hosts = {request.get_host()}
    return "/" in address and url_has_allowed_host_and_scheme(address, hosts, require_https=request.is_secure())
