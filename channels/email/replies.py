"""Messages to the customer of a case: written by people, or by agents for people to approve.

They always go to who wrote the case's first message, so that neither a model nor who joins a thread chooses the
recipient. A message is queued in the transaction of what leads to it; `sending` sends it.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import mailers
from django.db import transaction
from django.db.models.functions import Now

from builder.models import Agent
from cases.models import Attachment, Case, CaseMessage, Kind
from cases.timeline import timeline
from cases.work import lifecycle
from channels.mime import headers
from channels.models import Source
from data.errors import Refused
from data.ids import new_id
from data.texts.text import prose
from teams.audit.actors import BATON, Actor

from .email_settings import EmailSettings, email_settings, own_addresses

TEXT_LIMIT = 20_000
FILES_LIMIT = 20 * 1024 * 1024
_MOST_REFERENCES = 20
# Stands where the messages of agents have the id of the call that wrote them.
CONFIRMATION = "confirmation"
_Status = CaseMessage.Status


def customer_of(case: Case) -> str:
    """The address that answers go to; empty where there is none, or only one of Baton's own."""
    first = case.messages.filter(direction="in").order_by("at", "pk").first()
    address = (first.reply_to or first.sender) if first else ""
    # Two mailboxes of ours would answer each other forever.
    return "" if not address or headers.same_address(address) in own_addresses() else address


def is_set_up() -> bool:
    return "default" in mailers


@transaction.atomic
def reply(case: Case, text: str, by: Actor, files: Sequence[UUID] = ()) -> CaseMessage:
    """A person or a program writes to the customer."""
    row = lifecycle.lock(case.pk)
    if row.deleted_at:
        raise Refused("This case was deleted.", "not_found")
    if not is_set_up():
        raise Refused("Baton cannot send email yet. An operator has to set EMAIL_URL.", "email_not_set_up")
    message = _written(row, text, _Status.QUEUED, files=_files(row, files), actor=by.label[:100])
    _tell(row, message, by=by)
    return message


@transaction.atomic
def reply_freely(case: Case, text: str, agent: Agent, run_id: UUID, call_id: str) -> CaseMessage:
    """An agent that needs no approval writes to the customer. The case is locked."""
    message = _written(case, text, _Status.QUEUED, agent=agent, run_id=run_id, call_id=call_id[:200])
    _tell(case, message)
    return message


@transaction.atomic
def confirm(case: Case, subject: str, text: str) -> CaseMessage:
    """Baton itself writes that something came."""
    row = lifecycle.lock(case.pk)
    message = _written(row, text, _Status.QUEUED, subject, call_id=CONFIRMATION)
    _tell(row, message)
    return message


def ask(case: Case, text: str, agent: Agent, run_id: UUID, call_id: str) -> CaseMessage:
    """What an agent wrote waits for approval. Inside the transaction that asks for it; the case is locked."""
    return _written(case, text, _Status.WAITING_APPROVAL, agent=agent, run_id=run_id, call_id=call_id[:200])


def approve(case: Case, run_id: UUID, call_id: str, text: str, by: Actor) -> CaseMessage:
    """Queue what waited, in the words that the person left it with. The case is locked."""
    # Two people may approve at once: the second one finds the message queued.
    message = CaseMessage.objects.select_for_update().get(run_id=run_id, call_id=call_id[:200])
    if message.status != _Status.WAITING_APPROVAL:
        raise Refused("This message was sent or withdrawn in the meantime.", "already_answered")
    message.text, message.status, message.at = _checked(text), _Status.QUEUED, Now()
    message.approved_by, message.approver, message.next_at = by.label[:100], by.user, Now()
    message.save()
    _tell(case, message, approved_by=by.label[:100])
    return message


