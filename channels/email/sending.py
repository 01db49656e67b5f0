"""Sends queued messages to customers, through the server of EMAIL_URL. None is sent twice by itself.

A message that is due is postponed in the transaction that claims it. Just before the server gets its content that is
noted (`begun_at`), if it is still claimed by this sender. What the server answers is noted after that. Where no answer
came, because the connection broke or this process was killed, nobody can know whether the customer gets the message:
it has failed then, in doubt, and a person may send it again. Everything before that moment is tried again.
"""

import logging
import smtplib
import time
from collections.abc import Iterable
from datetime import timedelta
from email.utils import formataddr, formatdate
from functools import partial
from typing import cast

from django.core.mail import EmailMultiAlternatives, mailers
from django.db import DatabaseError, connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.html import escape

from cases.models import Attachment, CaseMessage
from cases.timeline import timeline
from channels.models import Source
from data.texts.signs import shown
from data.texts.text import storable
from data.threads import BackgroundTask
from web.emails.message import one_line
from web.emails.smtp import Backend

from . import returns, threads
from .replies import CONFIRMATION, is_set_up

logger = logging.getLogger(__name__)

PAUSES = (10, 60, 300, 900, 1800, 3600)
_GIVE_UP_AFTER = timedelta(days=1)
_AT_ONCE, _TAKEN_SECONDS = 20, 30
# Longer than a server may take for its answer.
_BEGUN_SECONDS = 300
_NOTE_AGAIN_AFTER = (0.2, 0.5, 1, 2, 4, 8, 16, 30)
IN_DOUBT = (
    "Baton does not know whether the mail server took this message, so it does not send it again by itself. Look into"
    " the Sent folder of the mailbox. Send it again if it is not there."
)
_Status = CaseMessage.Status


class _NotMine(Exception):
    """The message was claimed by another process in the meantime."""


def has_messages() -> bool:
    return is_set_up() and _due().exists()


def _due() -> QuerySet[CaseMessage]:
    return CaseMessage.objects.filter(status=_Status.QUEUED, next_at__lte=Now())


def deliver() -> None:
    """Send messages until none is due."""
    for message in _due().exclude(begun_at=None):
        _give_up(message, IN_DOUBT)
    while messages := claim():
        try:
            with mailers.default as connection:
                while messages:
                    _send(cast(Backend, connection), messages[0])
                    del messages[0]
        except (OSError, _NotMine) as error:
            logger.warning("the email server cannot be used: %s", error)
            for message in messages:
                _put_off(message, str(error) or type(error).__name__)


@transaction.atomic
def claim() -> list[CaseMessage]:
    due = _due().filter(begun_at=None).order_by("next_at")
    ids = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
    taken = CaseMessage.objects.filter(pk__in=ids)
    taken.update(next_at=Now() + timedelta(seconds=_TAKEN_SECONDS), attempts=F("attempts") + 1)
    return list(taken.order_by("at", "pk").select_related("team"))


def _send(connection: Backend, message: CaseMessage) -> None:
    connection.before_content = partial(_begin, message)
    try:
        connection.send_messages([email_of(message)])
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        _put_off(message, f"{code} {words.decode(errors='replace')}", for_good=code >= 500)
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        _put_off(message, f"{error.smtp_code} {said}", for_good=error.smtp_code >= 550)
    except OSError as error:
        if message.begun_at:
            _give_up(message, IN_DOUBT)
        elif not isinstance(error, smtplib.SMTPException) or isinstance(error, smtplib.SMTPServerDisconnected):
            raise  # this connection cannot send anything more
        else:
            _put_off(message, str(error) or type(error).__name__)
    except ValueError as error:
        _put_off(message, str(error) or type(error).__name__)
    else:
        _note_sent(message)


def _note_sent(message: CaseMessage) -> None:
    """Also when the database is away just now: a note that is lost would leave the message in doubt."""
    for pause in _NOTE_AGAIN_AFTER:
        try:
            return _settle(message, _Status.SENT)
        except DatabaseError:
            connections.close_all()
            time.sleep(pause)
    return _settle(message, _Status.SENT)


def _begin(message: CaseMessage) -> None:
    """Note that the server gets the message now. It does not, if another process has claimed it in the meantime."""
    mine = CaseMessage.objects.filter(pk=message.pk, status=_Status.QUEUED, attempts=message.attempts, begun_at=None)
    if not mine.update(begun_at=Now(), next_at=Now() + timedelta(seconds=_BEGUN_SECONDS)):
        raise _NotMine
    message.begun_at = timezone.now()


def email_of(message: CaseMessage) -> EmailMultiAlternatives:
    """The message as it is sent, with the team's signature. Its Message-ID is always the same."""
    signature = message.team.signature.strip()
    text = shown(f"{message.text}\n\n-- \n{signature}\n" if signature else f"{message.text}\n")
    headers = {"Message-ID": message.message_id, "Date": formatdate(message.at.timestamp())}
    if message.references:
        headers |= {"References": " ".join(message.references), "In-Reply-To": _answered(message)}
    if message.source_id and Source.objects.filter(pk=message.source_id).exclude(settings__address="").exists():
        headers["Reply-To"] = threads.answer_address(message.sender, message.case_id)
    if (message.agent_id and not message.approved_by) or message.call_id == CONFIRMATION:
        headers["Auto-Submitted"] = "auto-replied"  # so that no other program answers it
    sender = formataddr((one_line(message.team.name), message.sender))
    email = EmailMultiAlternatives(one_line(message.subject), text, sender, [message.recipient], headers=headers)
    email.attach_alternative(_html(text), "text/html")
    for file in Attachment.objects.filter(case=message.case_id, pk__in=message.files):
        with file.file.open() as stored:
            email.attach(file.name, stored.read(), "application/octet-stream")
    return email


def _answered(message: CaseMessage) -> str:
    """The id of the customer's last message, else of the last one at all."""
    theirs = CaseMessage.objects.filter(case=message.case_id, direction="in", message_id__in=message.references)
    last = theirs.order_by("-at", "-pk").values_list("message_id", flat=True).first()
    return last or str(message.references[-1])


def _html(text: str) -> str:
    paragraphs: Iterable[str] = (part for part in escape(text.strip()).split("\n\n"))
    inner = "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in paragraphs)
    return f'<!doctype html><html><body><div style="font-family:sans-serif">{inner}</div></body></html>'


def _put_off(message: CaseMessage, error: str, *, for_good: bool = False) -> None:
    """The server has not taken the message."""
    message.begun_at = None
    if for_good or timezone.now() - message.at > _GIVE_UP_AFTER:
        _give_up(message, error)
    else:
        _settle(message, _Status.QUEUED, error, PAUSES[min(message.attempts, len(PAUSES)) - 1])


@transaction.atomic
def _give_up(message: CaseMessage, error: str) -> None:
    returns.undelivered(message, str(storable(error)))


def _settle(message: CaseMessage, status: str, error: str = "", pause: float = 0) -> None:
    """Record the result, unless another process has claimed the message in the meantime."""
    mine = CaseMessage.objects.filter(pk=message.pk, status=_Status.QUEUED, attempts=message.attempts)
    error = str(storable(error))[:500]
    if mine.update(status=status, error=error, begun_at=None, next_at=Now() + timedelta(seconds=pause)):
        timeline.announce(message.case)


def background_task() -> BackgroundTask:
    return BackgroundTask("replies", has_messages, deliver, lambda: None)
