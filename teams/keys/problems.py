"""Errors of the API, all of one shape: `{"error": {"code", "message", "fields"?}}`."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import HttpError, ValidationError
from pydantic import BaseModel

from data.errors import Refused
from data.texts.schema_errors import words_of
from teams.sign_in.attempts import TooManyAttempts

from .quotas import TooMany

logger = logging.getLogger(__name__)


class ErrorDetail(BaseModel):
    code: str
    message: str
    fields: dict[str, str] | None = None


class Error(BaseModel):
    error: ErrorDetail


class Answered(Exception):
    """There is nothing left to do: this is the answer."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


# They name a field, and yet nothing is wrong with it but what exists already.
_CONFLICTS = {"name_taken", "external_id_conflict"}
_CODES = {400: "bad_request", 401: "unauthenticated", 403: "forbidden"}


def problem(
    status: int,
    code: str,
    message: str,
    fields: Mapping[str, str] | None = None,
    shows: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """`shows` are further keys inside `error`."""
    detail: dict[str, Any] = {"code": code, "message": message, **(shows or {})}
    return JsonResponse({"error": {**detail, "fields": fields} if fields else detail}, status=status)


def not_found() -> HttpResponse:
    return problem(404, "not_found", "There is nothing here. It may have been deleted, or the address is mistyped.")


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    is_wrong = refusal.fields and refusal.code not in _CONFLICTS
    status = 404 if refusal.code == "not_found" else 422 if is_wrong else 409
    return problem(status, refusal.code, refusal.message, refusal.fields, refusal.shows)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(item["loc"][0] == "path" for item in error.errors):
        return not_found()  # an id that cannot be one is like one that nothing has
    fields = {_field(item["loc"]): words_of(item) for item in error.errors}
    return problem(422, "invalid", "Some of this cannot be used, so nothing was done; see fields.", fields)


def _field(location: Sequence[str | int]) -> str:
    """`cases.3.title`. Left out: the names that only our code knows, which are the body's and, in <>, those of tags."""
    source, *parts = location
    names = [str(part) for part in parts[source == "body" and len(parts) > 0 :] if not str(part).startswith("<")]
    return ".".join(names) or "body"


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    message = error.message
    if error.status_code == 400 and error.__cause__:
        message = f"The body is not valid JSON: {error.__cause__}"
    if error.status_code == 401:
        message = "Please send a key of your team: “Authorization: Bearer baton_…”."
    response = problem(error.status_code, _CODES.get(error.status_code, "error"), message)
    if error.status_code == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _too_many(request: HttpRequest, error: TooMany) -> HttpResponse:
    """The headers that say how many it may send are added to every response: see `quotas.tell`."""
    return problem(429, "too_many_requests", str(error))


def _too_many_attempts(request: HttpRequest, error: TooManyAttempts) -> HttpResponse:
    message = (
        f"Too many wrong keys came from this network. Try again in {error.minutes} minutes; right keys still work."
    )
    response = problem(429, "too_many_requests", message)
    response["Retry-After"] = str(error.minutes * 60)
    return response


def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "too_large", "The body is too large: 2.5 MB at most.")


def _unreadable(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(400, "bad_request", f"The request cannot be read: {error}")


class Unstorable(JsonResponse):
    """The answer to a request with something that no column of the database can hold: nothing of it is kept."""


def _unstorable(request: HttpRequest, error: DataError) -> HttpResponse:
    """Fields are checked before; this one was not."""
    logger.warning("%s %s: the database refused a value: %s", request.method, request.path, error)
    message = "Some of this cannot be stored: a number or a time is too large, or a text holds U+0000."
    return Unstorable({"error": {"code": "invalid", "message": message}}, status=422)


def _unavailable(request: HttpRequest, error: OperationalError) -> HttpResponse:
    logger.warning("%s %s: the database does not answer: %s", request.method, request.path, error)
    return problem(503, "unavailable", "The database does not answer just now. Please try again.")


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.exception("%s %s broke", request.method, request.path, exc_info=error)
    return problem(500, "internal_error", "Baton had an internal error. The server’s log has details.")


HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    Exception: _broken,
    Answered: lambda _, answered: answered.response,
    OperationalError: _unavailable,
    DataError: _unstorable,
    MultiPartParserError: _unreadable,
    BadRequest: _unreadable,
    SuspiciousOperation: _unreadable,
    UnreadablePostError: _unreadable,
    RequestDataTooBig: _too_large,
    HttpError: _http_error,
    TooMany: _too_many,
    TooManyAttempts: _too_many_attempts,
    PermissionDenied: lambda _, error: problem(403, "forbidden", str(error) or "This key may not do that."),
    Http404: lambda *_: not_found(),
    ValidationError: _invalid,
    Refused: _refused,
}