@transaction.atomic
def send_again(message: CaseMessage, by: Actor) -> None:
    """A person or a program sends again, with the same Message-ID, what was not delivered, or may not have been."""
    case = lifecycle.lock(message.case_id)
    if case.deleted_at:
        raise Refused("This case was deleted.", "not_found")
    failed = CaseMessage.objects.filter(pk=message.pk, status=_Status.FAILED)
    if not failed.update(status=_Status.QUEUED, begun_at=None, error="", at=Now(), next_at=Now()):
        raise Refused("This message is not one that was not delivered.", "not_failed")
    data = {"message_id": str(message.pk), "address": message.recipient, "again": True}
    timeline.record(case, Kind.REPLIED, by=by, text=message.text, data=data)


def drop(run_id: UUID, call_id: str | None = None) -> None:
    """What an agent wrote is not sent: a person said so, or its run has ended."""
    waiting = CaseMessage.objects.filter(run_id=run_id, status=_Status.WAITING_APPROVAL)
    (waiting.filter(call_id=call_id[:200]) if call_id else waiting).delete()


def check(case: Case, text: str) -> str:
    """Return the address of the customer. Refused where nothing can be sent."""
    _checked(text)
    if address := customer_of(case):
        return address
    raise Refused("This case has no customer to write to: no email brought it.", "no_customer")


def _checked(text: str) -> str:
    text = prose(text, "text", TEXT_LIMIT).strip()
    if not text:
        raise Refused("Write a text.", "invalid", {"text": "Required"})
    return text


def _files(case: Case, ids: Sequence[UUID]) -> list[str]:
    found = list(Attachment.objects.filter(case=case, pk__in=ids))
    if len(found) != len(set(ids)):
        message = "Choose files of this case."
        raise Refused(message, "invalid", {"attachments": message})
    if sum(file.size for file in found) > FILES_LIMIT:
        message = "The files of a message may hold 20 MB together."
        raise Refused(message, "too_large", {"attachments": message})
    return [str(file.pk) for file in found]


def _written(case: Case, text: str, status: str, subject: str = "", **about: Any) -> CaseMessage:
    text, recipient = _checked(text), check(case, text)
    thread = list(case.messages.exclude(status=_Status.WAITING_APPROVAL).order_by("at", "pk"))
    last = next((message for message in reversed(thread) if message.is_in), None)
    ids = [message.message_id for message in thread]
    source = Source.objects.filter(team=case.team_id, pk=last.source_id).first() if last and last.source_id else None
    pk, address = new_id(), sender_address(source)
    return CaseMessage.objects.create(
        id=pk,
        team_id=case.team_id,
        case=case,
        direction=CaseMessage.Direction.OUT,
        sender=address,
        recipient=recipient,
        subject=subject or _subject(last.subject if last else case.title),
        text=text,
        message_id=f"<{pk}@{address.rpartition('@')[2]}>",
        # Mail programs thread by the first message and the latest ones; servers refuse headers that grow without end.
        references=ids[:1] + ids[1:][-_MOST_REFERENCES:],
        source_id=source.pk if source else None,
        status=status,
        **about,
    )


def sender_address(source: Source | None) -> str:
    own = (email_settings(source) if source else EmailSettings()).address
    found = headers.addresses([own or settings.DEFAULT_FROM_EMAIL])
    return found[0][1] if found else "baton@localhost"


def _subject(subject: str) -> str:
    plain = subject.strip()
    # As mail programs write it in English, German and Swedish. One is enough.
    while plain[:3].lower() in ("re:", "aw:", "sv:"):
        plain = plain[3:].lstrip()
    return f"Re: {plain}"[:500]


def _tell(case: Case, message: CaseMessage, by: Actor = BATON, approved_by: str = "") -> None:
    data = {"message_id": str(message.pk), "address": message.recipient}
    data |= {"approved_by": approved_by} if approved_by else {}
    about: dict[str, Any] = {"by": by, "text": message.text, "data": data}
    timeline.record(case, Kind.REPLIED, agent_id=message.agent_id, run_id=message.run_id, **about)
