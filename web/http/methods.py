"""What every address answers to HEAD: what it answers to GET, without the body."""

from collections.abc import AsyncIterator, Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def answers_head(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Views say that they take GET and need not think of HEAD; the server drops the body of such an answer.

    Monitors, link checkers and previews of links ask this way.
    """
    if iscoroutinefunction(get_response):

        async def async_middleware(request: HttpRequest) -> Any:
            return _answered(request, _asked(request), await get_response(request))

        return async_middleware

    def sync_middleware(request: HttpRequest) -> Any:
        return _answered(request, _asked(request), get_response(request))

    return sync_middleware


def _asked(request: HttpRequest) -> str | None:
    method = request.method
    if method == "HEAD":
        request.method = "GET"
    return method


def _answered(request: HttpRequest, method: str | None, response: Any) -> Any:
    request.method = method
    if method == "HEAD" and response.streaming:
        # A live stream would never end, and a file would be read for nobody.
        response.streaming_content = _nothing() if response.is_async else []
    allowed = [name.strip() for name in response.get("Allow", "").split(",") if name.strip()]
    if "GET" in allowed and "HEAD" not in allowed:
        response["Allow"] = ", ".join([*allowed, "HEAD"])
    return response


async def _nothing() -> AsyncIterator[bytes]:
    no_parts: tuple[bytes, ...] = ()
    for part in no_parts:
        yield part
