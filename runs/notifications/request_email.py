"""What members are told by email of the requests of agents: who is written to, and in which words."""

from collections.abc import Iterable
from datetime import timedelta
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from data.texts.signs import shown
from runs.models import HumanRequest, Letter, Run
from runs.wording import short
from teams.audit.actors import Actor
from teams.models import Member
from teams.webhooks import outbox
from web.emails.message import compose
from web.format.times import ago, exact

_SUBJECT = 120
_KEEP = timedelta(days=30)


def mail_is_set_up() -> bool:
    """Without a server nothing is written, so that a later one does not send what is old."""
    return "default" in mailers


# --- Who is written to -----------------------------------------------------------------------


def asked(requests: Iterable[HumanRequest], run: Run) -> None:
    """To all who want to know of what nobody has taken on. Whoever tries an agent is looking anyway."""
    if mail_is_set_up() and not run.is_try:
        members = _who_want_all(run.team_id)
        _write([(request, member) for request in requests for member in members], Letter.Why.ASKED)


def given(request: HumanRequest, member: Member, by: Actor) -> None:
    if mail_is_set_up() and member.user != by.user:
        _write([(request, member)], Letter.Why.GIVEN, by.label)


def passed_on(request: HumanRequest, member: Member) -> None:
    if mail_is_set_up():
        _write([(request, member)], Letter.Why.PASSED_ON)


def due_soon(request: HumanRequest) -> None:
    """To who has it, else to all who want to know."""
    if mail_is_set_up():
        members = [request.assignee] if request.assignee else _who_want_all(request.team_id)
        _write([(request, member) for member in members], Letter.Why.REMINDER)


def _who_want_all(team_id: UUID) -> list[Member]:
    members = Member.objects.filter(team=team_id, mail=Member.Mail.ALL, user__is_active=True)
    return list(members.exclude(role=Member.Role.VIEWER))


def _write(pairs: Iterable[tuple[HumanRequest, Member]], why: Letter.Why, by: str = "") -> None:
    Letter.objects.bulk_create(
        Letter(team_id=request.team_id, request=request, member=member, why=why, by=by[:100])
        for request, member in pairs
        if member.mail != Member.Mail.OFF
    )


def is_wanted(letter: Letter) -> bool:
    """Still, when it is about to be sent: nobody has answered or taken it on, and the member wants emails."""
    request, member = letter.request, letter.member
    if request.status != HumanRequest.Status.OPEN or not member.user.is_active or member.mail == Member.Mail.OFF:
        return False
    if request.assignee_id is None:
        return letter.why in (Letter.Why.ASKED, Letter.Why.REMINDER) and member.mail == Member.Mail.ALL
    return request.assignee_id == member.pk


def forget_old() -> None:
    Letter.objects.filter(created_at__lt=Now() - _KEEP).exclude(status=Letter.Status.WAITING).delete()


# --- In which words --------------------------------------------------------------------------


def email_of(letter: Letter) -> EmailMultiAlternatives:
    """A letter with its request, run, agent, case and member. The same letter always has the same Message-ID."""
    request, run = letter.request, letter.request.run
    context = {
        "letter": letter,
        "request": request,
        "team": run.team.name,
        "agent": run.agent.name,
        "case": run.case if run.case and not run.case.deleted_at else None,
        "beginning": short(shown(run.input[:2_000]), 200),
        "due": request.due_at and exact(request.due_at),
        "link": outbox.link("run", run.pk),
        "settings_link": settings.BATON_URL + reverse("notifications"),
        "subject": f"[{run.team.name}] {_subject(letter)}",
    }
    headers = {
        "Message-ID": _message_id(letter.pk),
        **_thread(letter),
        "List-Unsubscribe": f"<{context['settings_link']}>",
        "Auto-Submitted": "auto-generated",
    }
    return compose("runs/request_email.html", context, letter.member.user.email, headers)


def _thread(letter: Letter) -> dict[str, str]:
    """All emails of a member about one request stand together: each answers the first that was really sent."""
    about = Letter.objects.filter(request=letter.request_id, member=letter.member_id, status=Letter.Status.SENT)
    # `next_at` of what is sent is the moment of sending.
    first = about.exclude(pk=letter.pk).order_by("next_at").values_list("pk", flat=True).first()
    return {name: _message_id(first) for name in ("In-Reply-To", "References")} if first else {}


def _message_id(pk: UUID) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{pk}@{domain}>"


def _subject(letter: Letter) -> str:
    request, agent = letter.request, letter.request.run.agent.name
    question = short(shown(request.question), _SUBJECT)
    match letter.why:
        case Letter.Why.GIVEN:
            return f"{letter.by} assigned you a request: {question}"
        case Letter.Why.PASSED_ON:
            return f"Now yours: {question}"
        case Letter.Why.REMINDER if request.due_at and request.due_at > timezone.now():
            return f"Due {ago(request.due_at)}: {question}"
        case Letter.Why.REMINDER:
            return f"Due now: {question}"
    asks = "asks for approval" if request.kind == HumanRequest.Kind.APPROVAL else "asks"
    return f"{agent} {asks}: {question}"
