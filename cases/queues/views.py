"""The pages of queues."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.agents import connections
from builder.models import Agent
from cases.models import Queue
from cases.work import queries
from cases.work.access import queue_or_404
from cases.work.forms import EditQueueForm, NewQueueForm
from cases.work.views import case_list
from data.errors import Refused
from teams.access.permissions import BUILDER, TeamRequest, team_page
from teams.models import Member
from web.forms.refusals import show_refusal
from web.forms.stale import saved_in_turn
from web.http.actions import Action, offered
from web.http.partials import render_page
from web.http.redirects import back
from web.http.toasts import say

from . import goals, status_summary
from .consumers import consumers
from .goal_forms import without_goals
from .queues import create_queue, delete_queue, pause_queue, resume_queue, save_queue


@require_GET
@team_page
def queues(request: TeamRequest) -> HttpResponse:
    words = request.GET.get("q", "")
    page = queries.queues_page(request.team, words, request.GET.get("cursor", ""))
    rows = [_summary(state) for state in queries.queue_states(page.rows)]
    return render_page(request, "cases/queues.html", {"rows": rows, "page": page, "words": words}, parts=["results"])


def _summary(state: queries.QueueState) -> dict[str, Any]:
    return {
        "queue": state.queue,
        "state": state,
        "connect": f"Connect agents to {state.queue.name}",
        "problems": status_summary.problems(state.queue, state.consumers),
        "first_agent": status_summary.first_of(state.queue, state.consumers),
        "counts": [
            (status, status_summary.counted(status, number)) for status, number in state.counts.items() if number
        ],
    }


@require_GET
@team_page
def queue(request: TeamRequest, id: UUID) -> HttpResponse:
    state = queries.queue_states([queue_or_404(request.team, id)])[0]
    context = {
        **_summary(state),
        **case_list(request, state.queue),
        "goals": goals.in_words(state.queue),
        "overdue": state.queue.cases.present().overdue().count(),
        "actions": _actions(state.queue, request.member),
        "may_connect": request.member.builds,
        "watched": f"queue:{state.queue.pk} agent:*",
    }
    return render_page(request, "cases/queue.html", context, parts=["state", "results"])


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def queue_new(request: TeamRequest) -> HttpResponse:
    agents = Agent.objects.live().filter(team=request.team).order_by("name")
    form = NewQueueForm(request.POST or None, team=request.team, agents=agents)
    if request.method == "POST" and form.is_valid():
        try:
            made = _queue(request, goals=form.goals(), **without_goals(form.cleaned_data))
            messages.success(request, f"{made.name} was created.")
            return redirect("queue", made.pk)
        except Refused as refusal:
            show_refusal(form, refusal, form.goal_names)
    return render(request, "cases/queue_form.html", {"form": form}, status=422 if form.errors else 200)


@transaction.atomic
def _queue(request: TeamRequest, agents: list[Agent], **fields: Any) -> Queue:
    made = create_queue(request.team, **fields)
    for agent in agents:
        connections.add_consumer(agent, made.pk)
    return made


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=BUILDER, get=BUILDER)
def queue_edit(request: TeamRequest, id: UUID) -> HttpResponse:
    queue = queue_or_404(request.team, id)
    working = consumers([queue.pk])[queue.pk]
    form = EditQueueForm(request.POST or None, queue=queue, consumers=working)
    if form.is_valid():
        try:
            save_queue(queue, **without_goals(form.said()), goals=form.goals())
            messages.success(request, "Saved.")
            return redirect("queue", queue.pk)
        except Refused as refusal:
            show_refusal(form, refusal, form.goal_names)
            queue = queue_or_404(request.team, id)  # as it is called, not as it was to be
    context = {"form": form, "queue": queue, "deletion": queries.deletion(queue)}
    return render(request, "cases/queue_form.html", context, status=422 if form.errors else 200)


@require_POST
@team_page(post=BUILDER)
def queue_pause(request: TeamRequest, id: UUID) -> HttpResponseBase:
    queue = queue_or_404(request.team, id)
    pause_queue(queue)
    say(request, f"{queue.name} is paused. Runs in progress continue.", reverse("queue_resume", args=[queue.pk]))
    return back(request, "queue", queue.pk)


@require_POST
@team_page(post=BUILDER)
def queue_resume(request: TeamRequest, id: UUID) -> HttpResponseBase:
    queue = queue_or_404(request.team, id)
    resume_queue(queue)
    say(request, f"{queue.name} is active again.", reverse("queue_pause", args=[queue.pk]))
    return back(request, "queue", queue.pk)


@require_POST
@team_page(post=BUILDER)
def queue_delete(request: TeamRequest, id: UUID) -> HttpResponse:
    queue, wanted = queue_or_404(request.team, id), request.POST.get("move_to", "")
    move_to = next((other for other in request.team.queues.live() if str(other.pk) == wanted), None)
    try:
        delete_queue(queue, move_to, by=request.actor)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("queue_edit", queue.pk)
    messages.success(request, f"{queue.name} was deleted.")
    return redirect("queues")


def _actions(queue: Queue, member: Member) -> list[Action]:
    """Return what the page of a queue offers to do."""
    own = [queue.pk]
    pause = Action("Pause", "pause", post=reverse("queue_pause", args=own))
    resume = Action("Resume", "play", post=reverse("queue_resume", args=own))
    return offered(
        [
            (
                member.builds,
                Action("Connect agents", "bot", link=reverse("queue_agents", args=own), picks=True),
            ),
            (member.builds, Action("Edit", "pencil", link=reverse("queue_edit", args=own), keys="e")),
            (member.builds, resume if queue.is_paused else pause),
            (member.operates, Action("Import", "file-up", link=reverse("cases_upload", args=own))),
            (
                member.operates,
                Action("New case", "plus", link=reverse("case_new", args=own), look="primary", keys="c"),
            ),
        ]
    )
