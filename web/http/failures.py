"""When a page cannot be given. What went wrong and what to do, in our look, without asking the database."""

import sys
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.decorators import sync_and_async_middleware
from redis.exceptions import ConnectionError as RedisConnectionError

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
AWAY = (OperationalError, InterfaceError, RedisConnectionError)
_RETRY_SECONDS = 10


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    status = 413 if isinstance(exception, TOO_MUCH) else 400
    return HttpResponse(render_to_string(f"{status}.html"), status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """The database away is no fault of the page, and passes."""
    if isinstance(sys.exception(), AWAY):
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(_RETRY_SECONDS)})
    return HttpResponse(render_to_string("500.html"), status=500)


@sync_and_async_middleware
def explained(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Give words to an answer that has none: an address that only takes POST, opened by hand."""

    def with_words(request: HttpRequest, response: Any) -> Any:
        is_bare = response.status_code == 405 and not response.streaming and not response.content
        if is_bare and request.accepts("text/html") and not request.path.startswith("/api/"):
            response.content = render_to_string("405.html")
        return response

    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            return with_words(request, await get_response(request))

        return async_middleware
    return lambda request: with_words(request, get_response(request))


def signed_out(request: HttpRequest) -> HttpResponse:
    """The page for someone whose session had ended when they sent a form: what they sent, to be sent again.

    Not what is secret, and no files: a page cannot hold them.
    """
    if getattr(request, "htmx", False):
        return HttpResponse(status=401)
    sent = request.POST
    fields = [(name, value) for name in _kept(sent) for value in sent.getlist(name)]
    context = {"fields": fields, "has_files": bool(request.FILES), "is_whole": len(_kept(sent)) == len(_said(sent))}
    return render(request, "web/signed_out.html", context, status=401)


def _said(sent: QueryDict) -> list[str]:
    return [name for name in sent if name != "csrfmiddlewaretoken"]


def _kept(sent: QueryDict) -> list[str]:
    secret = ("password", "key", "secret", "credential", "token")
    return [name for name in _said(sent) if not any(word in name.lower() for word in secret)]
