"""What members are told of the requests of agents: who is told, in Baton and by email, and in which words."""

from collections.abc import Iterable
from datetime import timedelta
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from cases.notifications import notifications
from channels.email import answers
from data.texts.signs import shown
from data.texts.text import short
from data.tidying import delete_old
from runs.models import HumanRequest, RequestEmail, Run
from teams.audit.actors import Actor, known_as
from teams.models import Member, NotificationKind
from web.emails.message import compose
from web.format.times import ago, exact

from .answer_links import address_proof, answer_link

_SUBJECT = 120
_KEEP = timedelta(days=30)
_Kind = NotificationKind


def email_is_set_up() -> bool:
    """Return whether there is a mail server. Without one nothing is written, so that a later server sends nothing
    old.
    """
    return "default" in mailers


# --- Who is written to -----------------------------------------------------------------------


def asked(requests: Iterable[HumanRequest], run: Run) -> None:
    """Tell all who want to know of requests that no one has taken on. The person who tries an agent is looking
    anyway.
    """
    if not run.has_no_effect:
        members = _who_can_answer(run.team_id)
        for request in requests:
            _write(request, members, _Kind.UNASSIGNED, RequestEmail.Why.ASKED)


def given(request: HumanRequest, member: Member, by: Actor) -> None:
    if member.user != by.user:
        _write(request, [member], _Kind.ASSIGNED, RequestEmail.Why.GIVEN, by=by.label)


def passed_on(request: HumanRequest, member: Member) -> None:
    _write(request, [member], _Kind.ASSIGNED, RequestEmail.Why.PASSED_ON)


def not_taken(request: HumanRequest, member: Member, why: str) -> None:
    """Tell a member that their reply by email was no answer. It names no address to reply to, so nothing can loop."""
    if email_is_set_up():
        about = {"request": request, "member": member, "why": RequestEmail.Why.NOT_TAKEN, "by": short(why, 100)}
        RequestEmail.objects.create(team_id=request.team_id, **about)


def how_it_ended(request: HumanRequest) -> str:
    """Return who was first, with what, in a sentence. Empty while the request is open."""
    match request.status:
        case HumanRequest.Status.ANSWERED:
            verdict = {None: "", True: "Approved. ", False: "Not approved. "}[request.approved]
            who = known_as(request.actor, request.answered_by) or "Someone"
            return f"{who} has answered already: {short(shown(f'{verdict}{request.answer}'), 200)}"
        case HumanRequest.Status.CLOSED:
            return "The request was closed before an answer came."
    return ""


def due_soon(request: HumanRequest) -> None:
    """Tell the person who has the request, else all who want to know of those that nobody has."""
    members = [request.assignee] if request.assignee else _who_can_answer(request.team_id)
    _write(request, members, _Kind.DUE, RequestEmail.Why.REMINDER)


def _who_can_answer(team_id: UUID) -> list[Member]:
    members = Member.objects.filter(team=team_id, user__is_active=True)
    return list(members.exclude(role=Member.Role.VIEWER))


def _write(
    request: HumanRequest,
    members: list[Member],
    kind: NotificationKind,
    why: RequestEmail.Why,
    *,
    by: str = "",
) -> None:
    run = request.run
    notifications.notify(
        *(members, kind, request.kind),
        team_id=request.team_id,
        subject_id=request.pk,
        case_id=run.case_id,
        agent_id=run.agent_id,
        run_id=run.pk,
        actor=by,
        text=request.question,
        emails=False,
    )
    if email_is_set_up():
        RequestEmail.objects.bulk_create(
            RequestEmail(team_id=request.team_id, request=request, member=member, why=why, by=by[:100])
            for member in members
            if _wants(member, why, is_theirs=request.assignee_id is not None or kind == _Kind.ASSIGNED)
        )


def _wants(member: Member, why: RequestEmail.Why, *, is_theirs: bool) -> bool:
    """Return whether they want an email of it: a reminder too is of something that is theirs, or of nobody."""
    kinds = {_Kind.ASSIGNED if is_theirs else _Kind.UNASSIGNED}
    return kinds | ({_Kind.DUE} if why == RequestEmail.Why.REMINDER else set()) <= set(member.email_kinds)


