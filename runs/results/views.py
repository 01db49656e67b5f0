"""Pages of runs, parts of runs for the pages of agents and cases, and what people do to runs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from builder.agents.access import agent_or_404, past_or_present_agent_or_404
from builder.agents.page_head import head_of
from builder.models import Agent
from cases.models import Case
from cases.work.access import case_or_404
from data.errors import Refused
from runs.models import Run
from runs.people import briefing, moves
from runs.people.starting import start_again, start_run
from runs.trying import trying
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from web.http.partials import render_page
from web.http.redirects import back

from . import queries
from .access import question_or_404, run_or_404
from .answering import respond
from .forms import ON, SORTS, STATES, run_filter
from .run_views import about

_LAST_RUNS = 15
_LAST_STEPS = 4


# --- Pages -----------------------------------------------------------------------------------


@require_GET
@team_page
def runs(request: TeamRequest) -> HttpResponse:
    wanted = run_filter(request.GET)
    rows, number = queries.runs_page(request.team, wanted, request.GET.get("cursor", ""))
    agents = queries.agents_with_runs(request.team)
    context = {
        "page": rows,
        "wanted": wanted,
        "number": number,
        "is_filtered": wanted.is_anything,
        "is_narrowed": bool(wanted.on or wanted.trigger or wanted.since or wanted.until),
        "of_case": Case.objects.filter(team=request.team, pk=wanted.case).first() if wanted.case else None,
        "states": STATES,
        "on": ON,
        "triggers": Run.Trigger.choices,
        "sorts": SORTS,
        "agents": [(agent.pk, f"{agent.name} (deleted)" if agent.is_deleted else agent.name) for agent in agents],
        "now": timezone.now(),
    }
    return render_page(request, "runs/runs.html", context, parts=["results"])


@require_GET
@team_page
def agent_runs(request: TeamRequest, id: UUID) -> HttpResponse:
    """Show the tab with an agent's last runs."""
    agent = past_or_present_agent_or_404(request.team, id)
    # What tests and replays made of it is on their pages.
    found = queries.for_list(agent.runs.exclude(trigger=Run.Trigger.TEST)).order_by(*queries.NEWEST_FIRST)
    context = {**head_of(request, agent), "runs": found[:_LAST_RUNS], "now": timezone.now()}
    return render_page(request, "runs/agent_runs.html", context, parts=["agent-runs", "tab"])


# --- What people do to runs ------------------------------------------------------------------


@require_POST
@team_page(post=OPERATOR)
def run_start(request: TeamRequest, id: UUID) -> HttpResponseBase:
    agent, text = agent_or_404(request.team, id), request.POST.get("input", "")
    return _start(request, agent, text)


@require_POST
@team_page(post=OPERATOR)
def run_again(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """A standalone run once more: the same input, and the same revision or (`revision=latest`) the agent's latest."""
    old, latest = run_or_404(request.team, id), request.POST.get("revision") == "latest"
    try:
        again = trying.try_again(old, request.actor) if old.is_try else start_again(old, request.actor, latest=latest)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("run", id)
    return redirect("run", again.pk)


def _start(request: TeamRequest, agent: Agent, text: str) -> HttpResponseBase:
    try:
        started = start_run(agent, input=text, by=request.actor, trigger=Run.Trigger.MANUAL)
    except Refused as refusal:
        if text:  # what was typed must not be lost
            context = {"agent": agent, "input": text, "reason": refusal.message}
            return render(request, "runs/start.html", context, status=422)
        messages.error(request, refusal.message)
        return redirect("agent", agent.pk)
    return redirect("run", started.pk)


@require_POST
@team_page(post=OPERATOR)
def run_stop(request: TeamRequest, id: UUID) -> HttpResponseBase:
    try:
        moves.stop_run(run_or_404(request.team, id), request.actor)
    except Refused:
        messages.info(request, "This run had already ended.")
    return back(request, "run", id)


@require_POST
@team_page(post=OPERATOR)
def run_seen(request: TeamRequest, id: UUID) -> HttpResponseBase:
    moves.mark_seen(run_or_404(request.team, id), request.actor)
    return back(request, "run", id)


@require_POST
@team_page(post=OPERATOR)
def answer(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Answer with one of the choices or a text, or decide on an approval with a comment.

    htmx gets the question as it stands now, others go on to a page.
    """
    answered = respond(question_or_404(request.team, id), request.POST, request.actor)
    is_part = "HX-Request" in request.headers
    if not (is_part or answered.refused):
        return back(request, "run", answered.question.run_id)
    context = {
        "question": answered.question,
        "typed": answered.typed,
        "refused": answered.refused,
        "next": request.POST.get("next", ""),
    }
    template = "runs/question.html#question" if is_part else "runs/question.html"
    return render(request, template, context, status=answered.status)


# --- Parts of other pages --------------------------------------------------------------------


@require_GET
@team_page
def agent_work(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = agent_or_404(request.team, id)
    return render(request, "runs/agent_work.html", {"agent": agent, "work": queries.work_of(agent)})


@require_GET
@team_page
def case_runs(request: TeamRequest, id: UUID) -> HttpResponse:
    case = case_or_404(request.team, id)
    last = queries.last_run_of(case)
    context: dict[str, Any] = {"case": case, "run": last, "now": timezone.now(), "live_on": f"case:{case.pk}"}
    if request.member.operates:
        context["lacking"] = briefing.lacking(case)
    if last and last.is_live:
        context |= about(last)
        told = [entry for entry in context["entries"] if entry.kind != "prompt"]
        context["last_entries"] = told[-_LAST_STEPS:]
    return render(request, "runs/case_runs.html", context)
