"""The pages of cases."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from builder.models import Agent
from cases.collaboration import comments, previews
from cases.models import Case, Kind, Queue, Status
from cases.notifications import notifications
from cases.properties.page import properties
from cases.queues import labels, status_summary
from cases.queues.consumers import consumers, non_consumers
from cases.search import filters
from cases.timeline import shares, stages, swimlanes, timeline, wording
from cases.timeline.spans import course
from data.errors import Refused
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from teams.people import tour_progress
from web.forms.refusals import show_refusal
from web.http.partials import render_page

from . import actions, lifecycle, queries
from .access import case_or_404, queue_or_404
from .changes import change_case
from .creation import NewCase, add_case
from .forms import EditCaseForm, NewCaseForm

# How much of a long story a page tells at once, and how many events at most.
_STAGES, _EVENTS, _MOST_EVENTS = 60, 100, 2000


@require_GET
@team_page
def cases(request: TeamRequest) -> HttpResponse:
    return render_page(request, "cases/cases.html", case_list(request), parts=["results"])


def case_list(request: TeamRequest, queue: Queue | None = None) -> dict[str, Any]:
    """Return a page of the cases that the address asks for, and what can be asked for."""
    asked = {name: str(value) for name, value in request.GET.items() if value}
    colours = labels.colours(request.team)
    choices = filters.filter_choices(request.team, colours)
    wanted = filters.read_filter(asked, request.member, queue)
    page, rows = queries.case_page(request.team, wanted, asked.get("cursor", ""))
    return {
        "page": page,
        "rows": rows,
        "wanted": wanted,
        "filters": choices,
        "query": urlencode(asked | ({"queue": str(queue.pk)} if queue else {})),
        "chips": filters.chips(asked, choices),
        "has_more": any(asked.get(name) for name in choices.keys() - {"status", "sort"}),
        "in_queue": queue,
        "label_colours": colours,
        "watched_cases": f"queue:{queue.pk}" if queue else "case:*",
        "may_select": request.member.operates,
    }


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_new(request: TeamRequest, id: UUID) -> HttpResponse:
    queue = queue_or_404(request.team, id)
    colours = labels.colours(request.team)
    working = consumers([queue.pk]).get(queue.pk, [])
    form = NewCaseForm(request.POST or None, queue=queue, consumers=working, labels=colours)
    if request.method == "POST" and form.is_valid():
        try:
            case = add_case(queue, _new_case(form), by=request.actor)
            return redirect("case", case.pk)
        except Refused as refusal:
            show_refusal(form, refusal, form.names)
    context = {"form": form, "queue": queue, "label_colours": colours}
    return render(request, "cases/case_form.html", context, status=422 if form.errors else 200)


def _new_case(form: NewCaseForm) -> NewCase:
    said = form.cleaned_data
    return NewCase(
        title=said["title"],
        data=said["details"],
        priority=said["priority"],
        labels=said["labels"],
        assignee=form.agents.get(said["assignee"] or ""),
    )


@require_GET
@team_page
def case(request: TeamRequest, id: UUID) -> HttpResponse:
    case = case_or_404(request.team, id)
    working = consumers([case.queue_id])[case.queue_id]
    told = queries.timeline_of(case, _events_wanted(request))
    if case.hops:
        tour_progress.saw(request.member, tour_progress.HANDOVER)
    now = status_summary.now(case, working, told.moves, told.agents)
    context = {
        "case": case,
        "consumers": working,
        "now": now,
        "first_agent": status_summary.first_of(case.queue, working),
        "non_consumers": non_consumers(case.queue, 10),
        "actions": actions.of_case(case, now, request.member, request.user),
        "label_colours": labels.colours(request.team),
        "watched": _watched(case),
        **_stages(case, told, status_summary.taker(case, working)),
        **_events(request, told),
        **_people(request, case),
        **properties(case),
    }
    return render_page(request, "cases/case.html", context, parts=["case"])


def _stages(case: Case, told: queries.Timeline, taker: Agent | None) -> dict[str, Any]:
    """Return the last stages, as a picture and in words."""
    found = timeline.stages(told.moves)
    shown = found[-_STAGES:]
    is_cut = len(found) > len(shown) or bool(told.moves and told.moves[0].seq > 1)
    since = shown[0].waiting_since if is_cut and shown else None
    return {
        "picture": swimlanes.draw(course(told.moves, told.agents, taker), timezone.now(), since),
        "stops": stages.stops(shown, case, told.agents, taker),
        "shares": [] if is_cut else shares.shares(told.moves, told.agents, timezone.now()),
        "stages_are_cut": is_cut,
    }


def _events(request: TeamRequest, told: queries.Timeline) -> dict[str, Any]:
    """Return the newest events, in the order that the address asks for."""
    oldest_first = request.GET.get("order") != "newest"
    lines = wording.lines(told.newest, told.agents, queries.comments_of(told.newest))
    shown = len(told.newest)
    return {
        "lines": lines if oldest_first else lines[::-1],
        "oldest_first": oldest_first,
        "earlier": told.earlier,
        "earlier_address": _address(oldest_first, shown + _EVENTS),
        "other_order": _address(not oldest_first, shown),
    }


def _address(oldest_first: bool, shown: int) -> str:
    query = {"order": "" if oldest_first else "newest", "shown": str(shown) if shown > _EVENTS else ""}
    return "?" + urlencode({name: value for name, value in query.items() if value})


def _people(request: TeamRequest, case: Case) -> dict[str, Any]:
    """Return what people put beside the case. A member who watches it has now seen it."""
    watchers = list(case.watches.select_related("user").order_by("user__email"))
    watch = next((row for row in watchers if row.user_id == request.user.pk), None)
    if watch:
        comments.mark_seen(watch, case.last_seq)
    notifications.seen(request.member, case)
    return {
        "watchers": watchers,
        "watch": watch,
        "attachments": [(file, previews.kind_of(file)) for file in case.attachments.all()],
        "members": comments.members_of(request.team),
        "groups": request.team.groups.live(),
    }


def _events_wanted(request: TeamRequest) -> int:
    wanted = request.GET.get("shown", "")
    return min(max(int(wanted), _EVENTS), _MOST_EVENTS) if wanted.isdecimal() and len(wanted) < 6 else _EVENTS


def _watched(case: Case) -> str:
    """Return what the page of a case shows: while it waits for an agent, also what keeps the agents of its queue."""
    waits = f" queue:{case.queue_id} agent:*" if case.status == Status.PENDING else ""
    return f"case:{case.pk}{waits}"


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_edit(request: TeamRequest, id: UUID) -> HttpResponse:
    case = case_or_404(request.team, id)
    colours = labels.colours(request.team)
    form = EditCaseForm(request.POST or None, case=case, labels=colours)
    if request.method == "POST" and form.is_valid() and _save(form, request):
        messages.success(request, "Saved.")
        return redirect("case", case.pk)
    context = {"form": form, "case": case, "queue": case.queue, "label_colours": colours}
    return render(request, "cases/case_form.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _save(form: EditCaseForm, request: TeamRequest) -> bool:
    """Save the form. Return False, with the reason in its errors, if a verb refuses or someone else changed it."""
    said = form.cleaned_data
    case = lifecycle.lock(form.case.pk)
    if unseen := case.events.filter(kind=Kind.UPDATED, seq__gt=said["seen"]).select_related("agent").last():
        form.warn(unseen)
        return False
    try:
        change_case(
            case,
            title=said["title"],
            data=said["details"],
            priority=said["priority"],
            labels=said["labels"],
            by=request.actor,
        )
    except Refused as refusal:
        show_refusal(form, refusal, form.names)
        return False
    return True
