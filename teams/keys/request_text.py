"""Texts of requests that PostgreSQL cannot keep, stopped before any view reads them.

Forms and the API say what is wrong with a text; this is for what comes as an address, a cookie or a header, and for
what a view reads by itself.
"""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from web.http.failures import bad_request

from .problems import not_found, problem

NUL, UTF8 = "\x00", "utf-8"


@sync_and_async_middleware
def storable_texts(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Addresses with U+0000 lead nowhere; in queries of pages it becomes a blank, and such cookies are left out.

    The API names the parameter of its query instead, see `api_requests`.
    """
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            return _without_nul(request) or await get_response(request)

        middleware: Callable[[HttpRequest], Any] = async_middleware
    else:

        def sync_middleware(request: HttpRequest) -> Any:
            return _without_nul(request) or get_response(request)

        middleware = sync_middleware
    middleware.process_exception = _too_much_for_the_database  # type: ignore[attr-defined]
    return middleware


def _without_nul(request: HttpRequest) -> HttpResponse | None:
    is_api = request.path.startswith("/api/")
    if NUL in request.path:
        if is_api:
            return not_found()
        raise Http404
    if (request.content_params or {}).get("charset", UTF8).lower() not in {UTF8, "utf8"}:
        if is_api:
            return problem(415, "unsupported_media_type", "Send the body in UTF-8.")
        raise BadRequest("Forms are sent in UTF-8.")
    if not is_api and "%00" in request.META.get("QUERY_STRING", ""):
        request.META["QUERY_STRING"] = request.META["QUERY_STRING"].replace("%00", "+")
    # In quotes a cookie can spell out any character.
    for name in [name for name, value in request.COOKIES.items() if NUL in value]:
        del request.COOKIES[name]
    return None


def _too_much_for_the_database(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """A number or a text that no column can hold is the fault of the request, not ours."""
    return bad_request(request, error) if isinstance(error, DataError) else None
