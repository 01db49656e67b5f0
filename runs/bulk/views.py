"""The pages of bulk actions, and what is done to a label on all its cases."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from cases.models import Label
from cases.queues import labels
from cases.queues.label_views import RefusedName, show_labels
from cases.search.filters import CaseFilter, find_cases
from data.errors import Refused
from runs.models import BulkAction
from teams.access.permissions import BUILDER, OPERATOR, TeamRequest, team_page
from teams.models import Team
from web.http.paging import page
from web.http.partials import render_page
from web.http.redirects import back, wanted_next
from web.http.toasts import is_in_place, say

from . import bulk, processing, progress
from .actions import ACTS, Verb, can_undo, words
from .forms import BulkForm, form_for, read_selection

_RECENT = timedelta(minutes=5)
_RECENT_SHOWN = 3
# On the pages; a label is renamed on its own page.
_OFFERED = frozenset(ACTS) - {Verb.RENAME_LABEL}

_STOPS_RUNS = frozenset({Verb.REASSIGN, Verb.POSTPONE, Verb.COMPLETE, Verb.FAIL, Verb.DELETE})

_QUESTIONS = {
    Verb.RETRY: ("Retry", "The agent that worked on each of them last tries again."),
    Verb.REASSIGN: (
        "Reassign",
        "They start from scratch with this agent, or wait for it. Runs that work on them are stopped.",
    ),
    Verb.PRIORITY: ("Set the priority", ""),
    Verb.ADD_LABEL: ("Add a label", ""),
    Verb.REMOVE_LABEL: ("Remove a label", ""),
    Verb.POSTPONE: ("Postpone", "They wait until then, and continue with the same agent."),
    Verb.COMPLETE: ("Complete", ""),
    Verb.FAIL: ("Mark as failed", ""),
    Verb.DELETE: ("Delete", "They are removed from all lists and queues. This cannot be undone."),
}


def _action_or_404(team: Team, id: UUID) -> BulkAction:
    return get_object_or_404(BulkAction.objects.select_related("undoes", "user"), team=team, pk=id)


# --- Before ----------------------------------------------------------------------------------


@require_POST
@team_page(post=OPERATOR)
def bulk_preview(request: TeamRequest) -> HttpResponseBase:
    """Show how many cases the act would change, whenever the form changes."""
    verb = _verb(request)
    form = form_for(verb, request.team, request.POST if request.POST.get("asked") else None)
    return _preview(request, verb, form)


def _preview(request: TeamRequest, verb: str, form: BulkForm, status: int = 200) -> HttpResponseBase:
    selection = read_selection(request.POST)
    arguments = form.arguments() if form.is_bound and form.is_valid() else None
    found = bulk.preview(request.team, verb, arguments, selection.cases(request.member))
    if not found.total:
        messages.info(request, "No case was selected.")
        return back(request, "cases")
    title, text = _QUESTIONS[Verb(verb)]
    context = {
        "verb": verb,
        "form": form,
        "selection": selection,
        "preview": found,
        "title": title,
        "text": text,
        "can_undo": can_undo(verb),
        "limit": bulk.LIMIT,
        "next": wanted_next(request) or reverse("cases"),
        "stops_runs": verb in _STOPS_RUNS,
    }
    return render_page(request, "runs/bulk_preview.html", context, parts=["preview", "bulk-dialog-body"], status=status)


@require_POST
@team_page(post=OPERATOR)
def bulk_start(request: TeamRequest) -> HttpResponseBase:
    verb = _verb(request)
    form = form_for(verb, request.team, request.POST)
    if not form.is_valid():
        return _preview(request, verb, form, status=422)
    cases = read_selection(request.POST).cases(request.member)
    if not cases.exists():
        messages.info(request, "No case was selected.")
        return back(request, "cases")
    return _start(request, verb, form.arguments(), cases, "cases")


def _start(request: TeamRequest, verb: str, arguments: dict[str, Any], cases: Any, name: str) -> HttpResponseBase:
    try:
        action = bulk.start(request.team, verb, arguments, cases, request.actor)
        processing.process(action.pk, processing.AT_ONCE_SECONDS)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        if is_in_place(request):  # elsewhere the line of the action tells it
            undo = reverse("bulk_undo", args=[action.pk]) if can_undo(verb) else ""
            say(request, f"{words(action)}.", undo)
    return back(request, name)


def _verb(request: HttpRequest) -> str:
    verb = request.POST.get("verb", "")
    if verb not in _OFFERED:
        raise Http404
    return verb


# --- Labels ----------------------------------------------------------------------------------


@require_POST
@team_page(post=BUILDER)
def label_save(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Save another colour, and another name on all cases that have the label."""
    label = get_object_or_404(Label, team=request.team, pk=id)
    colour, old = request.POST.get("colour", ""), label.name
    if colour in Label.Colour.values:
        labels.recolour(label, colour)
        label.colour = colour
    typed = request.POST.get("name", old)
    try:
        name = labels.rename(label, typed)
    except Refused as refusal:
        return show_labels(request, RefusedName(label, typed, refusal.message))
    if name == old:
        return redirect("labels")
    arguments = {"label": old, "to": name, "forget": True}
    return _start(request, Verb.RENAME_LABEL, arguments, find_cases(request.team, CaseFilter(label=old)), "labels")


