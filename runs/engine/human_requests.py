"""Questions and requests for approval that a run waits for a person to answer."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from pydantic_ai.messages import ToolCallPart

from cases.models import Case, Reason
from cases.work import lifecycle as case_lifecycle
from channels.email import replies
from data.errors import Refused
from data.texts.text import prose
from runs.models import HumanRequest, Run, Status, Step
from runs.notifications import request_email, run_webhooks
from runs.prompts.arguments import with_ignored
from runs.record import lifecycle
from runs.record.claims import lock_both
from runs.record.steps import Work, insert, response_of, said_in
from runs.tools import decisions, reply_tool, tools
from runs.tools.server_tools import ServerCall
from teams.access import live
from teams.audit import audit
from teams.audit.actors import Actor
from teams.models import Member, Team

ANSWER_LIMIT = 10_000
# Arguments of calls that wait for a person.
ASKING = decisions.AskPerson | decisions.RequestApproval | reply_tool.ReplyToCustomer | ServerCall
_WRITES = "Send this to the customer?"
# From where a person answered, if from an email about the request.
Via = Literal["", "email"]


@transaction.atomic
def ask(work: Work, asks: Sequence[tuple[ToolCallPart, Any]], entries: Sequence[Any]) -> None:
    """Opens the requests of a turn; the run waits without a worker until all are answered."""
    run, case = lock_both(work.claim)
    insert(work, *entries)
    hours = None if run.is_try else run.team.answer_hours  # the person who tries an agent is looking anyway
    due_at = timezone.now() + timedelta(hours=hours) if hours else None
    requests = [_request(run, call, arguments, due_at) for call, arguments in asks]
    HumanRequest.objects.bulk_create(requests)
    for call, arguments in asks:
        if case is not None and isinstance(arguments, reply_tool.ReplyToCustomer):
            replies.ask(case, arguments.text, work.agent, run.pk, call.tool_call_id)
    request_email.asked(requests, run)
    run_webhooks.asked(requests, run)
    for request in requests:
        live.announce(run.team_id, "request", request.pk)
    if case is not None:
        first = requests[0]
        case_lifecycle.ask(case, Reason(first.kind), first.question, agent_id=run.agent_id, run_id=run.pk)
        run.case_fence = case.fence
        run.save(update_fields=["case_fence"])
    lifecycle.wait(run)


def _request(run: Run, call: ToolCallPart, arguments: Any, due_at: datetime | None) -> HumanRequest:
    about: dict[str, Any]
    if isinstance(arguments, ServerCall):
        tool = arguments.tool
        about = {
            "kind": HumanRequest.Kind.APPROVAL,
            "tool": tool.key,
            "question": f"{tool.server.name}: {tool}",
            "details": json.dumps(arguments.arguments, indent=2, ensure_ascii=False),
        }
    elif isinstance(arguments, reply_tool.ReplyToCustomer):
        about = {"kind": HumanRequest.Kind.APPROVAL, "tool": reply_tool.REPLY, "question": _WRITES}
        about["details"] = arguments.text
    elif isinstance(arguments, decisions.RequestApproval):
        about = {"kind": HumanRequest.Kind.APPROVAL, "question": arguments.title, "details": arguments.details}
    else:
        about = {"kind": HumanRequest.Kind.QUESTION, "question": arguments.question, "choices": arguments.choices}
    return HumanRequest(team_id=run.team_id, run=run, call_id=call.tool_call_id, **_due(due_at), **about)


def _due(due_at: datetime | None) -> dict[str, datetime | None]:
    """Return the times of the request: when it is due, and when its reminder is sent, after three quarters of the
    time.
    """
    left = due_at and due_at - timezone.now()
    return {"due_at": due_at, "remind_at": due_at - left / 4 if due_at and left else None}


class Changed(Refused):
    """Someone decides on a text that the request does not have any more."""

    def __init__(self) -> None:
        super().__init__("This request is not what you were shown. Read it again, then decide.", "request_changed")


def answer(request: HumanRequest, text: str, by: Actor, *, shown: str | None = None, via: Via = "") -> HumanRequest:
    """Gives a question's answer to the run; with its last open request answered the run goes on.

    `shown` is the fingerprint of what the person has read; None for a program that says nothing of it.
    """
    if request.kind != HumanRequest.Kind.QUESTION:
        message = "This is a request for approval. Please say whether it is approved."
        raise Refused(message, "invalid", {"approved": message})
    text = prose(text, "answer", ANSWER_LIMIT).strip()
    if not text:
        raise Refused("Enter an answer.", "invalid", {"answer": "Enter an answer."})
    return _settle(request, text, by, shown, via, answer=text)


def decide(
    request: HumanRequest,
    approved: bool,
    comment: str,
    by: Actor,
    *,
    shown: str | None = None,
    text: str | None = None,
    via: Via = "",
) -> HumanRequest:
    """Like `answer`, for a request for approval. `text`: what the customer gets instead of what the agent wrote."""
    if request.kind != HumanRequest.Kind.APPROVAL:
        message = "This is a question. Please send an answer."
        raise Refused(message, "invalid", {"approved": message})
    comment = prose(comment, "comment", ANSWER_LIMIT).strip()
    if text is not None and request.tool != reply_tool.REPLY:
        message = "Only a message to a customer can be changed."
        raise Refused(message, "invalid", {"text": message})
    verdict = "Approved." if approved else "Not approved."
    said = f"{verdict} {comment}".strip()
    return _settle(request, said, by, shown, via, sends=text, approved=approved, answer=comment)


def members_of(team: Team) -> list[Member]:
    """Return the members who can take a request on, by name."""
    members = Member.objects.filter(team=team, user__is_active=True).exclude(role=Member.Role.VIEWER)
    return sorted(members.select_related("user"), key=lambda member: str(member.user).casefold())


@transaction.atomic
def assign(request: HumanRequest, member: Member | None, by: Actor) -> None:
    """Assign the request, so that others know who answers; anyone still may. None returns it to all."""
    _refuse_a_try(request)
    assigned = HumanRequest.objects.open().filter(pk=request.pk).update(assignee=member)
    if not assigned:
        raise Refused("This was answered or closed in the meantime.", "already_answered")
    who = [("Is with", request.assignee and request.assignee.user, member and member.user)]
    if change := audit.changes(who):
        audit.record(request.team_id, "request_given", request.question, change, by=by, of=request.run)
    if member:
        request_email.settled([request.pk], request.team_id)
        request_email.given(request, member, by)
    live.announce(request.team_id, "request", request.pk)


@transaction.atomic
def set_due(request: HumanRequest, due_at: datetime | None) -> None:
    """Another time to answer by, or none. What was passed on already may be passed on once more."""
    _refuse_a_try(request)
    if due_at and due_at <= timezone.now():
        raise Refused("Choose a time in the future.", "invalid", {"until": "This time has passed."})
    if not HumanRequest.objects.open().filter(pk=request.pk).update(passed_on_at=None, **_due(due_at)):
        raise Refused("This was answered or closed in the meantime.", "already_answered")
    if change := audit.changes([("Due", _minute(request.due_at), _minute(due_at))]):
        audit.record(request.team_id, "request_due", request.question, change, of=request.run)
    live.announce(request.team_id, "request", request.pk)


def _refuse_a_try(request: HumanRequest) -> None:
    if request.run.is_try:
        raise Refused("This is a question of a try. Answer it on the page of that run.", "is_try")


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


@transaction.atomic
def _settle(
    request: HumanRequest,
    result: str,
    by: Actor,
    shown: str | None,
    via: Via,
    *,
    sends: str | None = None,
    **changes: Any,
) -> HumanRequest:
    case_id = Run.objects.values_list("case_id", flat=True).get(pk=request.run_id)
    case = case_lifecycle.lock(case_id) if case_id else None
    run = Run.objects.select_for_update(no_key=True).get(pk=request.run_id)
    current = HumanRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if shown is not None and shown != current.fingerprint:
        raise Changed
    answered = HumanRequest.objects.filter(pk=request.pk, status=HumanRequest.Status.OPEN).update(
        status=HumanRequest.Status.ANSWERED,
        answered_by=by.user,
        actor=by.label[:100],
        answered_at=Now(),
        **changes,
    )
    if not answered or run.status != Status.WAITING:
        raise Refused("This was answered or closed in the meantime.", "already_answered")
    if request.tool == reply_tool.REPLY:
        result = _reply(request, case, result, by, sends, approved=changes["approved"])
    if request.tool == reply_tool.REPLY or not (request.tool and changes.get("approved")):
        # Else an approved call is made, and has its result then.
        _write_result(run, request, result, changes["answer"])
    verdict = {None: "", True: "Approved", False: "Not approved"}[changes.get("approved")]
    verdict = f"{verdict or 'Answered'} by email" if via else verdict
    request_email.settled([request.pk], run.team_id)
    audit.record(run.team_id, "request_answered", request.question, verdict, by=by, of=run)
    live.announce(run.team_id, "run", run.pk)
    live.announce(run.team_id, "request", request.pk)
    if not run.human_requests.filter(status=HumanRequest.Status.OPEN).exists():
        if case is not None:
            case_lifecycle.resume(case, result, by=by, agent_id=run.agent_id, run_id=run.pk, via=via)
            run.case_fence = case.fence
            run.save(update_fields=["case_fence"])
        lifecycle.wake(run)
    request.refresh_from_db()
    run_webhooks.answered(request, run)
    return request


def _reply(
    request: HumanRequest, case: Case | None, result: str, by: Actor, text: str | None, *, approved: bool
) -> str:
    """Queue what the agent wrote, or drop it. Return what the agent is told."""
    if not approved:
        replies.drop(request.run_id, request.call_id)
        return f"{result} It was not sent."
    assert case
    sent = replies.approve(case, request.run_id, request.call_id, request.details if text is None else text, by)
    changed = f" A person changed the text before. This was sent:\n{sent.text}" if sent.text != request.details else ""
    return f"{result} It will be sent to the customer.{changed}"


_TOOLS = {HumanRequest.Kind.QUESTION: tools.ASK, HumanRequest.Kind.APPROVAL: tools.APPROVAL}


def _write_result(run: Run, request: HumanRequest, text: str, said: str) -> None:
    last = run.steps.order_by("-seq").values_list("seq", flat=True).first() or 0
    tool = request.tool or _TOOLS[HumanRequest.Kind(request.kind)]
    is_server_call = bool(request.tool) and request.tool != reply_tool.REPLY
    content = f"{text} It was not called." if is_server_call else _with_ignored(run, request.call_id, text)
    data = {
        "tool": tool,
        "call_id": request.call_id,
        "content": content,
        "ok": not is_server_call,
        "code": "declined" if is_server_call else "answered",
        **said_in(content, said),
    }
    Step.objects.create(team_id=run.team_id, run=run, seq=last + 1, kind=Step.Kind.TOOL_RESULT, data=data)


def _with_ignored(run: Run, call_id: str, text: str) -> str:
    """An answer, with what was ignored of the call that asked."""
    said = run.steps.filter(kind=Step.Kind.RESPONSE).order_by("-seq").first()
    call = next((call for call in response_of(said).tool_calls if call.tool_call_id == call_id), None) if said else None
    if call is None:
        return text
    arguments = tools.read(call, run, run.agent, run.case)
    return with_ignored(text, call.tool_name, arguments)
