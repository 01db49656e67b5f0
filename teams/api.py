"""What all routers of the API share: the key that says whose team it is, errors of one shape, and checked texts."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Annotated, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic_core import from_json

from . import audit
from .actors import BATON, program
from .errors import Refused
from .keys import find_key
from .models import ApiKey
from .text import one_line, prose

logger = logging.getLogger(__name__)

DATA_LIMIT = 256 * 1024


Scope = ApiKey.Scope


class TeamKey(HttpBearer):
    """`Authorization: Bearer baton_...`; the operation finds the key as `request.auth`.

    Each operation that does more than read says as its `auth` which scope it takes.
    """

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = find_key(token)
        # An operation that says nothing and changes something: for those alone that may do the most.
        needed = self.scope or (Scope.READ if request.method == "GET" else Scope.ADMIN)
        if key and needed not in key.scopes:
            raise PermissionDenied(
                f"This takes a key with the scope “{needed}”. Administrators make keys in the settings."
            )
        if key:
            audit.acts(program(key))
        return key


class KeyRequest(HttpRequest):
    """A request of a program, as operations get it."""

    auth: ApiKey


def find[M: Model](rows: QuerySet[M], id: UUID, field: str = "") -> M:
    """The row with this id, if it is one of `rows`. `field` names where in the body the id stands."""
    row = rows.filter(pk=id).first()
    if row is None:
        message = f"There is no such {rows.model._meta.verbose_name}."
        raise Refused(message, "not_found", {field: message} if field else None)
    return row


# --- What requests are made of ---------------------------------------------------------------


class Wanted(BaseModel):
    """What a request asks for. A misspelt field is an error, not something left out."""

    model_config = ConfigDict(extra="forbid")


class Named(BaseModel):
    id: UUID
    name: str


def _checked(check: Callable[[str], str]) -> AfterValidator:
    def validate(value: str) -> str:
        try:
            return check(value)
        except Refused as refusal:
            raise ValueError(refusal.message) from refusal

    return AfterValidator(validate)


def _storable_json(value: Any) -> Any:
    try:
        size = len(json.dumps(value, allow_nan=False))
    except ValueError as error:
        raise ValueError("This holds a number that is too large.") from error
    if size > DATA_LIMIT:
        raise ValueError("Too large: 256 kB at most.")
    return value


def _within_ten_years(value: datetime) -> datetime:
    if value > timezone.now() + timedelta(days=3653):
        raise ValueError("Please choose a time within the next ten years.")
    return value


Title = Annotated[str, _checked(lambda value: one_line(value, "", 200))]
Label = Annotated[str, _checked(lambda value: one_line(value, "", 40))]
ExternalId = Annotated[str, _checked(lambda value: one_line(value, "", 200))]
Words = Annotated[str, _checked(lambda value: one_line(value, "", 200, required=False))]
Prose = Annotated[str, _checked(lambda value: prose(value, "", 10_000))]
JsonData = Annotated[Any, AfterValidator(_storable_json)]
Moment = Annotated[AwareDatetime, AfterValidator(_within_ten_years)]


class StrictJson(Parser):
    """Only JSON that can be stored: UTF-8, without lone surrogates or NaN, and not too deep (200 levels)."""

    def parse_body(self, request: HttpRequest) -> Any:
        return from_json(request.body, allow_inf_nan=False)


# --- Errors ----------------------------------------------------------------------------------


class ErrorDetail(BaseModel):
    code: str
    message: str
    fields: dict[str, str] | None = None


class Error(BaseModel):
    error: ErrorDetail


# They name a field, and yet nothing is wrong with it but what exists already.
_CONFLICTS = {"name_taken", "external_id_conflict"}
_CODES = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 429: "too_many_requests"}


def problem(status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> HttpResponse:
    detail: dict[str, Any] = {"code": code, "message": message}
    return JsonResponse({"error": {**detail, "fields": fields} if fields else detail}, status=status)


def not_found() -> HttpResponse:
    return problem(404, "not_found", "There is nothing here. It may have been deleted, or the address is mistyped.")


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    is_wrong = refusal.fields and refusal.code not in _CONFLICTS
    status = 404 if refusal.code == "not_found" else 422 if is_wrong else 409
    return problem(status, refusal.code, refusal.message, refusal.fields)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    if any(item["loc"][0] == "path" for item in error.errors):
        return not_found()  # an id that cannot be one is like one that nothing has
    fields = {_field(item["loc"]): item["msg"].removeprefix("Value error, ") for item in error.errors}
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


def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return problem(413, "too_large", "The body is too large: 2.5 MB at most.")


def _unavailable(request: HttpRequest, error: OperationalError) -> HttpResponse:
    logger.warning("%s %s: the database does not answer: %s", request.method, request.path, error)
    return problem(503, "unavailable", "The database does not answer just now. Please try again.")


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.exception("%s %s broke", request.method, request.path, exc_info=error)
    return problem(500, "internal_error", "Baton met an error of its own. It is in the log of the server.")


_HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    Exception: _broken,
    OperationalError: _unavailable,
    RequestDataTooBig: _too_large,
    HttpError: _http_error,
    PermissionDenied: lambda _, error: problem(403, "forbidden", str(error) or "This key may not do that."),
    Http404: lambda *_: not_found(),
    ValidationError: _invalid,
    Refused: _refused,
}


@csrf_exempt
def no_such_address(request: HttpRequest, **rest: str) -> HttpResponse:
    return not_found()


class Api(NinjaAPI):
    """Answers every error in the one shape, and says so in its schema."""

    def __init__(self, **about: Any) -> None:
        super().__init__(auth=TeamKey(), parser=StrictJson(), **about)
        for kind, handler in _HANDLERS.items():
            self.add_exception_handler(kind, handler)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = _with_json_405(pattern.callback)
        return patterns, app, namespace

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"] |= Error.model_json_schema(ref_template="#/components/schemas/{model}")["$defs"]
        schema["components"]["schemas"]["Error"] = _without_defs(Error)
        reference = {"schema": {"$ref": "#/components/schemas/Error"}}
        failed = {"description": "What went wrong, and why.", "content": {"application/json": reference}}
        for operations in schema["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = failed
        return schema


def _without_defs(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return schema


def _with_json_405(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with audit.acting(BATON):
            response = view(request, *args, **kwargs)
        if response.status_code != 405:
            return response
        allowed = response["Allow"]
        refusal = problem(405, "method_not_allowed", f"{request.method} is not possible here, but {allowed} is.")
        refusal["Allow"] = allowed
        return refusal

    return answer
