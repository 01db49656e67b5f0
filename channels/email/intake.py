"""Takes emails in. Each makes one case, or joins one, no matter how often and from where it comes.

The email as it came and its files are stored first, since storage may be slow; then its arrival, its case and its
message are one transaction. The row of its source is locked, so that the emails of a source come in one after another.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from cases.collaboration.attachments import add_stored
from cases.models import Attachment, Case, CaseMessage, Kind, Queue, Status
from cases.queues.consumers import consumers
from cases.timeline import timeline
from cases.work import lifecycle
from cases.work.creation import NewCase, SomeRefused, add_cases
from channels.mime import headers, reading
from channels.mime.reading import Email
from channels.models import Arrival, Source
from channels.sources.sources import reason_of
from data.errors import Refused
from data.texts.text import CONTROL, short
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor

from . import answers, originals, returns, threads, verdicts
from .email_settings import email_settings, own_addresses

_TITLE = 200
_DATA = 200_000
_HOUR = timedelta(hours=1)
_Status = Arrival.Status


class _Left(Exception):
    """An email that gets no case now: `status` says whether ever, the message why."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class _Taken:
    """An email with where it is stored, and rows for its files."""

    email: Email
    original: str
    files: Sequence[Attachment]


def take_in(source: Source, content: bytes, also: Callable[[], object] = lambda: None) -> Arrival:
    """Return what became of it. `also` is done in the same transaction."""
    taken = _stored(source, content)
    with transaction.atomic():
        source = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
        arrival = Arrival(
            team_id=source.team_id,
            source=source,
            message_id=taken.email.message_id[:200],
            content=json.dumps(_summary(taken.email), ensure_ascii=False),
            sender=headers.same_address(taken.email.sender)[:320] if taken.email.sender else "",
            original=taken.original,
        )
        _settle(source, arrival, taken)
        Source.objects.filter(pk=source.pk).update(last_received_at=Now())
        also()
        live.announce(source.team_id, "source", source.pk)
    return arrival


@transaction.atomic
def replay(arrival: Arrival) -> Arrival:
    """Take in by hand what was refused, ignored, or waits."""
    arrival = _again(arrival, by_hand=True)
    audit.record(arrival.team_id, "message_replayed", arrival.source, audit.facts(Outcome=arrival.status))
    return arrival


@transaction.atomic
def settle_waiting(id: UUID) -> None:
    """Take in one that waited, if it still does."""
    if arrival := Arrival.objects.filter(pk=id, status=_Status.WAITING).first():
        _again(arrival, by_hand=False)


def _again(arrival: Arrival, *, by_hand: bool) -> Arrival:
    source = Source.objects.select_for_update(no_key=True).get(pk=arrival.source_id)
    arrival = Arrival.objects.select_for_update(no_key=True).select_related("source").get(pk=arrival.pk)
    if arrival.case_id or arrival.status == _Status.ANSWERED:
        raise Refused("This message has a case already.", "has_case")
    try:
        content = originals.read(arrival.original)
    except OSError:
        raise Refused("The email as it came is no longer stored.", "gone") from None
    _settle(source, arrival, _stored(source, content), by_hand=by_hand)
    live.announce(source.team_id, "source", source.pk)
    return arrival


def _stored(source: Source, content: bytes) -> _Taken:
    email, original = reading.read(content), originals.keep(source, content)
    is_known = CaseMessage.objects.filter(team=source.team_id, message_id=email.message_id, direction="in").exists()
    return _Taken(email, original, [] if is_known else originals.keep_files(original, email.files))


def _summary(email: Email) -> dict[str, Any]:
    """What the log of the source shows of it."""
    sender = f"{email.sender_name} <{email.sender}>" if email.sender_name else email.sender
    said = {"from": sender, "to": list(email.recipients[:20]), "subject": email.subject, "text": email.text[:2000]}
    return {**said, "files": [file.name for file in email.files]} if email.files else said


def _settle(source: Source, arrival: Arrival, taken: _Taken, *, by_hand: bool = False) -> None:
    """Write what becomes of it. What gets no case leaves nothing else behind, but that a message of ours came back."""
    case: Case | None = None
    returns.note(source.team_id, taken.email)
    if answered := answers.take(source, taken.email):
        arrival.status, arrival.error, arrival.case = answered.status, answered.reason, answered.case
        arrival.settled_at = timezone.now()
        arrival.save()
        return
    try:
        with transaction.atomic():
            case, is_new = _place(source, taken, by_hand=by_hand)
    except IntegrityError:  # another source took it in at this moment
        case, is_new = _known(source, taken.email), False
        if case is None:
            raise
    except _Left as left:
        arrival.status, arrival.error = left.status, str(left)
    except Refused as refusal:
        arrival.status, arrival.error = _Status.REFUSED, reason_of(refusal)
    arrival.case, arrival.settled_at = case, timezone.now()
    if case:
        arrival.status, arrival.error = _Status.ADDED if is_new else _Status.REPEATED, ""
    arrival.save()


