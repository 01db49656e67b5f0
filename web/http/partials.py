"""One template draws a page and each of its parts, so the two cannot differ."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, parts: Collection[str] = (), status: int = 200
) -> HttpResponse:
    """The page, or only the part that htmx asks for.

    `parts` are ids of elements, each drawn whole by the template's `partialdef` of the same name.
    """
    wanted = request.headers.get("HX-Target", "").partition("#")[2]
    name = f"{template}#{wanted}" if wanted in parts else template
    response = render(request, name, context, status=status)
    # Else the browser's own cache may show the part as the page when someone goes back to it.
    patch_vary_headers(response, ["HX-Target"])
    return response
