"""The schedules of a team and of an agent, and the form for one."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from builder.agents.access import agent_or_404, past_or_present_agent_or_404
from builder.models import Agent
from builder.procedures.targets import check_may_start
from data.errors import Refused
from runs.models import Schedule, Status
from teams.access.permissions import BUILDER, TeamRequest, team_page
from teams.models import Team
from web.forms.refusals import show_refusal, tell
from web.forms.stale import saved_in_turn
from web.http.paging import page
from web.http.partials import render_page

from . import schedules
from .forms import STATES, ScheduleFilterForm, ScheduleForm


def _schedule_or_404(team: Team, id: UUID) -> Schedule:
    return get_object_or_404(Schedule.objects.select_related("agent"), team=team, pk=id, agent__deleted_at=None)


@require_GET
@team_page
def team_schedules(request: TeamRequest) -> HttpResponse:
    form = ScheduleFilterForm(request.GET)
    form.is_valid()
    found = page(find_schedules(request.team, **form.cleaned_data), ("at", "id"), request.GET.get("cursor", ""))
    context = {
        "page": found,
        "rows": [(row, schedules.words(row.expression)) for row in found.rows],
        "states": STATES,
        "is_filtered": any(form.cleaned_data.values()),
    }
    return render_page(request, "runs/team_schedules.html", context, parts=["results"])


def find_schedules(team: Team, q: str = "", state: str = "") -> QuerySet[Schedule]:
    """Return the schedules. `at` is when each is next due, with those that are paused last."""
    never = datetime(9999, 1, 1, tzinfo=UTC)
    rows = Schedule.objects.filter(team=team, agent__deleted_at=None).select_related("agent", "last_run")
    rows = rows.annotate(at=Case(When(paused_at=None, then="next_at"), default=Value(never)))
    if state:
        rows = rows.filter(_STATES[state])
    for word in q.split():
        rows = rows.filter(Q(agent__name__icontains=word) | Q(input__icontains=word))
    return rows.defer("last_run__input", "last_run__result", "last_run__targets")


_STATES = {
    "active": Q(paused_at=None),
    "paused": Q(paused_at__isnull=False),
    "failing": ~Q(obstacle="") | Q(last_run__status=Status.FAILED),
}


@require_GET
@team_page
def agent_schedules(request: TeamRequest, id: UUID) -> HttpResponse:
    agent = past_or_present_agent_or_404(request.team, id)
    rows = [(row, schedules.words(row.expression)) for row in agent.schedules.select_related("last_run")]
    return render(request, "runs/schedules.html", {"agent": agent, "rows": rows, "why_not": _why_not(agent)})


def _why_not(agent: Agent) -> str:
    """Return what keeps the agent from starting now."""
    try:
        check_may_start(agent)
    except Refused as refusal:
        return refusal.message
    return ""


@require_http_methods(["GET", "POST"])
@team_page(post=BUILDER, get=BUILDER)
def schedule_new(request: TeamRequest, id: UUID) -> HttpResponseBase:
    agent = agent_or_404(request.team, id)
    return _form(request, agent, None)


@require_http_methods(["GET", "POST"])
@saved_in_turn
@team_page(post=BUILDER, get=BUILDER)
def schedule_edit(request: TeamRequest, id: UUID) -> HttpResponseBase:
    schedule = _schedule_or_404(request.team, id)
    return _form(request, schedule.agent, schedule)


def _form(request: TeamRequest, agent: Agent, schedule: Schedule | None) -> HttpResponseBase:
    form = ScheduleForm(request.POST if request.method == "POST" else None, team=request.team, schedule=schedule)
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
            return redirect("agent_runs", agent.pk)
    context = {"form": form, "agent": agent, "schedule": schedule, "why_not": _why_not(agent)}
    return render(request, "runs/schedule_form.html", context, status=422 if form.errors else 200)


@require_GET
@team_page
def schedule_times(request: TeamRequest) -> HttpResponse:
    """Show the next five times of the schedule in the form, before it is saved."""
    form = ScheduleForm(request.GET, team=request.team)
    wrong = "" if form.is_valid() else " ".join(str(error) for errors in form.errors.values() for error in errors)
    return render(request, "runs/schedule_form.html#times", {"times": form.times, "wrong": wrong})


def _act(
    request: TeamRequest, id: UUID, act: Callable[[Schedule], object], done: str, undone_by: str = ""
) -> HttpResponseBase:
    schedule = _schedule_or_404(request.team, id)
    tell(request, lambda: act(schedule), done, reverse(undone_by, args=[id]) if undone_by else "")
    return redirect("agent_runs", schedule.agent_id)


@require_POST
@team_page(post=BUILDER)
def schedule_pause(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, schedules.pause, "Schedule paused.", "schedule_resume")


@require_POST
@team_page(post=BUILDER)
def schedule_resume(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, schedules.resume, "Schedule resumed.", "schedule_pause")


@require_POST
@team_page(post=BUILDER)
def schedule_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    return _act(request, id, schedules.delete, "Schedule deleted.")
