"""Saving drafts as one types, and the pages of the history."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from builder.agents import access
from builder.agents.forms import fallback_of, known_to, model_of
from builder.agents.page_head import head_of
from builder.gate.gate import RoutesHeld
from builder.models import Agent, Revision
from data.errors import Refused
from data.ids import parse_uuid
from teams.access.permissions import BUILDER, TeamRequest, team_page
from web.format.times import clock
from web.http.paging import page
from web.http.partials import render_page

from . import drafts, revisions

_SHOWN = 30


@require_POST
@team_page(post=BUILDER)
def agent_draft(request: TeamRequest, id: UUID) -> HttpResponse:
    """Saves the form's procedure and model as the draft. A conflict is answered with the choice, as HTML."""
    agent = access.agent_or_404(request.team, id)
    aop, model, known = request.POST.get("aop", ""), model_of(request.POST), known_to(request.POST)
    try:
        draft = drafts.save_draft(
            agent,
            aop,
            model,
            fallback_of(request.POST),
            known=known,
            author=request.user,
            version=parse_uuid(request.POST.get("version", "")),
        )
    except drafts.Conflict as conflict:
        context = {"agent": agent, "conflict": conflict, "choice": revisions.choice(agent, aop, conflict.theirs)}
        return render(request, "builder/conflict.html", context, status=409)
    except Refused as refusal:
        return JsonResponse({"message": refusal.message}, status=422)
    return JsonResponse({"draft": draft and draft.pk, "at": draft and clock(draft.created_at)})


@require_POST
@team_page(post=BUILDER)
def agent_draft_discard(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = access.agent_or_404(request.team, id)
    try:
        drafts.discard_draft(agent, known=known_to(request.POST), by=request.user)
    except drafts.Conflict as conflict:
        messages.error(request, f"Nothing was discarded. {conflict.message}")
    else:
        messages.success(request, "The unsaved changes have been discarded. This is the live revision.")
    return redirect("agent", agent.pk)


@require_GET
@team_page
def agent_revisions(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = access.past_or_present_agent_or_404(request.team, id)
    found = page(revisions.history(agent), ["-number"], request.GET.get("cursor", ""), _SHOWN)
    context = {
        **head_of(request, agent),
        "draft": drafts.draft_of(agent),
        "entries": revisions.entries(agent, found.rows),
        "page": found,
    }
    return render_page(request, "builder/revisions.html", context, parts=["tab"])


@require_GET
@team_page
def agent_revision(request: TeamRequest, id: UUID, number: int) -> HttpResponse:
    """What a revision says, beside what another one said: `?with=`, by default the one before. 0 is the draft;
    `?tried=` names an unsaved text that was begun after this one. `?from=` and `?to=` mark a passage.
    """
    agent = access.past_or_present_agent_or_404(request.team, id)
    if number == 0 and not drafts.draft_of(agent):  # saved or discarded since the page with this link was drawn
        return redirect("revisions", agent.pk)
    tried = parse_uuid(request.GET.get("tried", ""))
    revision = access.tried_revision_or_404(agent, number, tried) if tried else access.revision_or_404(agent, number)
    other = _compared(request, agent, revision)
    context = {
        "agent": agent,
        "revision": revision,
        "heading": f"Unsaved text, begun after revision {number}" if tried else f"Revision {number}",
        "other": other,
        "numbers": [offered for offered in revisions.numbers(agent) if tried or offered != number],
        "difference": revisions.difference(agent, other.aop if other else "", revision.aop),
        "lines": revisions.lines_of(agent, revision, passage := _passage(request)),
        "passage": passage,
        "is_live": revision.status == Revision.Status.LIVE,
        "is_tried": bool(tried),
    }
    return render(request, "builder/revision.html", context)


def _passage(request: HttpRequest) -> tuple[int, int] | None:
    start, end = request.GET.get("from", ""), request.GET.get("to", "")
    if not all(place.isdecimal() and len(place) < 10 for place in (start, end)):
        return None
    return int(start), int(end)


def _compared(request: HttpRequest, agent: Agent, revision: Revision) -> Revision | None:
    wanted = request.GET.get("with", "")
    if wanted.isdecimal() and len(wanted) < 10:
        return access.revision_or_404(agent, int(wanted))
    return revisions.before(agent, revision)


@require_POST
@team_page(post=BUILDER)
def agent_revision_restore(request: TeamRequest, id: UUID, number: int) -> HttpResponse:
    agent = access.agent_or_404(request.team, id)
    revision = access.published_revision_or_404(agent, number)
    try:
        live = revisions.restore(agent, revision, author=request.user).live_revision
    except RoutesHeld as held:
        return redirect("check", held.start(request.actor, [revisions.as_change(agent, revision)]))
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("revision", agent.pk, number)
    words = f"Revision {number} is live again, as revision {live.number}."
    if draft := drafts.draft_of(agent):
        words += f" The unsaved changes from {clock(draft.created_at)} are still there."
    messages.success(request, words)
    return redirect("agent", agent.pk)