def _place(source: Source, taken: _Taken, *, by_hand: bool) -> tuple[Case, bool]:
    """Return the case of the email, and whether the email is new in it."""
    email = taken.email
    if known := _known(source, email):
        return known, False
    if not by_hand:
        said = email_settings(source)
        if CaseMessage.objects.filter(team=source.team_id, message_id=email.message_id, direction="out").exists():
            raise _Left(_Status.IGNORED, "It is a message that Baton sent.")
        found = verdicts.verdict(email, own_addresses())
        if found and {"automatic": "automatic", "list": "lists"}.get(found.kind) not in said.take:
            raise _Left(_Status.IGNORED, found.reason)
        if _is_too_many(source, email.sender, said.per_hour):
            words = f"Its sender has sent {said.per_hour} within an hour, as many as are taken in at once. It waits."
            raise _Left(_Status.WAITING, words)
    if answered := threads.find_case(source.team_id, email):
        if joined := _join(source, taken, answered):
            return joined, True
        follows = answered
    else:
        follows = None
    return _add(source, taken, follows), True


def _known(source: Source, email: Email) -> Case | None:
    message = CaseMessage.objects.filter(team=source.team_id, message_id=email.message_id, direction="in")
    if found := message.select_related("case").first():
        return found.case
    return Case.objects.filter(queue=source.queue_id, external_id=email.message_id).first()


def _is_too_many(source: Source, sender: str, per_hour: int) -> bool:
    if not sender:
        return False
    same = source.arrivals.filter(sender=headers.same_address(sender))
    return same.filter(status=_Status.ADDED, settled_at__gt=timezone.now() - _HOUR).count() >= per_hour


# --- What becomes of it ----------------------------------------------------------------------


def _join(source: Source, taken: _Taken, answered: Case) -> Case | None:
    """Add the email to the case that it answers; None where the source wants a new case instead of a closed one."""
    case = lifecycle.lock(answered.pk)
    if case.deleted_at or (case.is_closed and email_settings(source).closed == "new"):
        return None
    message = _write(source, taken, case)
    returns.arrived(source.team_id, taken.email.references)
    by = Actor(_called(taken.email))
    data = {"message_id": str(message.pk), "address": message.sender}
    timeline.record(case, Kind.RECEIVED, by=by, text=_with_notes(taken.email), data=data)
    if case.is_closed:
        lifecycle.reopen(case, by=by, to=_last_agent(case))
    elif case.status == Status.POSTPONED:
        lifecycle.due(case, "The customer has written.")
    return case


def _last_agent(case: Case) -> Any:
    working = consumers([case.queue_id]).get(case.queue_id, [])
    return next((one.agent for one in working if one.agent.pk == case.worked_by_id), None)


def _add(source: Source, taken: _Taken, follows: Case | None) -> Case:
    queue, email = Queue.objects.get(pk=source.queue_id), taken.email
    if queue.deleted_at:
        raise Refused(f"The queue {queue.name} has been deleted. Choose another one for this source.", "invalid")
    new = NewCase(title=_title(email), data=_data(email, follows), external_id=email.message_id)
    by = Actor(f"Source {source.name}")
    try:
        [(case, _)] = add_cases(queue, [new], by=by)
    except SomeRefused as refused:
        raise refused.items[0] from None
    _write(source, taken, case)
    return case


def _write(source: Source, taken: _Taken, case: Case) -> CaseMessage:
    email = taken.email
    message = CaseMessage.objects.create(
        team_id=case.team_id,
        case=case,
        direction=CaseMessage.Direction.IN,
        sender=email.sender,
        sender_name=email.sender_name,
        recipient=next(iter(email.recipients), "")[:320],
        reply_to=email.reply_to[:320],
        subject=email.subject,
        text=_with_notes(email),
        message_id=email.message_id,
        references=list(email.references),
        original=taken.original,
        source_id=source.pk,
    )
    if taken.files:
        add_stored(lifecycle.lock(case.pk), taken.files, Actor(_called(email)))
        case.refresh_from_db(fields=["last_seq"])
    return message


def _called(email: Email) -> str:
    """The sender, always with the address: people can call themselves anything."""
    address = email.sender or "unknown sender"
    return f"{short(email.sender_name, 40)} <{address}>"[:100] if email.sender_name else address[:100]


def _title(email: Email) -> str:
    title = " ".join(CONTROL.sub(" ", email.subject).split())
    if not title:
        what = "Email that could not be read" if email.is_unreadable else "Email"
        title = f"{what} from {email.sender or 'an unknown sender'}"
    return title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"


def _data(email: Email, follows: Case | None) -> dict[str, str]:
    text = email.text
    while len(json.dumps(text)) > _DATA:  # signs that take more bytes in JSON than letters do
        text = text[: len(text) // 2].rstrip() + " …"
    said = {"from": email.sender, "name": email.sender_name, "text": text, "notes": "\n".join(email.notes)}
    said |= {"follows": f"#{follows.number} {follows.title}"} if follows else {}
    return {name: value for name, value in said.items() if value}


def _with_notes(email: Email) -> str:
    return "\n\n".join(filter(None, [email.text, *(f"({words})" for words in email.notes)]))