@require_POST
@team_page(post=BUILDER)
def label_delete(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Remove the label from all cases that have it."""
    name = get_object_or_404(Label, team=request.team, pk=id).name
    cases = find_cases(request.team, CaseFilter(label=name))
    return _start(request, Verb.REMOVE_LABEL, {"label": name, "forget": True}, cases, "labels")


# --- Afterwards ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """An action as pages show it."""

    action: BulkAction
    progress: progress.Progress
    words: str
    can_undo: bool


def _shown(actions: list[BulkAction]) -> list[Shown]:
    counts = progress.progress(actions)
    undone = set(BulkAction.objects.filter(undoes__in=actions).values_list("undoes_id", flat=True))
    return [
        Shown(
            action,
            counts[action.pk],
            words(action),
            can_undo(action.verb)
            and action.status != BulkAction.Status.RUNNING
            and action.pk not in undone
            and counts[action.pk].done > 0,
        )
        for action in actions
    ]


@require_GET
@team_page
def bulk_action(request: TeamRequest, id: UUID) -> HttpResponse:
    action = _action_or_404(request.team, id)
    rows = page(progress.outcomes(action), ["state", "id"], request.GET.get("cursor", ""))
    context = {"shown": _shown([action])[0], "page": rows, "live_on": f"bulk:{action.pk}"}
    return render_page(request, "runs/bulk_action.html", context, parts=["bulk"])


@require_GET
@team_page
def bulk_recent(request: TeamRequest) -> HttpResponse:
    """Show the latest bulk actions of this person on the pages of lists."""
    is_recent = Q(ended_at__gt=timezone.now() - _RECENT) | Q(status=BulkAction.Status.RUNNING)
    mine = BulkAction.objects.filter(is_recent, team=request.team, user=request.user).select_related("undoes")
    mine = mine.exclude(undone_by__isnull=False).order_by("-created_at")
    here = urlsplit(request.headers.get("HX-Current-URL", ""))
    next = f"{here.path}?{here.query}" if here.query else here.path
    context = {"recent": _shown(list(mine[:_RECENT_SHOWN])), "next": next or reverse("cases")}
    return render(request, "runs/bulk_recent.html", context)


@require_POST
@team_page(post=OPERATOR)
def bulk_undo(request: TeamRequest, id: UUID) -> HttpResponseBase:
    try:
        undoing = bulk.undo(_action_or_404(request.team, id), request.actor)
        processing.process(undoing.pk, processing.AT_ONCE_SECONDS)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return back(request, "bulk_action", id)


@require_POST
@team_page(post=OPERATOR)
def bulk_stop(request: TeamRequest, id: UUID) -> HttpResponseBase:
    bulk.stop(_action_or_404(request.team, id))
    return back(request, "bulk_action", id)
