"""The API of messages to customers."""

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from cases.models import Case, CaseMessage
from cases.work.api import read_case
from cases.work.schemas import CaseDetails
from teams.audit.actors import program
from teams.keys.api import KeyRequest, RequestBody, Scope, TeamKey, get_row
from teams.keys.fields import Length

from . import originals, replies

router = Router(tags=["Cases"])

_BYTES = {200: {"description": "The email.", "content": {"application/octet-stream": {}}}}


class ReplyIn(RequestBody):
    text: Annotated[str, Length(replies.TEXT_LIMIT, 1)]
    attachments: Annotated[list[UUID], Field(max_length=20, description="Ids of files of the case to send along.")] = []


@router.post("/cases/{case_id}/reply", auth=TeamKey(Scope.CASES), response=CaseDetails, summary="Write to the customer")
def reply_to_customer(request: KeyRequest, case_id: UUID, wanted: ReplyIn) -> CaseDetails:
    """It goes to who wrote the first message of the case, in its thread. The case stays where it is."""
    case = get_row(Case.objects.present().filter(team=request.auth.team), case_id)
    replies.reply(case, wanted.text, program(request.auth), wanted.attachments)
    return read_case(request.auth.team, case_id)


@router.post(
    "/case-messages/{message_id}/send-again",
    auth=TeamKey(Scope.CASES),
    response=CaseDetails,
    summary="Send again what was not delivered",
)
def send_again(request: KeyRequest, message_id: UUID) -> CaseDetails:
    """With the same Message-ID. Also where nobody knows whether it was delivered: look into the Sent folder first."""
    rows = CaseMessage.objects.filter(team=request.auth.team, case__deleted_at=None, direction="out")
    message = get_row(rows, message_id)
    replies.send_again(message, program(request.auth))
    return read_case(request.auth.team, message.case_id)


@router.get(
    "/case-messages/{message_id}/original",
    summary="Download an email as it came",
    openapi_extra={"responses": _BYTES},
)
def download_original(request: KeyRequest, message_id: UUID) -> HttpResponse:
    rows = CaseMessage.objects.filter(team=request.auth.team, case__deleted_at=None).exclude(original="")
    message = get_row(rows, message_id)
    return originals.download(message.original, str(message.pk))
