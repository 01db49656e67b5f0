"""What members are told of cases that go to people: who is told, in Baton and by email, and in which words."""

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from cases.models import Case, Reason, Status
from cases.notifications import notifications
from data.texts.signs import shown
from data.texts.text import short
from runs.models import RequestEmail
from teams.audit.actors import Actor
from teams.models import Member, NotificationKind
from teams.webhooks import outbox
from web.emails.message import compose
from web.format.times import exact

from .request_email import email_is_set_up, message_id

_SUBJECT = 120
_Why = RequestEmail.Why

# --- Who is written to -----------------------------------------------------------------------


def assigned(case: Case, by: Actor) -> None:
    """Tell the one who has the case now, else all who could take it; never the person who assigned it."""
    taken(case)
    members = _who_could_take(case).exclude(user=by.user) if by.user else _who_could_take(case)
    is_theirs = case.owner_id or case.group_id
    kind = NotificationKind.ASSIGNED if is_theirs else NotificationKind.UNASSIGNED
    _write(case, members, kind, _Why.GIVEN if case.owner_id else _Why.ASKED, by.label)


def taken(case: Case) -> None:
    """Someone else has it now: what asked others to take it needs nobody any more."""
    notifications.settle(case.team_id, [case.pk], [NotificationKind.ASSIGNED, NotificationKind.UNASSIGNED])


def overdue(case: Case) -> None:
    """Tell the administrators of the case's group, else those of the team. Who follows it is told with its event."""
    administrators = _members(case).filter(role=Member.Role.ADMINISTRATOR)
    of_group = list(administrators.filter(groups=case.group_id)) if case.group_id else []
    _write(case, of_group or administrators, NotificationKind.DUE, _Why.REMINDER)


def _members(case: Case) -> QuerySet[Member]:
    return Member.objects.filter(team=case.team_id, user__is_active=True).exclude(role=Member.Role.VIEWER)


def _who_could_take(case: Case) -> QuerySet[Member]:
    members = _members(case)
    if case.owner_id:
        return members.filter(user=case.owner_id)
    members = members.filter(Q(away_until=None) | Q(away_until__lte=Now()))
    return members.filter(groups=case.group_id) if case.group_id else members


def _write(case: Case, members: Iterable[Member], kind: NotificationKind, why: RequestEmail.Why, by: str = "") -> None:
    members = list(members)
    notifications.notify(
        *(members, kind, "untaken" if why == _Why.REMINDER else "case"),
        team_id=case.team_id,
        subject_id=case.pk,
        case_id=case.pk,
        actor=by,
        text=case.detail,
        emails=False,
    )
    if email_is_set_up():
        RequestEmail.objects.bulk_create(
            RequestEmail(team_id=case.team_id, case=case, member=member, why=why, by=by[:100])
            for member in members
            if kind in member.email_kinds
        )


def is_wanted(email: RequestEmail) -> bool:
    """Still, when it is about to be sent: the case waits for the member, or for someone to take it."""
    case, member = email.case, email.member
    assert case
    if case.deleted_at or case.status != Status.NEEDS_INPUT or case.reason != Reason.WITH_PEOPLE:
        return False
    if not member.user.is_active or _kind_of(email) not in member.email_kinds:
        return False
    if case.taken_by:
        return case.owner_id == member.user_id
    return email.why != _Why.GIVEN


def _kind_of(email: RequestEmail) -> NotificationKind:
    if email.why == _Why.REMINDER:
        return NotificationKind.DUE
    is_theirs = email.why == _Why.GIVEN or (email.case and email.case.group_id)
    return NotificationKind.ASSIGNED if is_theirs else NotificationKind.UNASSIGNED


# --- In which words --------------------------------------------------------------------------


def email_of(email: RequestEmail) -> EmailMultiAlternatives:
    """The message of a row with its case and member. Its Message-ID is always the same."""
    case = email.case
    assert case
    settings_link = settings.BATON_URL + reverse("notification_settings")
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
