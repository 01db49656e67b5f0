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
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else ""
