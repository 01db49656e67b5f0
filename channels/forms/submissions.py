"""What customers send with a form becomes one case each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from cases.collaboration.attachments import Upload, attach
from cases.models import Case, CaseMessage
from cases.work.creation import NewCase, SomeRefused, add_cases
from channels.email import replies
from channels.email.email_settings import email_settings
from channels.models import Arrival, Source
from data.errors import Refused
from teams.access import live
from teams.audit.actors import Actor

from .form_settings import form_settings

FILES_LIMIT = 20 * 1024 * 1024
_HOUR = timedelta(hours=1)
# To one address within an hour.
_CONFIRMATIONS = 3
# Nothing that was typed: else anyone could have it sent to anyone.
_CONFIRMED = """Thank you. We received your request.

Reference: #{}
See how far it is: {}

If you did not send it, ignore this email."""


@dataclass(frozen=True)
class Submission:
    """What was sent. `mark` stands for the page it was sent from, `network` for where; `email` is empty, or where the
    customer wants to be answered.
    """

    mark: str
    title: str
    data: Mapping[str, Any]
    network: str
    text: str = ""
    email: str = ""
    name: str = ""
    files: Sequence[Upload] = field(default=())


@transaction.atomic
def submit(source: Source, sent: Submission, link: Callable[[Case], str] | None = None) -> Case:
    """Return the case. The same page sent again has the same case, also at once: the row of the form is locked.
    `link`: to what the customer may see of it, for the email that confirms it.

    Refused `paused`, `closed` or `too_many`, or at the fields that are wrong.
    """
    source = Source.objects.select_for_update(no_key=True).select_related("queue", "team").get(pk=source.pk)
    before = Arrival.objects.filter(source=source, message_id=sent.mark, at__gt=timezone.now() - 2 * 24 * _HOUR)
    if known := before.select_related("case").first():
        assert known.case
        return known.case
    _check_open(source)
    _check_rates(source, sent)
    by = Actor(f"Form {source.name}"[:100])
    try:
        [(case, _)] = add_cases(source.queue, [NewCase(sent.title, sent.data)], by=by)
    except SomeRefused as refused:
        raise refused.items[0] from None
    if sent.email:
        _write_message(source, case, sent)
        if link and form_settings(source).confirm:
            _confirm(source, case, link(case))
    if sent.files:
        attach(case, sent.files, by)
    _note(source, case, sent)
    return case


def _check_open(source: Source) -> None:
    if source.deleted_at or source.queue.deleted_at:
        raise Refused("This form is closed.", "closed")
    if source.is_paused:
        raise Refused("This form is paused. What you typed is still here; send it later.", "paused")


def _check_rates(source: Source, sent: Submission) -> None:
    said = form_settings(source)
    within = Arrival.objects.filter(source=source, at__gt=timezone.now() - _HOUR)
    if _reaches(within.filter(sender=_sender(sent)), said.per_hour) or _reaches(within, said.per_hour_in_all):
        message = "Too much was sent within the last hour. What you typed is still here; send it in an hour."
        raise Refused(message, "too_many")


def _reaches(rows: QuerySet[Any], number: int) -> bool:
    return rows[:number].count() >= number


def _sender(sent: Submission) -> str:
    """Return a keyed hash for the log, since no address of a customer's computer is kept."""
    return f"network {salted_hmac('baton.form-network', sent.network, algorithm='sha256').hexdigest()[:20]}"


def _write_message(source: Source, case: Case, sent: Submission) -> None:
    """Store what the team answers to: the customer gave the address, and no one has checked it."""
    mailbox = _mailbox(source)
    CaseMessage.objects.create(
        team_id=case.team_id,
        case=case,
        direction=CaseMessage.Direction.IN,
        sender=sent.email,
        sender_name=sent.name[:200],
        subject=case.title,
        text=sent.text,
        message_id=f"<{sent.mark}@form>",
        source_id=mailbox.pk if mailbox else None,
    )


def _confirm(source: Source, case: Case, link: str) -> None:
    """Not to someone who would get many: anyone may enter any address."""
    recipient = replies.customer_of(case)
    lately = Arrival.objects.filter(source=source, at__gt=timezone.now() - _HOUR).values("case")
    sent = CaseMessage.objects.filter(case__in=lately, call_id=replies.CONFIRMATION, recipient__iexact=recipient)
    if recipient and replies.is_set_up() and not _reaches(sent, _CONFIRMATIONS):
        replies.confirm(case, f"We received your request (#{case.number})", _CONFIRMED.format(case.number, link))


def _mailbox(source: Source) -> Source | None:
    """Return where answers go out: a source of the team with an address, of the same queue if there is one."""
    others = Source.objects.present().filter(team=source.team_id).exclude(kind=Source.Kind.FORM).order_by("created_at")
    able = [other for other in others if email_settings(other).address]
    return min(able, key=lambda other: other.queue_id != source.queue_id, default=None)


def _note(source: Source, case: Case, sent: Submission) -> None:
    said = {"title": sent.title, **sent.data}
    Arrival.objects.create(
        team_id=source.team_id,
        source=source,
        message_id=sent.mark,
        content=json.dumps(said, ensure_ascii=False),
        sender=_sender(sent),
        status=Arrival.Status.ADDED,
        case=case,
    )
    Source.objects.filter(pk=source.pk).update(last_received_at=Now())
    live.announce(source.team_id, "source", source.pk)