def settled(request_ids: Iterable[UUID], team_id: UUID) -> None:
    """Mark as read what tells of requests that are answered or closed."""
    notifications.settle(team_id, request_ids)


def is_wanted(email: RequestEmail) -> bool:
    """Still, when it is about to be sent: nobody has answered or taken it on, and the member wants emails."""
    request, member = email.request, email.member
    assert request
    is_theirs = request.assignee_id is not None
    why = RequestEmail.Why(email.why)
    if why == RequestEmail.Why.NOT_TAKEN:
        return member.user.is_active
    if request.status != HumanRequest.Status.OPEN or not member.user.is_active:
        return False
    if not _wants(member, why, is_theirs=is_theirs):
        return False
    if not is_theirs:
        return why in (RequestEmail.Why.ASKED, RequestEmail.Why.REMINDER)
    return request.assignee_id == member.pk


def forget_old() -> bool:
    settled = RequestEmail.objects.exclude(status=RequestEmail.Status.WAITING)
    return delete_old(settled.filter(created_at__lt=Now() - _KEEP))


# --- In which words --------------------------------------------------------------------------


def email_of(email: RequestEmail) -> EmailMultiAlternatives:
    """The message of a row with its request, run, agent, case and member. Its Message-ID is always the same."""
    assert email.request
    request, run = email.request, email.request.run
    reply_to = _reply_to(request, email)
    context = {
        "email": email,
        "request": request,
        "team": run.team.name,
        "agent": run.agent.name,
        "case": run.case if run.case and not run.case.deleted_at else None,
        "beginning": short(shown(run.input[:2_000]), 200),
        "due": request.due_at and exact(request.due_at),
        "link": answer_link(request, email.member),
        "reply_to": reply_to,
        "unused": email.why == RequestEmail.Why.NOT_TAKEN and (how_it_ended(request) or email.by),
        "settings_link": settings.BATON_URL + reverse("notification_settings"),
        "subject": f"[{run.team.name}] {_subject(email)}",
    }
    headers = {
        "Message-ID": message_id(email.pk),
        **_thread(email),
        "List-Unsubscribe": f"<{context['settings_link']}>",
        "Auto-Submitted": "auto-generated",
        **({"Reply-To": reply_to} if reply_to else {}),
    }
    return compose("runs/request_email.html", context, email.member.user.email, headers)


def _reply_to(request: HumanRequest, email: RequestEmail) -> str:
    """Return where a reply answers the question. Empty where it cannot, as for approvals."""
    if request.kind != HumanRequest.Kind.QUESTION or email.why == RequestEmail.Why.NOT_TAKEN:
        return ""
    queue_id = request.run.case.queue_id if request.run.case else None
    return answers.reply_address(request.team_id, queue_id, request.pk, address_proof(request, email.member))


def _thread(email: RequestEmail) -> dict[str, str]:
    """All emails of a member about one request stand together: each answers the first that was really sent."""
    about = RequestEmail.objects.filter(request=email.request_id, member=email.member_id)
    # `next_at` of what is sent is the moment of sending.
    sent = about.filter(status=RequestEmail.Status.SENT).exclude(pk=email.pk)
    first = sent.order_by("next_at").values_list("pk", flat=True).first()
    return {name: message_id(first) for name in ("In-Reply-To", "References")} if first else {}


def message_id(pk: UUID) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{pk}@{domain}>"


def _subject(email: RequestEmail) -> str:
    assert email.request
    request, agent = email.request, email.request.run.agent.name
    question = short(shown(request.question), _SUBJECT)
    match email.why:
        case RequestEmail.Why.GIVEN:
            return f"{email.by} assigned you a request: {question}"
        case RequestEmail.Why.PASSED_ON:
            return f"Now yours: {question}"
        case RequestEmail.Why.NOT_TAKEN:
            return f"Your reply was not used: {question}"
        case RequestEmail.Why.REMINDER if request.due_at and request.due_at > timezone.now():
            return f"Due {ago(request.due_at)}: {question}"
        case RequestEmail.Why.REMINDER:
            return f"Due now: {question}"
    asks = "asks for approval" if request.kind == HumanRequest.Kind.APPROVAL else "asks"
    return f"{agent} {asks}: {question}"
