"""What every request of the API is held to before its operation reads it: the kind of its body, and its query.

A parameter that an operation does not know is an error, so that a misspelt filter never looks like a long list.
"""

from collections.abc import Iterator

from django.http import HttpRequest
from ninja.operation import Operation

from data.errors import Refused
from data.texts.text import UNSTORABLE_WORDS, is_storable

from .problems import Answered, problem

_FORM = "multipart/form-data"


def check_request(request: HttpRequest, operation: Operation) -> None:
    """Refused, or Answered where the body is of another kind than the operation takes."""
    if request.method != "GET":
        _check_body(request, takes_files=any(_source(model) == "file" for model in operation.models))
    _check_query(request, operation)


def _check_body(request: HttpRequest, *, takes_files: bool) -> None:
    if takes_files and request.content_type == _FORM:
        if not (request.content_params or {}).get("boundary"):
            raise Answered(problem(400, "bad_request", f"The Content-Type {_FORM} needs a boundary."))
        return
    if request.content_type == _FORM or request.body:  # a form has a body, and Django reads it but once
        expected = _FORM if takes_files else "application/json"
        if takes_files or not _is_json(request.content_type or ""):
            message = f"Send the body as {expected}, with this Content-Type."
            raise Answered(problem(415, "unsupported_media_type", message))


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _check_query(request: HttpRequest, operation: Operation) -> None:
    known = {name for model in operation.models if _source(model) == "query" for name in model.__ninja_flatten_map__}
    if fields := dict(_wrong(request, known)):
        raise Refused("Some of the query cannot be used, so nothing was done; see fields.", "invalid", fields)


def _wrong(request: HttpRequest, known: set[str]) -> Iterator[tuple[str, str]]:
    for name, values in request.GET.lists():
        if name not in known:
            yield name, "There is no such parameter here." + (f" Known: {', '.join(sorted(known))}." if known else "")
        elif len(values) > 1:
            yield name, "Send this parameter only once."
        elif not is_storable(values[0]):
            yield name, UNSTORABLE_WORDS


def _source(model: type) -> str:
    return str(model.__ninja_param_source__)  # type: ignore[attr-defined]
