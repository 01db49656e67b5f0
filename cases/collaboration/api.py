"""The API of the files of cases."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import File, Router
from ninja import Status as Answer
from ninja.files import UploadedFile
from pydantic import BaseModel, Field

from cases.models import Attachment, CaseQuerySet
from teams.audit.actors import program
from teams.keys.api import KeyRequest, Scope, TeamKey, get_row

from . import attachments

router = Router(tags=["Attachments"])

_BYTES = {200: {"description": "The file.", "content": {"application/octet-stream": {}}}}


class AttachmentOut(BaseModel):
    id: UUID
    case_id: UUID
    name: str
    size: Annotated[int, Field(description="In bytes.")]
    actor: Annotated[str | None, Field(description="The person or API key that attached it.")]
    created_at: datetime


@router.get("/cases/{case_id}/attachments", response=list[AttachmentOut], summary="List the files of a case")
def list_attachments(request: KeyRequest, case_id: UUID) -> list[AttachmentOut]:
    return [_out(row) for row in get_row(_cases(request), case_id).attachments.all()]


@router.post(
    "/cases/{case_id}/attachments",
    auth=TeamKey(Scope.CASES),
    response={201: list[AttachmentOut]},
    summary="Attach files to a case",
)
def add_attachments(
    request: KeyRequest,
    case_id: UUID,
    files: File[list[UploadedFile]] = [],  # noqa: B006 - ninja copies it
) -> Answer[list[AttachmentOut]]:
    """As `multipart/form-data`: up to 20 files of 20 MB each, all or none."""
    rows = attachments.attach(get_row(_cases(request), case_id), files, program(request.auth))
    return Answer(201, [_out(row) for row in rows])


@router.get("/attachments/{attachment_id}", summary="Download a file", openapi_extra={"responses": _BYTES})
def download_attachment(request: KeyRequest, attachment_id: UUID) -> HttpResponse:
    return attachments.download(_find(request, attachment_id))


@router.delete("/attachments/{attachment_id}", auth=TeamKey(Scope.CASES), response={204: None}, summary="Delete a file")
def delete_attachment(request: KeyRequest, attachment_id: UUID) -> Answer[None]:
    attachments.detach(_find(request, attachment_id), program(request.auth))
    return Answer(204, None)


def _cases(request: KeyRequest) -> CaseQuerySet:
    return request.auth.team.cases.present()


def _find(request: KeyRequest, attachment_id: UUID) -> Attachment:
    return get_row(Attachment.objects.filter(team=request.auth.team, case__deleted_at=None), attachment_id)


def _out(row: Attachment) -> AttachmentOut:
    return AttachmentOut(
        id=row.pk,
        case_id=row.case_id,
        name=row.name,
        size=row.size,
        actor=row.actor or None,
        created_at=row.created_at,
    )
