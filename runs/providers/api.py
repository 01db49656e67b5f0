"""The API of the team's own keys to model providers. A key cannot be read again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from ninja import Router
from ninja import Status as Answer
from pydantic import BaseModel, Field

from data.network.addresses import URL_LIMIT
from teams.keys import credentials
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.credentials import KEY_LIMIT
from teams.keys.fields import Length, Name
from teams.models import Credential

from .providers import PROVIDERS

router = Router(tags=["Models"])

ProviderName = Annotated[
    str, Field(pattern=f"^({'|'.join(PROVIDERS)})$", description=f"One of {', '.join(PROVIDERS)}.")
]
BaseUrl = Annotated[
    str,
    Length(URL_LIMIT),
    Field(description="Empty for the provider's own; else of a server that speaks its protocol."),
]
Key = Annotated[str, Length(KEY_LIMIT)]


class ModelKeyIn(RequestBody):
    provider: ProviderName
    name: Annotated[Name, Field(description="A name your colleagues recognise.")]
    key: Annotated[Key, Field(description="Never shown again. Empty for a server that wants none.")] = ""
    base_url: BaseUrl = ""


class ModelKeyChanges(RequestBody):
    """Fields that are left out stay as they are. Another address requires the key again."""

    name: Name | None = None
    key: Key | None = None
    base_url: BaseUrl | None = None


class ModelKeyOut(BaseModel):
    id: UUID
    provider: str
    name: str
    ends_in: Annotated[str, Field(description="The last characters of a long key, to recognise it by.")]
    base_url: str
    created_at: datetime
    updated_at: datetime


@router.get(
    "/model-keys", auth=TeamKey(Scope.ADMIN), response=list[ModelKeyOut], summary="List keys to providers of models"
)
def list_model_keys(request: KeyRequest) -> list[ModelKeyOut]:
    """The team's own, at most one for each provider."""
    return [_out(row) for row in _keys(request).order_by("provider")]


@router.post(
    "/model-keys",
    auth=TeamKey(Scope.ADMIN),
    response={201: ModelKeyOut},
    summary="Add a key to a provider of models",
)
def add_model_key(request: KeyRequest, wanted: ModelKeyIn) -> Answer[ModelKeyOut]:
    """Agents use it from their next request on, before one of the server."""
    made = credentials.add(
        request.auth.team, wanted.provider, name=wanted.name, key=wanted.key, base_url=wanted.base_url
    )
    return Answer(201, _out(_keys(request).get(pk=made.pk)))


@router.patch(
    "/model-keys/{key_id}",
    auth=TeamKey(Scope.ADMIN),
    response=ModelKeyOut,
    summary="Change or replace a key to a provider of models",
)
def change_model_key(request: KeyRequest, key_id: UUID, changes: ModelKeyChanges) -> ModelKeyOut:
    row = get_row(_keys(request), key_id)
    credentials.change(
        row,
        name=row.name if changes.name is None else changes.name,
        key=changes.key or "",
        base_url=row.base_url if changes.base_url is None else changes.base_url,
    )
    return _out(row)


@router.delete(
    "/model-keys/{key_id}",
    auth=TeamKey(Scope.ADMIN),
    response={204: None},
    summary="Delete a key to a provider of models",
)
def delete_model_key(request: KeyRequest, key_id: UUID) -> Answer[None]:
    """Agents go on with the server's own key, if it has one; else their runs fail."""
    credentials.delete(get_row(_keys(request), key_id))
    return Answer(204, None)


def _keys(request: KeyRequest) -> QuerySet[Credential]:
    return Credential.objects.filter(team=request.auth.team)


def _out(row: Credential) -> ModelKeyOut:
    return ModelKeyOut(
        id=row.pk,
        provider=row.provider,
        name=row.name,
        ends_in=row.hint,
        base_url=row.base_url,
        created_at=row.created_at,
        updated_at=max(row.created_at, row.updated_at),  # by two clocks
    )
