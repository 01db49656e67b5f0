"""Messages of ours that come back: the case's timeline tells it, and so does the message."""

from uuid import UUID

from cases.models import CaseMessage, Kind
from cases.timeline import timeline
from cases.work import lifecycle
from channels.mime.reading import Email

from . import verdicts


def note(team_id: UUID, email: Email) -> None:
    """Note what a report says of a message of ours, inside the transaction that takes the email in. A report about
    anything else changes nothing.
    """
    found = verdicts.verdict(email, set())
    if found is None or found.kind != "bounce":
        return
    ids, why = verdicts.returned(email)
    ours = CaseMessage.objects.filter(team_id=team_id, message_id__in=ids, direction="out", status="sent")
    for message in ours[:5]:
        undelivered(message, why or "It came back.")


def undelivered(message: CaseMessage, why: str) -> None:
    """Record, inside a transaction, that the message has failed for good."""
    case = lifecycle.lock(message.case_id)
    mine = CaseMessage.objects.filter(pk=message.pk).exclude(status=CaseMessage.Status.FAILED)
    if mine.update(status=CaseMessage.Status.FAILED, error=why[:500]):
        data = {"message_id": str(message.pk), "address": message.recipient}
        timeline.record(case, Kind.UNDELIVERED, text=why, data=data)
