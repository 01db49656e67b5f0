"""The schedules of an agent: a part of its page, and the form for one."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.access import agent_or_404, past_or_present_agent_or_404
from builder.models import Agent
from builder.targets import check_may_start
from teams.access import TeamRequest, team_page
from teams.errors import Refused
from teams.models import Team
from teams.refusals import show_refusal

from . import schedules
from .models import Schedule
from .schedule_forms import ScheduleForm


def _schedule_or_404(team: Team, id: UUID) -> Schedule:
    return get_object_or_404(Schedule.objects.select_related("agent"), team=team, pk=id, agent__deleted_at=None)


@require_GET
@team_page
def agent_schedules(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = past_or_present_agent_or_404(request.team, id)
    rows = [(row, schedules.words(row.expression)) for row in agent.schedules.select_related("last_run")]
    return render(request, "runs/schedules.html", {"agent": agent, "rows": rows, "why_not": _why_not(agent)})


def _why_not(agent: Agent) -> str:
    """What keeps the agent from starting, now."""
    try:
        check_may_start(agent)
    except Refused as refusal:
        return refusal.message
    return ""


@require_http_methods(["GET", "POST"])
@team_page
def schedule_new(request: TeamRequest, id: UUID) -> HttpResponseBase:
    agent = agent_or_404(request.team, id)
    return _form(request, agent, None)


@require_http_methods(["GET", "POST"])
@team_page
def schedule_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    schedule = _schedule_or_404(request.team, id)
    return _form(request, schedule.agent, schedule)


def _form(request: TeamRequest, agent: Agent, schedule: Schedule | None) -> HttpResponseBase:
    form = ScheduleForm(request.POST if request.method == "POST" else None, schedule=schedule)
    if form.is_bound and form.is_valid():
        wanted = {name: form.cleaned_data[name] for name in ("expression", "zone", "input")}
        try:
            if schedule:
                schedules.change_schedule(schedule, **wanted)
            else:
                schedules.create_schedule(agent, **wanted, by=request.actor)
        except Refused as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request, f"{agent.name} starts next at {form.times[0]:%H:%M on %-d %b} ({form.times[0].tzname()})."
            )
            return redirect("agent", agent.pk)
    context = {"form": form, "agent": agent, "schedule": schedule, "why_not": _why_not(agent)}
    return render(request, "runs/schedule_form.html", context, status=422 if form.errors else 200)


@require_GET
@team_page
def schedule_times(request: TeamRequest) -> HttpResponse:
    """The next five times of what stands in the form, before it is saved."""
    form = ScheduleForm(request.GET)
    wrong = "" if form.is_valid() else " ".join(str(error) for errors in form.errors.values() for error in errors)
    return render(request, "runs/schedule_form.html#times", {"times": form.times, "wrong": wrong})


def _act(request: TeamRequest, id: UUID, act: Callable[[Schedule], Any]) -> HttpResponseBase:
    schedule = _schedule_or_404(request.team, id)
    try:
        act(schedule)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("agent", schedule.agent_id)


@require_POST
@team_page
def schedule_pause(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, schedules.pause)


@require_POST
@team_page
def schedule_resume(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, schedules.resume)


@require_POST
@team_page
def schedule_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, schedules.delete)
