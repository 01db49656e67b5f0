"""What people do to a case from its page. Each answers with the page of the case, and a way to undo it."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from builder.models import Agent
from cases.collaboration import comments
from cases.models import Case
from cases.queues.consumers import consumers, non_consumers
from cases.work.access import case_or_404
from cases.work.people import People
from data.errors import Refused
from data.ids import parse_uuid
from runs.engine import human_requests
from runs.results.forms import PostponeForm, SendForm
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from web.http.redirects import back

from . import briefing, moves
from .briefing import Given

type Act = Callable[[Case], Case]


@require_POST
@team_page(post=OPERATOR)
def case_take_over(request: TeamRequest, id: UUID) -> HttpResponseBase:
    from_another = bool(request.POST.get("from_another"))
    act = partial(moves.take_over, by=request.actor, from_another=from_another)
    return _act(request, case_or_404(request.team, id), act, "is yours now")


@require_POST
@team_page(post=OPERATOR)
def case_release(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, case_or_404(request.team, id), partial(moves.release, by=request.actor), "is unassigned")


@require_POST
@team_page(post=OPERATOR)
def case_hand_back(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _send(request, id, moves.hand_back, "is handed back", "hand-back")


@require_POST
@team_page(post=OPERATOR)
def case_reassign(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _send(request, id, moves.reassign, "is reassigned", "reassign")


@require_POST
@team_page(post=OPERATOR)
def case_reopen(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _send(request, id, moves.reopen, "is open again", "reopen")


@require_POST
@team_page(post=OPERATOR)
def case_retry(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, case_or_404(request.team, id), partial(moves.retry, by=request.actor), "is retried")


@require_POST
@team_page(post=OPERATOR)
def case_complete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case, text = case_or_404(request.team, id), request.POST.get("summary", "").strip()
    act = partial(moves.complete, summary=text, by=request.actor)
    return _act(request, case, act, "is completed", text)


@require_POST
@team_page(post=OPERATOR)
def case_fail(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case, text = case_or_404(request.team, id), request.POST.get("reason", "").strip()
    act = partial(moves.fail, reason=text, by=request.actor)
    return _act(request, case, act, "is closed as failed", text)


@require_POST
@team_page(post=OPERATOR)
def case_postpone(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case, form = case_or_404(request.team, id), PostponeForm(request.POST)
    if form.is_valid():
        try:
            case = moves.postpone(case, form.cleaned_data["until"], request.actor)
        except Refused as refusal:
            form.add_error("until" if refusal.fields else None, refusal.fields.get("until", refusal.message))
    if form.errors:
        return render(request, "runs/postpone.html", {"case": case, "form": form}, status=422)
    _say(request, case, "is postponed")
    return redirect("case", id)


@require_POST
@team_page(post=OPERATOR)
def case_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case = case_or_404(request.team, id)
    moves.delete(case, request.actor)
    case.refresh_from_db()
    _say(request, case, "was deleted")
    return redirect("cases")


@require_POST
@team_page(post=OPERATOR)
def case_undo(request: TeamRequest, id: UUID, seq: int) -> HttpResponseBase:
    case = get_object_or_404(Case, team=request.team, pk=id)
    try:
        moves.undo(case, seq, request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("cases") if case.deleted_at else redirect("case", id)
    messages.success(request, f"#{case.number} is as it was before.")
    return redirect("case", id)


# The forms by which a case gets an agent: their titles and buttons, by the dialog of each.
_FORMS = {
    "hand-back": ("Hand this case back", "Hand back"),
    "reassign": ("Reassign this case", "Reassign"),
    "reopen": ("Reopen this case", "Reopen"),
}


def _send(request: TeamRequest, id: UUID, verb: Callable[..., Case], done: str, dialog: str) -> HttpResponseBase:
    if (people := _people(request)) and dialog != "reopen":
        case, note = case_or_404(request.team, id), request.POST.get("note", "")
        return _act(request, case, partial(moves.assign_to_people, by=request.actor, people=people, note=note), done)
    case, form = case_or_404(request.team, id), SendForm(request.POST, team=request.team)
    refused, wrong = "Choose an agent from the list, and keep the note below 10,000 characters.", {}
    to: Agent | None = None
    if form.is_valid():
        to = form.cleaned_data["assignee_id"]
        try:
            case = verb(case, request.actor, to, form.cleaned_data["note"], _given(request, to))
        except Refused as refusal:
            refused, wrong = refusal.message, refusal.fields
        else:
            _say(request, case, f"{done}, to {to.name}{_obstacle(to, case)}" if to else done)
            return back(request, "case", id)
    title, button = _FORMS[dialog]
    context = {
        "case": case,
        "title": title,
        "dialog": dialog,
        "button": button,
        "action": reverse(f"case_{dialog.replace('-', '_')}", args=[id]),
        "consumers": consumers([case.queue_id])[case.queue_id],
        "non_consumers": non_consumers(case.queue, 10),
        "members": comments.members_of(request.team),
        "groups": request.team.groups.live(),
        "note": request.POST.get("note", ""),
        "chosen": to,
        "needed": [
            (need, request.POST.get(f"fields.{need.name}", ""), wrong.get(f"fields.{need.name}", ""))
            for need in briefing.needs_of(to)
        ],
        "without_reason": request.POST.get(briefing.REASON, ""),
        "refused": refused,
    }
    return render(request, "runs/case_send.html", context, status=422)


def _people(request: TeamRequest) -> People | None:
    """Return whom the form names, if it is no agent."""
    kind, _, id = request.POST.get("assignee_id", "").partition(":")
    if kind == "member":
        found = next((row for row in human_requests.members_of(request.team) if str(row.user.uuid) == id), None)
        return People(owner=found.user) if found else None
    if kind == "group" and (group_id := parse_uuid(id)):
        group = request.team.groups.live().filter(pk=group_id).first()
        return People(group=group) if group else None
    return None


def _given(request: TeamRequest, to: Agent | None) -> Given:
    values = {need.name: request.POST.get(f"fields.{need.name}", "") for need in briefing.needs_of(to)}
    return Given(values, request.POST.get(briefing.REASON, ""))


def _obstacle(agent: Agent, case: Case) -> str:
    """Return why the case waits for the agent, if it does."""
    found = next((item for item in consumers([case.queue_id])[case.queue_id] if item.agent == agent), None)
    return f". It waits, since {agent.name} {found.obstacle}" if found and found.obstacle else ""


def _act(request: HttpRequest, case: Case, act: Act, done: str, typed: str = "") -> HttpResponseBase:
    """What was `typed` for an act that is refused is shown again, to be copied: it fits no other act."""
    try:
        case = act(case)
    except Refused as refusal:
        if typed:
            context = {"case": case, "refused": refusal.message, "typed": typed}
            return render(request, "runs/case_refused.html", context, status=422)
        messages.error(request, refusal.message)
    else:
        _say(request, case, done)
    return back(request, "case", case.pk)


def _say(request: HttpRequest, case: Case, done: str) -> None:
    undo = reverse("case_undo", args=[case.pk, case.last_seq])
    messages.success(request, f"#{case.number} {done}.", extra_tags=undo)
