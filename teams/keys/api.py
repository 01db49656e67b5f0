"""What all routers of the API share: the key that says whose team it is."""

from collections.abc import Callable
from functools import wraps
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.security import HttpBearer
from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationInfo,
    field_validator,
)

from data.errors import Refused
from data.texts.json_text import read_json
from data.texts.text import UNSTORABLE_WORDS, is_storable
from teams.audit import audit
from teams.audit.actors import BATON, program
from teams.models import ApiKey
from teams.sign_in.attempts import guess

from . import idempotency, openapi, quotas
from .api_keys import find_key
from .api_requests import check_request
from .idempotency import Once
from .problems import HANDLERS, not_found, problem
from .quotas import Quota, TooMany

DOCUMENTS = ("openapi-json", "openapi-view", "api-root")


Scope = ApiKey.Scope


class TeamKey(HttpBearer):
    """`Authorization: Bearer baton_...`; the operation finds the key as `request.auth`.

    Each operation that does more than read says as its `auth` which scope it takes. `asks_outside`: it asks another
    server before it does anything, and then calls `request.once.hold()`, as nothing waits inside a transaction.
    """

    def __init__(self, scope: Scope | None = None, *, asks_outside: bool = False) -> None:
        super().__init__()
        self.scope = scope
        self.asks_outside = asks_outside

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = find_key(token)
        if key is None:
            guess(request, "api_key")
            return None
        caller = cast(KeyRequest, request)
        quota = caller.quota = quotas.count_request(key)
        if quota and quota.is_used_up:
            raise TooMany(quota)
        # An operation that says nothing and changes something: for those alone that may do the most.
        needed = self.scope or (Scope.READ if request.method == "GET" else Scope.ADMIN)
        if needed not in key.scopes:
            raise PermissionDenied(
                f"This takes a key with the scope “{needed}”. Administrators make keys in the settings."
            )
        check_request(request, caller.operation)
        audit.acts(program(key))
        caller.once.begin(key, later=self.asks_outside)
        return key


class KeyRequest(HttpRequest):
    """A request of a program, as operations get it."""

    auth: ApiKey
    operation: Operation
    quota: Quota | None
    once: Once


def get_row[M: Model](rows: QuerySet[M], id: UUID, field: str = "") -> M:
    """The row with this id, if it is one of `rows`. `field` names where in the body the id stands."""
    row = rows.filter(pk=id).first()
    if row is None:
        message = f"There is no such {rows.model._meta.verbose_name}."
        raise Refused(message, "not_found", {field: message} if field else None)
    return row


# --- What requests are made of ---------------------------------------------------------------


class RequestBody(BaseModel):
    """What a request asks for. A misspelt field is an error, not something left out."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """Pydantic alone would read "3" as a number and 1 as true, which the OpenAPI document does not say."""
        kinds = _kinds(cls.model_fields[str(info.field_name)].annotation)
        if kinds and kinds <= {bool, int, float} and type(value) not in kinds | {type(None)}:
            if kinds == {bool}:
                raise ValueError("Send true or false.")
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise ValueError("Send a number.")
        return value

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        if not is_storable(value):
            raise ValueError(UNSTORABLE_WORDS)
        return value


def _kinds(annotation: Any) -> set[Any]:
    """`int | None` -> {int}."""
    if isinstance(annotation, type):
        return {annotation} - {type(None)}
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return set().union(*map(_kinds, get_args(annotation)))
    return {annotation}


def example(**fields: Any) -> ConfigDict:
    """As `model_config` of what a request asks for: shown with its description."""
    return ConfigDict(json_schema_extra={"examples": [fields]})


class Named(BaseModel):
    id: UUID
    name: str


class StrictJson(Parser):
    """Only JSON that can be kept."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)


# --- The API itself ---------------------------------------------------------------------------


@csrf_exempt
def no_such_address(request: HttpRequest, **rest: str) -> HttpResponse:
    return not_found()


def _naming_its_operation(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The key is looked at before the operation is, yet says first what the request may hold."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]

    @wraps(run)
    def named(request: KeyRequest, **path: Any) -> HttpResponseBase:
        request.operation = operation
        return run(request, **path)

    return named


class Api(NinjaAPI):
    """Answers every error in the one shape, and says so in its schema."""

    def __init__(self, **about: Any) -> None:
        super().__init__(auth=TeamKey(), parser=StrictJson(), **about)
        self.add_decorator(_naming_its_operation, mode="view")
        for kind, handler in HANDLERS.items():
            self.add_exception_handler(kind, handler)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                is_document = pattern.name in DOCUMENTS
                pattern.callback = self._told(_read_only(pattern.callback) if is_document else pattern.callback)
        return patterns, app, namespace

    def _told(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        """What is the same for all operations: who acts, what is kept of it, its quota, and the shape of a 405."""

        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                with audit.acting(BATON):
                    response = idempotency.answer(request, lambda: view(request, *args, **kwargs))
            except Exception as error:
                response = self.on_exception(request, error)
            if response.status_code == 405:
                response = _not_allowed(request, response["Allow"])
            quotas.add_quota_headers(request, response)
            return response

        return answer

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        openapi.complete(schema, self._scopes())
        return schema

    def _scopes(self) -> dict[str, str]:
        """By operation id."""
        found = {}
        for _, router in self._routers:
            for path in router.path_operations.values():
                for operation in path.operations:
                    declared = [row.scope for row in operation.auth_callbacks if isinstance(row, TeamKey) and row.scope]
                    found[self.get_openapi_operation_id(operation)] = str(declared[0] if declared else Scope.READ)
        return found


def _read_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Ninja answers any method with its documents, and a form's token is no matter of the API."""
    return csrf_exempt(require_GET(view))


def _not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    refusal = problem(405, "method_not_allowed", f"{request.method} is not possible here, but {allowed} is.")
    refusal["Allow"] = allowed
    return refusal
