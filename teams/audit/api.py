"""The API of the audit log."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Query, Router
from pydantic import BaseModel, Field

from data.errors import Refused
from teams.keys.api import KeyRequest, Scope, TeamKey
from teams.keys.fields import Instant
from teams.keys.paging import Page, Paging, paginate
from teams.models import AuditEntry

from . import audit
from .acts import ACTS, AREAS

router = Router()


class AuditFilter(BaseModel):
    q: Annotated[str, Field(description="Words that the actor, the object or the change holds.")] = ""
    area: Annotated[str, Field(description=f"What it is about: {', '.join(AREAS)}.")] = ""
    act: Annotated[str, Field(description="Such as agent_published.")] = ""
    source: Annotated[AuditEntry.Source | None, Field(description="As what someone acted.")] = None
    object_id: str = ""
    since: Instant | None = None
    until: Annotated[Instant | None, Field(description="Not included.")] = None


class ActorOut(BaseModel):
    name: Annotated[str, Field(description="Empty: Baton itself.")]
    source: AuditEntry.Source
    id: Annotated[str | None, Field(description="Of the person, as among members, or of the API key.")]
    email: Annotated[str | None, Field(description="Of a person, as it was then.")]
    key: Annotated[str | None, Field(description="How the API key begins.")]


class ObjectOut(BaseModel):
    kind: Annotated[str, Field(description="Such as builder.agent; empty when it has no id.")]
    id: str
    name: str


class AuditEntryOut(BaseModel):
    id: UUID
    at: datetime
    actor: ActorOut
    act: str
    words: Annotated[str, Field(description="The act in words.")]
    object: ObjectOut
    change: Annotated[str, Field(description="What changed, a line for each thing: `Name: old → new`.")]


@router.get(
    "/audit",
    auth=TeamKey(Scope.ADMIN),
    response=Page[AuditEntryOut],
    tags=["Audit log"],
    summary="Read the audit log, newest first",
)
def list_audit_entries(request: KeyRequest, wanted: Query[AuditFilter], paging: Query[Paging]) -> Page[AuditEntryOut]:
    _check(wanted)
    asked = audit.AuditFilter(wanted.q, wanted.area, wanted.act, since=wanted.since, until=wanted.until)
    rows = audit.find_entries(request.auth.team, asked)
    if wanted.source:
        rows = rows.filter(source=wanted.source)
    if wanted.object_id:
        rows = rows.filter(object_id=wanted.object_id)
    found, cursor = paginate(rows, ["-at", "-id"], paging)
    return Page[AuditEntryOut](items=[_out(row) for row in found], next_cursor=cursor)


def _check(wanted: AuditFilter) -> None:
    for name, value, known in (("area", wanted.area, AREAS), ("act", wanted.act, ACTS)):
        if value and value not in known:
            message = f"There is no {name} “{value}”."
            raise Refused(message, "invalid", {name: message})


def _out(row: AuditEntry) -> AuditEntryOut:
    return AuditEntryOut(
        id=row.pk,
        at=row.at,
        actor=_actor(row),
        act=row.act,
        words=ACTS.get(row.act, row.act),
        object=ObjectOut(kind=row.object_kind, id=row.object_id, name=row.subject),
        change=row.change,
    )


def _actor(row: AuditEntry) -> ActorOut:
    source, known = AuditEntry.Source(row.source), row.who_email or None
    is_key = source == AuditEntry.Source.KEY
    return ActorOut(
        name=row.actor,
        source=source,
        id=row.who_id or None,
        email=None if is_key else known,
        key=known if is_key else None,
    )
