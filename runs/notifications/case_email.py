"""What members are told by email of cases that go to people: who is written to, and in which words."""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from cases.models import Case, Reason, Status
from data.texts.signs import shown
from data.texts.text import short
from runs.models import RequestEmail
from teams.audit.actors import Actor
from teams.models import Member
from teams.webhooks import outbox
from web.emails.message import compose
from web.format.times import exact

from .request_email import email_is_set_up, message_id

_SUBJECT = 120
_Why = RequestEmail.Why

# --- Who is written to -----------------------------------------------------------------------


def assigned(case: Case, by: Actor) -> None:
    """Email the one who has the case now, else all who could take it; never the person who assigned it."""
    members = _who_could_take(case).exclude(user=by.user) if by.user else _who_could_take(case)
    _write(case, members, _Why.GIVEN if case.owner_id else _Why.ASKED, by.label)


def overdue(case: Case) -> None:
    """Email the administrators of the case's group, else those of the team."""
    administrators = _members(case).filter(role=Member.Role.ADMINISTRATOR)
    of_group = list(administrators.filter(groups=case.group_id)) if case.group_id else []
    _write(case, of_group or administrators, _Why.REMINDER)


def _members(case: Case) -> QuerySet[Member]:
    return Member.objects.filter(team=case.team_id, user__is_active=True).exclude(role=Member.Role.VIEWER)


def _who_could_take(case: Case) -> QuerySet[Member]:
    members = _members(case)
    if case.owner_id:
        return members.filter(user=case.owner_id)
    members = members.filter(Q(away_until=None) | Q(away_until__lte=Now()))
    return members.filter(groups=case.group_id) if case.group_id else members.filter(mail=Member.Mail.ALL)


def _write(case: Case, members: Iterable[Member], why: RequestEmail.Why, by: str = "") -> None:
    if not email_is_set_up():
        return
    wanted = [member for member in members if member.mail != Member.Mail.OFF]
    RequestEmail.objects.bulk_create(
        RequestEmail(team_id=case.team_id, case=case, member=member, why=why, by=by[:100]) for member in wanted
    )


def is_wanted(email: RequestEmail) -> bool:
    """Still, when it is about to be sent: the case waits for the member, or for someone to take it."""
    case, member = email.case, email.member
    assert case
    if case.deleted_at or case.status != Status.NEEDS_INPUT or case.reason != Reason.WITH_PEOPLE:
        return False
    if not member.user.is_active or member.mail == Member.Mail.OFF:
        return False
    if case.taken_by:
        return case.owner_id == member.user_id
    return email.why != _Why.GIVEN


# --- In which words --------------------------------------------------------------------------


def email_of(email: RequestEmail) -> EmailMultiAlternatives:
    """The message of a row with its case and member. Its Message-ID is always the same."""
    case = email.case
    assert case
    settings_link = settings.BATON_URL + reverse("notifications")
    context = {
        "email": email,
        "case": case,
        "team": case.team.name,
        "group": case.group,
        "due": case.take_by and exact(case.take_by),
        "link": outbox.link("case", case.pk),
        "settings_link": settings_link,
        "subject": f"[{case.team.name}] {_subject(email, case)}",
    }
    headers = {
        "Message-ID": message_id(email.pk),
        "List-Unsubscribe": f"<{settings_link}>",
        "Auto-Submitted": "auto-generated",
    }
    return compose("runs/case_email.html", context, email.member.user.email, headers)


def _subject(email: RequestEmail, case: Case) -> str:
    title = short(shown(f"#{case.number} {case.title}"), _SUBJECT)
    match email.why:
        case _Why.GIVEN:
            return f"Assigned to you: {title}"
        case _Why.REMINDER:
            return f"Overdue: {title}"
    return f"For {case.group or case.team}: {title}"
