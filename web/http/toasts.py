"""Acts that leave the page where it is: their answer is a toast, with the address that undoes them.

A form does so with `hx-post`, `hx-target="#toasts"` and `hx-swap="beforeend"`, which the tag `in_place` writes. The
view is one like any other: it adds a message and redirects. Without htmx the form works as a form.
"""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import sync_and_async_middleware

# What pages hear when something was done in place: their live parts are fetched again (static/js/live-stream.js).
DONE = "acted"


def say(request: HttpRequest, words: str, undo: str = "") -> None:
    """Say on the page that comes next, or in place, that something was done. `undo`: the address that undoes it."""
    messages.success(request, words, extra_tags=undo)


@sync_and_async_middleware
def answers_in_place(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Turn the redirect after an act into the toasts that the next page would have shown."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            return _in_place(request, await get_response(request))

        return async_middleware
    return lambda request: _in_place(request, get_response(request))


def is_in_place(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target", "").partition("#")[2] == "toasts"


def _in_place(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not is_in_place(request):
        return response
    if 300 <= response.status_code < 400:
        told = render(request, "components/toasts.html#messages", {"messages": messages.get_messages(request)})
        told.headers["HX-Trigger"] = DONE
        told.cookies.update(response.cookies)
        return told
    if response.status_code == 422 and isinstance(response, HttpResponse):
        # A form that was refused is a page: it takes the place of this one, with what was typed.
        response["HX-Retarget"] = response["HX-Reselect"] = "#content"
        response["HX-Reswap"] = "outerHTML"
    return response
