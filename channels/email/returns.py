"""Messages of ours that come back: the case's timeline tells it, and so does the message."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Q

from cases.models import CaseMessage, Kind
from cases.timeline import timeline
from cases.work import lifecycle
from channels.mime.reading import Email

from . import verdicts

_IN_DOUBT = Q(status="failed", begun_at__isnull=False)


def note(team_id: UUID, email: Email) -> None:
    """Note what a report says of a message of ours, inside the transaction that takes the email in. A report about
    anything else changes nothing.
    """
    found = verdicts.verdict(email, set())
    if found is None or found.kind != "bounce":
        return
    ids, why = verdicts.returned(email)
    ours = CaseMessage.objects.filter(team_id=team_id, message_id__in=ids, direction="out")
    for message in ours.filter(Q(status="sent") | _IN_DOUBT)[:5]:
        message.begun_at = None
        undelivered(message, why or "It came back.")


def arrived(team_id: UUID, references: Sequence[str]) -> None:
    """Note what an answer refers to: a message that someone answers is no longer in doubt."""
    known = CaseMessage.objects.filter(_IN_DOUBT, team_id=team_id, message_id__in=references, direction="out")
    known.update(status="sent", begun_at=None, error="")


def undelivered(message: CaseMessage, why: str) -> None:
    """Record, inside a transaction, that the message has failed, if it still is as it was read. One that the mail
    server got (`begun_at`) without an answer may have reached the customer.
    """
    case = lifecycle.lock(message.case_id)
    same = CaseMessage.objects.filter(pk=message.pk, status=message.status, attempts=message.attempts)
    is_in_doubt = message.begun_at is not None
    begun = F("begun_at") if is_in_doubt else None
    if same.update(status=CaseMessage.Status.FAILED, error=why[:500], begun_at=begun):
        data: dict[str, object] = {"message_id": str(message.pk), "address": message.recipient}
        data |= {"in_doubt": True} if is_in_doubt else {}
        timeline.record(case, Kind.UNDELIVERED, text=why, data=data)
