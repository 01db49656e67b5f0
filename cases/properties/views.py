"""Priority, labels, queue and fields of a case, each changed where it stands, with a way to undo it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from cases.models import Case, Kind
from cases.queues import labels
from cases.queues.queues import move_case, undo_move
from cases.templatetags.priorities import PRIORITIES
from cases.work import lifecycle
from cases.work.access import case_or_404
from cases.work.changes import change_case, undo_change
from data.errors import Refused
from teams.access.permissions import OPERATOR, TeamRequest, team_page
from web.http.picking import Option, Picker, Section, show_picker
from web.http.redirects import back
from web.http.toasts import say

from . import contents


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_priority(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case = case_or_404(request.team, id)
    if request.method == "POST":
        wanted = request.POST.get("priority", "")
        if wanted not in {str(value) for value in Case.Priority.values}:
            raise Http404
        priority = Case.Priority(int(wanted))
        done = f"Priority of #{case.number}: {priority.label}"
        return _change(request, case, done, lambda row: {"priority": priority})
    options = [
        Option(
            value.label.capitalize(), str(value.value), PRIORITIES[value][1] or "minus", current=case.priority == value
        )
        for value in reversed(Case.Priority)
    ]
    return _show(request, case, Picker("Priority", [_section(case, "priority", options)], numbered=True))


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_labels(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """Add or remove one label."""
    case = case_or_404(request.team, id)
    if request.method == "POST":
        add, remove = " ".join(request.POST.get("add", "").split()), request.POST.get("remove", "")
        done = f"Label “{add}” added to #{case.number}" if add else f"Label “{remove}” removed from #{case.number}"
        try:
            return _change(request, case, done, lambda row: {"labels": _labels(row.labels, add, remove)})
        except Refused as refusal:
            messages.error(request, refusal.message)
            return back(request, "case", case.pk)
    options = [
        Option(name, name, paint=colour, current=name in case.labels, name="remove" if name in case.labels else "add")
        for name, colour in sorted(labels.colours(request.team).items(), key=lambda each: each[0] not in case.labels)
    ]
    section = Section(reverse("case_labels", args=[case.pk]), "add", options)
    return _show(request, case, Picker("Label", [section], many=True, new="add"))


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_queue(request: TeamRequest, id: UUID) -> HttpResponseBase:
    case = case_or_404(request.team, id)
    queues = request.team.queues.live().order_by("name")
    if request.method == "POST":
        to = next((queue for queue in queues if str(queue.pk) == request.POST.get("queue", "")), None)
        if to is None:
            raise Http404
        try:
            return _said(request, move_case(case, to, by=request.actor), f"#{case.number} moved to {to.name}")
        except Refused as refusal:
            messages.error(request, refusal.message)
            return back(request, "case", case.pk)
    options = [Option(queue.name, str(queue.pk), "layers", current=queue.pk == case.queue_id) for queue in queues]
    return _show(request, case, Picker("Move to queue", [_section(case, "queue", options)]))


@require_http_methods(["GET", "POST"])
@team_page(post=OPERATOR, get=OPERATOR)
def case_field(request: TeamRequest, id: UUID) -> HttpResponseBase:
    """One field of the details, called `name`."""
    case, name = case_or_404(request.team, id), request.GET.get("name", "")
    field = next((field for field in contents.fields_of(case.data) if field.name == name), None)
    if field is None or not field.is_editable:
        return redirect("case_edit", case.pk)
    context = {"case": case, "field": field, "typed": field.words, "refused": ""}
    if request.method == "POST":
        typed = request.POST.get("value", "")
        done = f"{field.label} of #{case.number} saved"
        try:
            return _change(request, case, done, lambda row: {"data": contents.with_field(row.data, name, typed)})
        except Refused as refusal:
            context |= {"typed": typed, "refused": refusal.message}
    is_part = request.method == "GET" and request.headers.get("HX-Target", "").endswith("#picker")
    template = "cases/field.html#picker" if is_part else "cases/field.html"
    return render(request, template, context, status=422 if context["refused"] else 200)


@require_POST
@team_page(post=OPERATOR)
def case_change_undo(request: TeamRequest, id: UUID, seq: int) -> HttpResponseBase:
    case = case_or_404(request.team, id)

    def undo() -> Case:
        event = case.events.filter(kind=Kind.UPDATED, seq=seq).first()
        if event and event.data.get("from_queue_id"):
            return undo_move(case, event, by=request.actor)
        with transaction.atomic():
            row = lifecycle.lock(case.pk)
            undo_change(row, event, by=request.actor)
        return row

    try:
        undo()
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        say(request, f"#{case.number} is as it was before.")
    return back(request, "case", case.pk)


def _change(request: TeamRequest, case: Case, done: str, wanted: Callable[[Case], dict[str, Any]]) -> HttpResponseBase:
    """Change the fields that `wanted` returns for the locked case, and say so if any of them is another now."""
    with transaction.atomic():
        row = lifecycle.lock(case.pk)
        is_changed = change_case(row, by=request.actor, **wanted(row))
    return _said(request, row, done if is_changed else "")


def _said(request: TeamRequest, row: Case, done: str) -> HttpResponseBase:
    if done:
        say(request, f"{done}.", reverse("case_change_undo", args=[row.pk, row.last_seq]))
    return back(request, "case", row.pk)


def _labels(before: list[str], add: str, remove: str) -> list[str]:
    kept = [label for label in before if label != remove]
    return [*kept, add] if add else kept


def _section(case: Case, name: str, options: list[Option]) -> Section:
    return Section(reverse(f"case_{name}", args=[case.pk]), name, options)


def _show(request: TeamRequest, case: Case, picker: Picker) -> HttpResponseBase:
    return show_picker(request, picker, reverse("case", args=[case.pk]), str(case))
