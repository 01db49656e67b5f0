"""Notifications by email: taken up when they have gathered for a minute, and dropped if they were read before."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from cases.models import Notification
from data.texts.signs import shown
from data.texts.text import short
from runs.models import RequestEmail
from teams.models import NotificationKind
from teams.webhooks import outbox
from web.emails.message import compose

from .request_email import message_id

_AT_ONCE = 200
_SUBJECT = 120


def are_due() -> bool:
    return _due().exists()


def _due() -> QuerySet[Notification]:
    return Notification.objects.filter(email_at__lte=Now())


@transaction.atomic
def take_up() -> None:
    """Write the emails of the notifications that are due."""
    due = list(_due().order_by("email_at").select_for_update(no_key=True, skip_locked=True)[:_AT_ONCE])
    Notification.objects.filter(pk__in=[row.pk for row in due]).update(email_at=None)
    RequestEmail.objects.bulk_create(
        RequestEmail(team_id=row.team_id, notification=row, member_id=row.member_id, why=RequestEmail.Why.NEWS)
        for row in due
        if row.read_at is None
    )


def is_wanted(email: RequestEmail) -> bool:
    """Return whether it is still wanted when it is about to be sent: unread, and the member wants such emails."""
    row, member = email.notification, email.member
    assert row
    is_gone = row.case is not None and row.case.deleted_at is not None
    return row.read_at is None and not is_gone and member.user.is_active and row.kind in member.email_kinds


def email_of(email: RequestEmail) -> EmailMultiAlternatives:
    """Return the message for a row and its notification. Its Message-ID is always the same."""
    row = email.notification
    assert row
    settings_link = settings.BATON_URL + reverse("notification_settings")
    context = {
        "row": row,
        "who": shown(row.actor or (row.agent.name if row.agent else "Baton")),
        "case": row.case,
        "team": email.member.team.name,
        "link": outbox.link("check", row.subject_id) if row.kind == NotificationKind.CHECKS else _case_link(row),
        "settings_link": settings_link,
        "subject": f"[{email.member.team.name}] {_subject(row)}",
    }
    headers = {
        "Message-ID": message_id(email.pk),
        "List-Unsubscribe": f"<{settings_link}>",
        "Auto-Submitted": "auto-generated",
    }
    return compose("runs/news_email.html", context, email.member.user.email, headers)


def _case_link(row: Notification) -> str:
    assert row.case_id
    return outbox.link("case", row.case_id)


def _subject(row: Notification) -> str:
    if row.case:
        return short(shown(f"#{row.case.number} {row.case.title}"), _SUBJECT)
    return f"Routing tests of {shown(row.agent.name) if row.agent else 'an agent'}"
