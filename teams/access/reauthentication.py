"""Asking who it is again, before what only the right person may do: a browser may be left open, or its cookie stolen.

The request is kept, sealed in the session, and carried out when the answer is right.
"""

import json
import time
from copy import copy
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows, stash_and_reauthenticate
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import resolve
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from data.secrets import Unreadable, seal, unseal
from web.http import failures

# Longer than anyone looks for a password; then what was to be done is forgotten.
_KEPT_SECONDS = 15 * 60
_ADMIN = "/admin/"
_OPEN = ("/admin/login/", "/admin/logout/")


def is_recent(request: HttpRequest) -> bool:
    """Has this person shown in this session who they are, within REAUTHENTICATION_MINUTES?"""
    if not get_reauthentication_flows(request.user):
        return True  # there is nothing to ask for
    records = get_authentication_records(request, request.user)
    latest = max((float(record.get("at", 0)) for record in records), default=0.0)
    return time.time() - latest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def ask_again(request: HttpRequest) -> HttpResponse:
    """Leads to the page that asks; from there on with this request."""
    path = request.get_full_path()
    told = {"path": path, "body": request.POST.urlencode(), "at": time.time()}
    page = stash_and_reauthenticate(request, {"sealed": seal(json.dumps(told))}, f"{__name__}.go_on")
    address = f"{page.url}?{urlencode({'next': path})}"
    return HttpResponseClientRedirect(address) if getattr(request, "htmx", False) else redirect(address)


def go_on(request: HttpRequest, state: dict[str, str]) -> HttpResponseBase:
    """With what was asked for before, unless the person has gone elsewhere since. Its token was checked then."""
    try:
        told: dict[str, Any] = json.loads(unseal(state["sealed"]))
    except Unreadable:
        return redirect("home")
    if request.POST.get("next") != told["path"] or time.time() - told["at"] > _KEPT_SECONDS:
        return redirect("home")
    path, _, query = told["path"].partition("?")
    again = copy(request)
    again.method, again.path, again.path_info = "POST", path, path
    again.GET, again.POST = QueryDict(query), QueryDict(told["body"])
    match = again.resolver_match = resolve(path)
    answer: HttpResponseBase = match.func(again, *match.args, **match.kwargs)
    return answer


class AdminAsksAgain(MiddlewareMixin):
    """Whatever an operator changes in the admin, they show first who they are."""

    def process_view(self, request: HttpRequest, *about: Any) -> HttpResponse | None:
        is_act = request.method == "POST" and request.path.startswith(_ADMIN) and request.path not in _OPEN
        if is_act and not request.user.is_authenticated:
            return failures.signed_out(request)
        return ask_again(request) if is_act and not is_recent(request) else None
