"""Sends emails about requests and cases to members, through the server of EMAIL_URL.

An email that is due is postponed by ten minutes in the transaction that claims it, and sent after that. If its sender
dies, it is sent again after these ten minutes: none is lost, and one that arrives twice has the same Message-ID.
"""

import logging
import smtplib
from datetime import timedelta

from django.core.mail import mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from data.texts.text import storable
from data.threads import BackgroundTask
from runs.models import RequestEmail
from teams.access import live

from . import case_email, news_email, request_email
from .request_email import email_is_set_up, forget_old

logger = logging.getLogger(__name__)

# After each failed attempt, in seconds; from the last one on each hour, for a day.
PAUSES = (60, 300, 900, 1800, 3600)
_GIVE_UP_AFTER = timedelta(days=1)
# Longer than it takes to send this many.
_AT_ONCE, _TAKEN_SECONDS = 20, 600


def has_emails() -> bool:
    return email_is_set_up() and (_due().exists() or news_email.are_due())


def _due() -> QuerySet[RequestEmail]:
    return RequestEmail.objects.filter(status=RequestEmail.Status.WAITING, next_at__lte=Now())


def deliver() -> None:
    """Send emails until none is due."""
    news_email.take_up()
    while emails := claim_emails():
        try:
            with mailers.default as connection:
                for email in emails:
                    _send(connection, email)
        except OSError as error:
            logger.warning("the email server cannot be used: %s", error)
            for email in emails:
                _put_off(email, str(error) or type(error).__name__)


@transaction.atomic
def claim_emails() -> list[RequestEmail]:
    due = _due().order_by("next_at")
    ids = list(due.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
    taken = RequestEmail.objects.filter(pk__in=ids)
    taken.update(next_at=Now() + timedelta(seconds=_TAKEN_SECONDS), attempts=F("attempts") + 1)
    return list(
        taken.order_by("created_at", "pk").select_related(
            *(
                "member__user",
                "request__answered_by",
                "request__run__agent",
                "request__run__case",
                "request__run__team",
            ),
            *("case__team", "case__group", "member__team"),
            *("notification__case__group", "notification__agent"),
        )
    )


def _send(connection: BaseEmailBackend, email: RequestEmail) -> None:
    about = case_email if email.case_id else news_email if email.notification_id else request_email
    if not about.is_wanted(email):
        return _settle(email, RequestEmail.Status.DROPPED)
    try:
        connection.send_messages([about.email_of(email)])
    except smtplib.SMTPServerDisconnected:
        raise  # this connection cannot send anything more
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        _put_off(email, f"{code} {words.decode(errors='replace')}", for_good=code >= 500)
    except (smtplib.SMTPException, ValueError) as error:
        _put_off(email, str(error) or type(error).__name__)
    else:
        _settle(email, RequestEmail.Status.SENT)


def _put_off(email: RequestEmail, error: str, *, for_good: bool = False) -> None:
    if for_good or timezone.now() - email.created_at > _GIVE_UP_AFTER:
        _settle(email, RequestEmail.Status.FAILED, error)
        if email.request_id:
            live.announce(email.team_id, "request", email.request_id)
    else:
        _settle(email, RequestEmail.Status.WAITING, error, PAUSES[min(email.attempts, len(PAUSES)) - 1])


def _settle(email: RequestEmail, status: RequestEmail.Status, error: str = "", pause: float = 0) -> None:
    """Record the result, unless another process has claimed the email in the meantime."""
    mine = RequestEmail.objects.filter(pk=email.pk, status=RequestEmail.Status.WAITING, attempts=email.attempts)
    mine.update(status=status, error=storable(error)[:500], next_at=Now() + timedelta(seconds=pause))


def background_task() -> BackgroundTask:
    return BackgroundTask("mailer", has_emails, deliver, forget_old)
