"""Headers of all our answers, beside those of Django's own middleware."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.csp import CSP
from django.utils.decorators import sync_and_async_middleware

# Pages write to the clipboard when asked to, and need nothing else of a browser.
_NOTHING = ["accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "microphone", "midi", "payment"]
PERMISSIONS = ", ".join(f"{name}=()" for name in [*_NOTHING, "usb", "browsing-topics"])
# Whatever a browser may take a file for, it runs nothing and belongs to nobody.
DOWNLOAD_CSP = "default-src 'none'; sandbox"


@sync_and_async_middleware
def security_headers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Let no proxy keep what a team sees, and no download do anything in a browser."""
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            return _careful(await get_response(request))

        return async_middleware
    return lambda request: _careful(get_response(request))


def _careful(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Permissions-Policy", PERMISSIONS)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if response.headers.get("Content-Disposition", "").startswith("attachment"):
        response.headers[str(CSP.HEADER_ENFORCE)] = DOWNLOAD_CSP
    return response
